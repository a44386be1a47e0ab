"""ARG_MAX, ARG_MIN and TOPK_V2: where the largest or smallest elements are."""
