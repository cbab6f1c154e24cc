"""Pictures in, embeddings out: decoding, the pipeline over all cores, the store."""
