"""The Promotion API."""
