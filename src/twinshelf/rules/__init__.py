"""What is decided, pure: templates, attributes, packages, prices, quantities; and the merchant's choices."""
