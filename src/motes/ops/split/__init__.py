"""SPLIT, SPLIT_V and UNPACK: one tensor becomes several."""
