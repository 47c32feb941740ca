"""What a seller's authorization lets us do: the uses of a shop, and the scopes of TikTok Shop behind each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

Use = Literal["orders", "products", "inventory", "analysis"]


@dataclass(frozen=True)
class Capability:
    """One use of a shop; all of its `scopes` are needed."""

    use: Use
    scopes: tuple[str, ...]

    def missing(self, granted: Collection[str]) -> tuple[str, ...]:
        """Which of its scopes were not granted; none where it is not known what was."""
        return tuple(scope for scope in self.scopes if scope not in granted) if granted else ()


CAPABILITIES: Final = (
    Capability(
        "orders",
        ("seller.order.info", "seller.fulfillment.basic", "seller.return_refund.basic", "seller.order.ext_ref.write"),
    ),
    Capability("products", ("seller.product.basic", "seller.product.write", "seller.product.delete")),
    Capability("inventory", ("seller.product.write", "seller.logistics")),
    Capability("analysis", ("seller.order.info",)),
)
"""Source: scopes on the pages of the endpoints; sellers may leave some out when they authorize an app."""
