"""Cloud DNS v1: managed zones, record sets, changes and operations."""
