"""Goods of the store, listings in the shops, category templates, and the links between variants and TikTok SKUs."""
