"""Packages of the shop, written to the store as shipments."""
