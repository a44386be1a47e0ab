"""PAD, PADV2 and MIRROR_PAD: a border around a tensor."""
