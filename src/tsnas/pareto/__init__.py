"""Pareto search: many models for one data set, which trade accuracy against costs on one or several boards."""
