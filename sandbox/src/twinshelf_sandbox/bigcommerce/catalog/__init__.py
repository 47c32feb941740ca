"""The Catalog API: products and what belongs to them, categories, brands, price lists."""
