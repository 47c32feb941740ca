"""The catalog the other way: products of the shop made and kept up to date in the store (CAT-8)."""
