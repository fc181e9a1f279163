"""Serverless VPC Access v1: connectors between Cloud Run and a VPC network."""
