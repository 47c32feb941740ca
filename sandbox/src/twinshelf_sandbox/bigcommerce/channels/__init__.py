"""Channels, their listings and sites."""
