"""Shipments of the store, reported to TikTok Shop."""
