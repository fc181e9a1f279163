"""Cloud Run: services and revisions (v2), and the Knative shape of them that gcloud reads (v1)."""
