"""Apps: signing in, and webhooks."""
