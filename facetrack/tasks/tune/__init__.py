"""`task=tune`: one Optuna study per dataset, embedder and clusterer."""
