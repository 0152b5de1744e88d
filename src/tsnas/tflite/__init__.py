"""The .tflite file: reads it, writes it, and runs it on the host."""
