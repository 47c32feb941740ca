"""Stateful doubles of both platforms over HTTP. Shares no code with the product."""
