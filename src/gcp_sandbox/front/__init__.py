"""What clients outside meet at a load balancer's address: Google's front end, in TLS."""
