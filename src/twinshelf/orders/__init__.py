"""TikTok orders and their one BigCommerce order each; shipments, cancellations."""
