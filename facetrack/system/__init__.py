"""The machine: files, folders, processes, the terminal, downloads."""
