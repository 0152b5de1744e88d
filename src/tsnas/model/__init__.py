"""The finished model, how it is saved, and the facts that are kept with it."""
