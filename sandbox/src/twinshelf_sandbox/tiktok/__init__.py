"""TikTok Shop as a stateful double: `TikTok` answers its API over HTTP, actions let people and the platform act."""

from twinshelf_sandbox.tiktok.double import TikTok

__all__ = ["TikTok"]
