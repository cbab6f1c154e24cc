"""Sweeps: the parent run, its summary, tables and pages."""
