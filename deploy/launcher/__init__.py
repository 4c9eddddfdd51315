"""The local launcher: prepares, starts, watches and stops the whole mesh on one machine (docs/operations.md)."""
