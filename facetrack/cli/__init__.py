"""From the words of a command to a composed config."""
