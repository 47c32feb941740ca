"""What a change of preferences does, in sentences: before it is made, and afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from twinshelf.listings.incoming.plan import Verdict
from twinshelf.listings.incoming.queries import DryRun
from twinshelf.preferences.actions import Changed
from twinshelf.preferences.fields import Field
from twinshelf.preferences.queries import Effect
from twinshelf.rules.quantities import SUGGESTED_ABOVE

_TOLD: Final[Mapping[str, Callable[[int], str]]] = {
    "price": lambda n: ngettext(
        "the price of %(n)s product is worked out again", "the prices of %(n)s products are worked out again", n
    ),
    "stock": lambda n: ngettext(
        "the stock of %(n)s product is worked out again", "the stock of %(n)s products is worked out again", n
    ),
    "listing": lambda n: ngettext(
        "%(n)s product is compared with TikTok again", "%(n)s products are compared with TikTok again", n
    ),
    "order": lambda n: ngettext("%(n)s order is looked at again", "%(n)s orders are looked at again", n),
    "shipment": lambda n: ngettext(
        "the shipments of %(n)s order are looked at again", "the shipments of %(n)s orders are looked at again", n
    ),
    "package": lambda n: ngettext(
        "the packages of %(n)s order are looked at again", "the packages of %(n)s orders are looked at again", n
    ),
    "cancellation": lambda n: ngettext(
        "the cancellation of %(n)s order is looked at again", "the cancellations of %(n)s orders are looked at again", n
    ),
    "incoming": lambda n: ngettext(
        "%(n)s TikTok product is compared with BigCommerce", "%(n)s TikTok products are compared with BigCommerce", n
    ),
}


OVERWRITES: Final = gettext_lazy(
    "The stock in BigCommerce is overwritten with TikTok's: what is sold or counted in BigCommerce itself is lost."
)


def names(fields: Sequence[Field]) -> str:
    """The labels of preferences, one after the other."""
    return ", ".join(str(field.label) for field in fields)


def before(effect: Effect) -> str:
    """What saving would do, as a sentence."""
    parts = [_counted(kind, number) for kind, number in effect.counts.items()]
    prices = effect.counts.get("price", 0)
    if effect.reprices and prices:
        repriced = ngettext("the price of %(n)s product changes", "the prices of %(n)s products change", prices)
        parts[0] = repriced % {"n": f"{prices:,}"}
    if effect.to_zero:
        zero = ngettext("%(n)s SKU goes to 0", "%(n)s SKUs go to 0", effect.to_zero)
        off = ngettext(
            "the product of %(n)s SKU goes off sale", "the products of %(n)s SKUs go off sale", effect.to_zero
        )
        parts.append((off if effect.off_sale else zero) % {"n": f"{effect.to_zero:,}"})
    told = _sentence(parts) or _("Nothing that is there changes; it counts for what comes.")
    if effect.overwrites:
        told = f"{told} {OVERWRITES}"
    return f"{told} {low_limit(effect.low_limit)}".strip()


def switch(found: DryRun) -> list[str]:
    """The warning before another catalog direction, in sentences: what both sides have, and what it would do."""
    into = "BigCommerce" if found.direction == "tts_to_bc" else "TikTok Shop"
    linked, made, left = found.counts[Verdict.LINK], len(found.created), len(found.unsure)
    told = [
        _("Both sides have products: %(store)s in BigCommerce, %(shop)s on TikTok. Switching can create duplicates.")
        % {"store": f"{found.store:,}", "shop": f"{found.shop:,}"},
        ngettext("%(n)s product has an equal SKU there and is linked.", "%(n)s products have equal SKUs there and are "
                 "linked.", linked) % {"n": f"{linked:,}"},
        ngettext("%(n)s product would be created in %(into)s.", "%(n)s products would be created in %(into)s.", made)
        % {"n": f"{made:,}", "into": into},
    ]  # fmt: skip
    if left:
        unsure = ngettext(
            "%(n)s product is left alone until a person has looked at its SKUs.",
            "%(n)s products are left alone until a person has looked at their SKUs.",
            left,
        )
        told.append(unsure % {"n": f"{left:,}"})
    return told


def after(changed: Changed) -> str:
    """What was saved and what is done about it, as sentences."""
    if not changed.fields:
        return _("Nothing was changed.")
    saved = _("Saved: %(names)s.") % {"names": names(changed.fields)}
    asked = _sentence([_counted(kind, number) for kind, number in changed.asked.items()])
    pushes = str(OVERWRITES) if changed.overwrites else ""
    return " ".join(filter(None, (saved, asked, pushes, low_limit(changed.low_limit))))


def low_limit(units: int | None) -> str:
    """What to tell of a low-stock limit that is taken, but lower than suggested; "" for None."""
    if units is None:
        return ""
    return _("A low-stock limit of %(n)s is low: more than %(most)s is suggested.") % {
        "n": units, "most": SUGGESTED_ABOVE,
    }  # fmt: skip


def _counted(kind: str, number: int) -> str:
    return _TOLD[kind](number) % {"n": f"{number:,}"}


def _sentence(parts: Sequence[str]) -> str:
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""
