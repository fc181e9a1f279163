"""Service Networking v1: the peerings by which Google's services have private addresses."""
