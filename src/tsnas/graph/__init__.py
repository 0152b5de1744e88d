"""Operators, and networks of them, as plain descriptions without weights."""
