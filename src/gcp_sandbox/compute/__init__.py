"""Compute v1: the load balancer's kinds, as data on one engine."""
