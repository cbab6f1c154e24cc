"""What an organised folder is: persons, corrections, copies, the people file."""
