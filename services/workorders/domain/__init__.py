"""What a work order is and how it moves: plain Python, with time and ids as arguments."""
