"""The store side as last read: products, variants, stock and the units withheld for orders; and pulling it."""
