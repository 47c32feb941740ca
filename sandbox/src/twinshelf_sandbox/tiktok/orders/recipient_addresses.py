"""Where parcels go: invented buyers and addresses of each market, and what of an address a seller gets to see.

All persons and addresses are made up. Masking: `docs/platforms/tiktok-shop.md` section 15.6.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from twinshelf_sandbox.tiktok.regions import SEA

if TYPE_CHECKING:
    from twinshelf_sandbox.tiktok.state import Shop
    from twinshelf_sandbox.world import Entity


@dataclass
class Address:
    """A recipient. `districts` are names from the country downward."""

    name: str
    first_name: str
    last_name: str
    phone: str
    line1: str
    line2: str
    postal_code: str
    region: str
    districts: list[str] = field(default_factory=list)
    line3: str = ""
    line4: str = ""
    post_town: str = ""
    first_name_local_script: str = ""
    last_name_local_script: str = ""
    levels: list[str] = field(default_factory=list)
    """What the levels below the country are called, where that differs within the market; else the market's names."""

    def as_dict(self) -> dict[str, Any]:
        """As kept in an order."""
        return asdict(self)


_FIRST: Final = (
    "Avery",
    "Jordan",
    "Riley",
    "Morgan",
    "Casey",
    "Quinn",
    "Rowan",
    "Skyler",
    "Emerson",
    "Harper",
    "Sage",
    "Marlow",
)
_LAST: Final = (
    "Testwell",
    "Sampleton",
    "Examplar",
    "Mockridge",
    "Placeholt",
    "Dummond",
    "Fixtures",
    "Stubbs-Hale",
    "Trialman",
    "Protono",
)
_STREETS: Final = (
    "Example Street",
    "Sample Avenue",
    "Mockingbird Test Lane",
    "Placeholder Road",
    "Fixture Court",
    "Demo Boulevard",
)

_PLACES: Final[dict[str, tuple[tuple[tuple[str, ...], str], ...]]] = {
    # region → ((names below the country), postal code), …; a name may be `level: name` where levels differ
    "US": (
        (("California", "Alameda County", "Oakland"), "94607"), (("Texas", "Travis County", "Austin"), "78701"),
        (("New York", "Kings County", "Brooklyn"), "11201"), (("Colorado", "Denver County", "Denver"), "80202"),
        (("Illinois", "Cook County", "Chicago"), "60607"), (("Oregon", "Multnomah County", "Portland"), "97205"),
    ),
    "GB": (
        (("England", "Greater London"), "SE1 7PB"), (("Scotland", "City of Edinburgh"), "EH1 1YZ"),
        (("Wales", "Cardiff"), "CF10 1EP"),
    ),
    "DE": ((("Bayern", "München"), "80331"), (("Hessen", "Kassel"), "34117"), (("Sachsen", "Leipzig"), "04103")),
    "FR": ((("Rhône", "Lyon"), "69002"), (("Gironde", "Bordeaux"), "33000")),
    "IT": ((("Lazio", "Roma"), "00185"), (("Piemonte", "Torino"), "10121")),
    "ES": ((("Madrid", "Madrid"), "28013"), (("Valencia", "Valencia"), "46002")),
    "IE": ((("Dublin", "Dublin City"), "D02 X285"), (("Cork", "Cork City"), "T12 AB34")),
    "JP": ((("東京都", "千代田区"), "100-0001"), (("大阪府", "大阪市"), "530-0001")),
    "VN": (
        (("city: Hồ Chí Minh", "urban district: Quận 7", "ward: Phường Tân Phú"), ""),
        (("city: Hà Nội", "urban district: Cầu Giấy", "ward: Phường Dịch Vọng"), ""),
        (("province: Nghệ An", "city: Vinh", "ward: Phường Hưng Bình"), ""),
        (("province: Nghệ An", "district: Đô Lương", "commune: Xã Đông Sơn"), ""),
        (("province: Nghệ An", "district: Đô Lương", "ward: Thị trấn Đô Lương"), ""),
    ),
    "ID": ((("Jawa Barat", "Bandung", "Coblong"), "40132"),),
    "MY": ((("Selangor", "Petaling Jaya", "Damansara"), "47400"),),
    "PH": ((("Metro Manila", "Quezon City", "Diliman"), "1101"),),
    "SG": ((("Singapore", "Central", "Queenstown"), "149739"),),
    "TH": ((("Bangkok", "Bang Rak", "Si Lom"), "10500"),),
    "MX": ((("Jalisco", "Guadalajara"), "44100"), (("Nuevo León", "Monterrey"), "64000")),
    "BR": ((("São Paulo", "São Paulo"), "01310-100"), (("Paraná", "Curitiba"), "80010-000")),
}  # fmt: skip


