"""The search around the search: which part of a signal is worth its cost."""
