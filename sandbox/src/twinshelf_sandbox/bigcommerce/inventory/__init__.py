"""The Inventory API, and locations."""
