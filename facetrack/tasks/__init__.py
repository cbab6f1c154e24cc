"""One package for each file in conf/task, and what several of them share."""
