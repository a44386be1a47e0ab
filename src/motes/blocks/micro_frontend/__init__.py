"""The integer audio front end of TensorFlow Lite Micro: a window of samples to log filter-bank energies."""
