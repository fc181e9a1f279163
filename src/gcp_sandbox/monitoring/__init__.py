"""Cloud Monitoring v3: time series of connectors and Cloud SQL instances."""
