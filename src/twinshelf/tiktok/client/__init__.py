"""One TikTok Shop, spoken to in our documents: its calls by subject. The JSON is in the mappers beside this package."""

from __future__ import annotations

from twinshelf.tiktok.client.aftersales import AftersaleCalls
from twinshelf.tiktok.client.calls import API_URL, TokenSource
from twinshelf.tiktok.client.categories import CategoryCalls
from twinshelf.tiktok.client.fulfillment import FulfillmentCalls
from twinshelf.tiktok.client.orders import OrderCalls
from twinshelf.tiktok.client.products import ProductCalls
from twinshelf.tiktok.client.shop import ShopCalls

__all__ = ["API_URL", "TikTok", "TokenSource"]


class TikTok(ShopCalls, CategoryCalls, ProductCalls, OrderCalls, FulfillmentCalls, AftersaleCalls):
    """A shop, by its cipher and the tokens of its seller. Thread-safe; close it, or use it as a context manager.

    Without cipher it can only list the shops that the seller authorized, and upload images.
    Any method raises, besides what it names: OutOfBudget and Throttled (not now), PlatformDown (no usable answer),
    Unauthorized (the seller must authorize again), ScopeMissing, ShopDisabled, NotFound, Refused (see `remedy`).

    A method that says nothing of repeating only reads. Calls that are safe to repeat are tried up to three times.
    """
