"""`task=compare`: which detector and embedder suit a dataset's faces."""
