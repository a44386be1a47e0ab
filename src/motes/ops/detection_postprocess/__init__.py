"""DETECTION_POSTPROCESS: boxes and scores of an object detector become a short list of objects."""
