"""Rules of the directory and of assignments; plain Python, time and ids are arguments."""
