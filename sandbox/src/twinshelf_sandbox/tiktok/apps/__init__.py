"""Apps, their authorizations, and webhooks."""
