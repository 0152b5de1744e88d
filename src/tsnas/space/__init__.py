"""Search space: decisions, dynamic layers, cells, the supernet, and the architectures derived from it."""
