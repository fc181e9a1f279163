"""Bodies as Google holds them: how links resolve, what differs, and which call mends it."""
