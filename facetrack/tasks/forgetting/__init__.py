"""Forgetting a person: a plan that outlives a kill, and the places it is carried out in."""
