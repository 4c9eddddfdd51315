"""Service orders of utilities: the queue, writing them, and their record page."""
