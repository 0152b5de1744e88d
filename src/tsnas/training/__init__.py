"""Training of networks: in float, then quantisation-aware, with the arithmetic of the board."""
