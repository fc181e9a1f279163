"""What a client outside sees: one file per check; what the network does is a finding."""
