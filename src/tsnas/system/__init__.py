"""General helpers: files, locks, interrupts, checks of arguments, and wording of messages."""
