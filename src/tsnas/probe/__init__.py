"""The probe: operators measured on a board, real or emulated, over a serial line."""
