"""The Products API: listings with their prices and stock, categories, uploads, listing in several markets."""
