"""Grey frames cut and scaled to what a model was trained on."""
