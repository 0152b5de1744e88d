"""From a plain Keras model to a verified int8 file: training, quantisation, conversion, checks."""
