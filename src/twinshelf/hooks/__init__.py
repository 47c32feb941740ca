"""Receivers of webhooks: check that it is genuine, put it into the inbox with what it asks for, answer at once."""
