"""The requirement graph, from names to databases, and the ranking of roots: pure."""
