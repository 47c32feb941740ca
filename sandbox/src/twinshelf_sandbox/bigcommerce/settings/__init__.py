"""The store's own settings, and the countries it knows."""
