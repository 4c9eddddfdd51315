"""Pages of workflows: versions, diagrams, drafts, trying them on history, and moving orders (B-2)."""
