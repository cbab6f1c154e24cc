"""How many mistakes an organised folder has, from a few answers."""
