"""A composed config on its way to what it describes."""
