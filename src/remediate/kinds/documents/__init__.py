"""Documents as people write them: envelope, spec and lifecycle, and what holds between them."""
