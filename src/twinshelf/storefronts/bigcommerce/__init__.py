"""BigCommerce: `client.py` speaks our documents, the other files map its JSON to them and back."""
