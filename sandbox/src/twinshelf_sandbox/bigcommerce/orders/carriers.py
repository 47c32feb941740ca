"""Shipping providers and tracking carriers: the values a shipment takes, and the links made of them.

A short list of the carriers that matter here; the platform knows some nine hundred. A value of the right form is taken
even if it is not listed, but makes no link.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

PROVIDERS: Final = {
    "": "",
    "auspost": "Australia Post",
    "canadapost": "Canada Post",
    "endicia": "Endicia",
    "usps": "USPS",
    "fedex": "FedEx",
    "royalmail": "Royal Mail",
    "ups": "UPS",
    "upsready": "UPS Ready",
    "upsonline": "UPS Online",
    "shipperhq": "ShipperHQ",
    "custom": "",
}
"""Value of `shipping_provider` → name shown."""

_LINKS: Final = {
    "usps": "https://tools.usps.com/go/TrackConfirmAction?qtc_tLabels1=",
    "ups": "https://www.ups.com/track?tracknum=",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr=",
    "royalmail": "https://www.royalmail.com/track-your-item#/tracking-results/",
    "auspost": "https://auspost.com.au/mypost/track/#/details/",
    "canadapost": "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor=",
    "dhl": "https://www.dhl.com/en/express/tracking.html?AWB=",
}
_SAME: Final = {
    "upsready": "ups",
    "upsonline": "ups",
    "endicia": "usps",
    "canada-post": "canadapost",
    "australia-post": "auspost",
}

CARRIERS: Final = frozenset(
    [
        "usps",
        "ups",
        "fedex",
        "ontrac",
        "lasership",
        "dhl",
        "dhl-global-mail",
        "amazon",
        "asendia-usa",
        "pitney-bowes",
        "newgistics",
        "axlehire-ftp",
        "purolator",
        "canada-post",
        "australia-post",
        "myhermes-uk",
        "yodel",
        "dpd-uk",
        "collectplus",
        "whistl",
        "inpost-paczkomaty",
        "correosexpress",
        "spain-correos-es",
        "la-poste-colissimo",
        "chronopost-france",
        "mondialrelay",
        "gls",
        "hermes-de",
        "dhl-germany",
        "poste-italiane",
        "brt-it",
        "4px",
        "yanwen",
        "yunexpress",
        "cainiao",
        "sf-express",
        "china-ems",
        "china-post",
        "ecms",
        "jtexpress",
        "jtexpress-vn",
        "simplypost",
        "ninjavan",
        "ninjavan-my",
        "ninjavan-thai",
        "ninjavan-id",
        "flashexpress",
        "kerry-logistics",
        "thailand-post",
        "vnpost",
        "ghn",
        "spx",
        "jne",
        "anteraja",
        "estafeta",
    ]
)
"""Values of `tracking_carrier` in the markets of both platforms."""
_FORM = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


def known(carrier: str) -> bool:
    """Whether a value may stand in `tracking_carrier`."""
    return _FORM.fullmatch(carrier) is not None


def tracking_link(provider: str, carrier: str, number: str) -> str:
    """The link generated of a provider or a carrier with a number; "" where there is none."""
    if not number:
        return ""
    for value in (provider, carrier):
        value = _SAME.get(value, value)  # noqa: PLW2901
        if value in _LINKS:
            return _LINKS[value] + quote(number)
    if carrier in CARRIERS:
        return f"https://www.aftership.com/track/{carrier}/{quote(number)}"
    return ""
