"""Cancellations of either side, passed on once."""
