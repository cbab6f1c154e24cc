"""`task=forget`: deletes what is stored of a person."""
