"""The connector: keeps a BigCommerce store and its TikTok Shops in step."""

__version__ = "0.1.0"
