"""TikTok Shop: `client.py` speaks documents, `auth.py` signs a seller in, every other file maps JSON and is pure."""
