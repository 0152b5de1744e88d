"""Plain descriptions of operators, and of networks of them, without weights."""
