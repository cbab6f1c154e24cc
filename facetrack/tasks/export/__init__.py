"""`task=export`: embeddings as a file."""
