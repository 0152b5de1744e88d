"""Many models for one data set: the front of what accuracy costs on one or several boards."""
