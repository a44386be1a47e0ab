"""Two-dimensional convolution and its depthwise form."""
