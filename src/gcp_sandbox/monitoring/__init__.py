"""Cloud Monitoring v3: time series of connectors, Cloud SQL instances and Cloud Run."""
