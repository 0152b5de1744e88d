""".tflite files: parsing, checking, writing, metadata, and running them on the host."""
