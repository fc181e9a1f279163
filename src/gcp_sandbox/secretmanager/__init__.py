"""Secret Manager v1: secrets and their versions, and never what is in them."""
