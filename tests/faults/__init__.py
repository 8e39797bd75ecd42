"""Whatever a model's host does: what becomes of a completion, what the user is told, and how it recovers."""
