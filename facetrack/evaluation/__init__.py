"""Resamples, scores, comparisons: what a clustering is worth."""
