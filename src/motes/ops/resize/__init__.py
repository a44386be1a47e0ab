"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: images of another height and width."""
