"""A stateful double of BigCommerce: the REST API V2 and V3, its webhooks, its sign-in host and its quirks."""

from twinshelf_sandbox.bigcommerce.double import BigCommerce
from twinshelf_sandbox.bigcommerce.switches import SWITCHES

__all__ = ["SWITCHES", "BigCommerce"]
