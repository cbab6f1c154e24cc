"""`task=organise`: a folder of photos sorted by person."""
