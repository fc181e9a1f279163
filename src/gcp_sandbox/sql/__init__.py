"""Cloud SQL Admin: instances, their operations and backups (https://cloud.google.com/sql/docs)."""
