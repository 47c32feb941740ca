"""Stateful doubles of both platforms over HTTP. Shares no code with the product."""

__version__ = "0.1.0"
