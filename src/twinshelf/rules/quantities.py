"""How much a shop may offer of a variant. Pure."""

from __future__ import annotations

from twinshelf.connections.preferences import Preferences

TIKTOK_MAX_QUANTITY = 99_999


def quantity_to_offer(stock: int | None, held: int, preferences: Preferences) -> int:
    """Units to offer of one variant: stock less what orders on their way hold, less the reserve; 0 at the threshold.

    Never negative, never above TikTok's maximum. `stock` None means that the store does not track it: then the
    merchant's figure for such goods is offered, less what is held.
    """
    available = (preferences.untracked_quantity if stock is None else stock) - held
    if preferences.threshold is not None and stock is not None and available <= preferences.threshold:
        return 0
    return max(0, min(available - preferences.reserve, TIKTOK_MAX_QUANTITY))
