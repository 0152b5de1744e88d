"""Worker processes of one thread each, in which networks are trained; results do not depend on their number."""
