"""What a run that was run again has in common with the first."""
