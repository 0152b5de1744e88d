"""Plain models of time series for a desktop, which a network for a board is compared with."""
