"""Stores, shops, and the connections that pair them: credentials, preferences, health."""
