"""What a mail is, who gets it, and when it is tried again; plain Python without input or output."""
