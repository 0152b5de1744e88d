"""Trains networks: float, then quantisation-aware, with the arithmetic of the board."""
