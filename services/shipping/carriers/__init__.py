"""Carriers: one port, through which whatever tells of parcels reaches the engine that takes carriers' messages."""
