"""Deployment: converts a trained Keras model to an int8 file, and verifies it."""
