"""The numerics of the clusterers, one file for each step."""
