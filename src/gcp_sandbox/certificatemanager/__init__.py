"""Certificate Manager v1: certificates, their maps and entries, and DNS authorizations."""
