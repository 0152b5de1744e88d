"""The tsnas program: one module for each of its commands."""
