"""What `task=forget` deletes: a plan that outlives a kill, and the places it is carried out in."""
