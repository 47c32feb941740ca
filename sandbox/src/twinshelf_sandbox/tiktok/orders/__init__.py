"""The Orders API."""
