"""Oracles of keras-tuner that choose what to try next, in this process: signals, or whole architectures."""
