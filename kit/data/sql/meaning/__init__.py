"""What metrics, dimensions and filters mean in SQL: the semantic layer."""
