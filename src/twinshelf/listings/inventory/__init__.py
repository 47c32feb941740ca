"""The stock of each SKU in one shop: what is there, what should be offered, what was sent and what is shown."""
