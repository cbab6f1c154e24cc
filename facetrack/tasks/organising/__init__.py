"""Sorting photos by person, for every task that does."""
