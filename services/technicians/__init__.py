"""Technicians: the directory of people and organisations, skills, and who does which work order."""
