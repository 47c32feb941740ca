"""Returns and refunds of a shop: kept, decided, and followed in the store with money and stock."""
