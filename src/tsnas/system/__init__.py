"""Helpers that have nothing to do with networks: files, locks, interrupts, arguments and words in messages."""
