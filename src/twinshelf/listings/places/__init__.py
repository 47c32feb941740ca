"""Locations, warehouses and push rules as people see them."""