def invent(shop: Shop, rng: random.Random) -> Address:
    """A buyer of the shop's market; the same world and seed give the same buyers in the same order."""
    region = shop.region
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    places = _PLACES.get(region.code, ((("Region One", "Sampletown"), "10001"),))
    districts, postal = rng.choice(places)
    number = rng.randint(1, 1999)
    street = f"{number} {rng.choice(_STREETS)}"
    second = f"Unit {rng.randint(1, 40)}" if rng.random() < 0.4 else ""
    named = [name.rpartition(": ") for name in districts]
    digits = f"{'090' if region.code == 'VN' else '555'}{rng.randint(0, 9999999):07d}"
    address = Address(
        f"{first} {last}",
        first,
        last,
        f"({region.phone}){digits}",
        street,
        second,
        postal,
        region.code,
        [region.country or region.name, *(name for _level, _sign, name in named)],
        levels=[level for level, _sign, _name in named] if named[0][0] else [],
    )
    if region.code == "BR":
        # Neighbourhood, street, number, complement; the whole name is in first_name.
        address.line1, address.line2, address.line3, address.line4 = (
            "Bairro Exemplo",
            street.split(" ", 1)[1],
            str(number),
            second,
        )
    if region.code in ("BR", "MX"):
        address.first_name, address.last_name = address.name, ""
    if region.code == "GB":
        address.post_town = districts[-1]
    if region.code == "JP":
        address.first_name_local_script, address.last_name_local_script = "テスト", "タロウ"
    return address


def mask(text: str) -> str:
    """The first two characters and stars."""
    return text[:2] + "*" * max(4, len(text) - 2) if text else ""


def mask_name(name: str) -> str:
    """`N***n V** T***`: the first letter of each word, the last of the first one."""
    first, *others = name.split() or [""]
    shown = [first[:1] + "***" + (first[-1] if len(first) > 1 else "")] if first else []
    return " ".join([*shown, *(word[0] + "*" * min(3, max(1, len(word) - 1)) for word in others)])


def mask_phone(phone: str, region: str) -> str:
    """`(+1)213-***-1234`; in Viet Nam `(+84)090*****00`, which is taken for the way of all South-East Asia."""
    head, _, digits = phone.partition(")")
    if not digits:
        return "***"
    return f"{head}){digits[:3]}*****{digits[-2:]}" if region in SEA else f"{head}){digits[:3]}-***-{digits[-4:]}"


_US_HIDDEN: Final = ("UNPAID", "ON_HOLD", "CANCELLED")
_MONTH: Final = 30 * 86_400


def visibility(shop: Shop, order: Entity) -> str:
    """`clear`, `masked` or `empty`."""
    status = order["status"]
    if status in ("UNPAID", "ON_HOLD") and shop.switch("on_hold_address") == "empty":
        return "empty"
    if shop.facts["region"] == "US":
        late = status == "COMPLETED" and shop.now > order.get("_completed", shop.now) + _MONTH
        hidden = status in _US_HIDDEN or late or order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK"
        hidden = hidden or (order["shipping_type"] == "TIKTOK" and shop.switch("mask_tiktok_shipping_always"))
        return "masked" if hidden else "clear"
    hidden = (
        status in ("UNPAID", "ON_HOLD")
        or order["shipping_type"] == "TIKTOK"
        or order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK"
    )
    return "masked" if hidden else "clear"


def recipient_json(shop: Shop, order: Entity) -> Entity:
    """The recipient as the order shows it at this moment."""
    address = order["_address"]
    how = visibility(shop, order)
    levels = ("Country", *address["levels"]) if address.get("levels") else shop.region.levels

    def show(text: str) -> str:
        return text if how == "clear" else "" if how == "empty" else mask(text)

    lines = {f"address_line{n}": show(address[f"line{n}"]) for n in range(1, 5)}
    detail = show(" ".join(part for part in (address["line1"], address["line2"]) if part))
    hidden_from = 3  # L3 and L4 are hidden with the street
    if order["fulfillment_type"] == "FULFILLMENT_BY_TIKTOK" and order["status"] not in (*_US_HIDDEN, "UNPAID"):
        hidden_from = 4
    us = shop.facts["region"] == "US"
    districts = []
    for n, name in enumerate(address["districts"]):
        shown = name if how == "clear" or not us or n < hidden_from else show(name)
        districts.append(
            {
                "address_level": f"L{n}",
                "address_level_name": levels[min(n, len(levels) - 1)],
                "address_name": "" if how == "empty" else shown,
            }
        )
    full = ", ".join(d["address_name"] for d in districts) + f",{detail}" if how != "empty" else ""
    name = address["name"] if how == "clear" else "" if how == "empty" else mask_name(address["name"])
    clear = how == "clear"
    answer: Entity = {
        "name": name,
        "first_name": address["first_name"]
        if clear
        else ""
        if how == "empty" or not us
        else mask_name(address["first_name"]),
        "last_name": address["last_name"]
        if clear
        else ""
        if how == "empty" or not us
        else mask_name(address["last_name"]),
        "first_name_local_script": address["first_name_local_script"] if clear else "",
        "last_name_local_script": address["last_name_local_script"] if clear else "",
        "phone_number": address["phone"]
        if clear
        else ""
        if how == "empty"
        else mask_phone(address["phone"], shop.region.code),
        "full_address": full,
        "address_detail": detail,
        **lines,
        "postal_code": address["postal_code"] if clear or (not us and how != "empty") else show(address["postal_code"]),
        "region_code": "" if how == "empty" else address["region"],
        "district_info": districts,
    }
    if address["post_town"]:
        answer["post_town"] = address["post_town"] if how != "empty" else ""
    return answer
