"""What many products have alike, beside their attributes: brand, certificates, and whom the EU wants named. Pure."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from twinshelf.documents import ListingCertificate

NAMED: Final = ("brand", "manufacturer", "responsible_person")
"""What is chosen of TikTok by its id; the name is what it was called then."""


class CommonValues(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Said of one product, of a category of the store, or in a template: the nearest that says something counts."""

    brand_id: str = ""
    brand_name: str = ""
    manufacturer_id: str = ""
    manufacturer_name: str = ""
    responsible_person_id: str = ""
    responsible_person_name: str = ""
    certificates: tuple[ListingCertificate, ...] = ()

    @property
    def common(self) -> dict[str, Any]:
        """These values alone, by field, where something is said."""
        said = {name: getattr(self, name) for name in CommonValues.__struct_fields__}
        return {name: value for name, value in said.items() if value}


NOTHING_COMMON: Final = CommonValues()


def nearest(near: CommonValues, far: CommonValues) -> dict[str, Any]:
    """All common values, by field: `near` where it says something, certificate by certificate, and `far` elsewhere."""
    values: dict[str, Any] = {}
    for what in NAMED:
        source = near if getattr(near, f"{what}_id") else far
        values |= {name: getattr(source, name) for name in (f"{what}_id", f"{what}_name")}
    own = {each.id for each in near.certificates if each.files}
    inherited = (each for each in far.certificates if each.id not in own)
    return values | {"certificates": (*(each for each in near.certificates if each.files), *inherited)}
