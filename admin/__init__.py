"""The admin: pages for people over the services' contracts; it owns logins and nothing else."""
