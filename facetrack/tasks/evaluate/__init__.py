"""`task=evaluate`: one job, a tracked and scored run."""
