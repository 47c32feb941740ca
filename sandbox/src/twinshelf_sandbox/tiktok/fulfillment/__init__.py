"""The Fulfillment and Logistics APIs: packages, shipping, delivery."""
