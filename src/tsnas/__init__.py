"""tsnas: search neural networks for time-series classification on microcontrollers."""
