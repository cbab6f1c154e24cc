"""`task=verify`: whether two pictures are of one person."""
