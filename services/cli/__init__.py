"""The `fieldmesh` command line."""
