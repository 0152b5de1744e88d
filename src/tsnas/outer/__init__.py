"""Outer search: finds the window length, sampling rate and channels that are worth their cost."""
