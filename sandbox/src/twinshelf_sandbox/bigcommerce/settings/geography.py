"""Countries, states and time zones as the V2 API names them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale

from twinshelf_sandbox.bigcommerce.responses import Json

_STATES: Final[dict[str, str]] = {
    "US": "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|"
    "DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|"
    "KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|"
    "MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|"
    "NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|"
    "PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|"
    "TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming",
    "CA": "AB Alberta|BC British Columbia|MB Manitoba|NB New Brunswick|NL Newfoundland and Labrador|"
    "NT Northwest Territories|NS Nova Scotia|NU Nunavut|ON Ontario|PE Prince Edward Island|QC Quebec|"
    "SK Saskatchewan|YT Yukon",
    "AU": "ACT Australian Capital Territory|NSW New South Wales|NT Northern Territory|QLD Queensland|"
    "SA South Australia|TAS Tasmania|VIC Victoria|WA Western Australia",
    "MX": "AGU Aguascalientes|BCN Baja California|BCS Baja California Sur|CAM Campeche|CHP Chiapas|"
    "CHH Chihuahua|CMX Ciudad de México|COA Coahuila|COL Colima|DUR Durango|GUA Guanajuato|GRO Guerrero|"
    "HID Hidalgo|JAL Jalisco|MEX México|MIC Michoacán|MOR Morelos|NAY Nayarit|NLE Nuevo León|OAX Oaxaca|"
    "PUE Puebla|QUE Querétaro|ROO Quintana Roo|SLP San Luis Potosí|SIN Sinaloa|SON Sonora|TAB Tabasco|"
    "TAM Tamaulipas|TLA Tlaxcala|VER Veracruz|YUC Yucatán|ZAC Zacatecas",
    "MY": "JHR Johor|KDH Kedah|KTN Kelantan|KUL Kuala Lumpur|LBN Labuan|MLK Melaka|NSN Negeri Sembilan|"
    "PHG Pahang|PJY Putrajaya|PLS Perlis|PNG Pulau Pinang|PRK Perak|SBH Sabah|SGR Selangor|SWK Sarawak|"
    "TRG Terengganu",
}
"""Code and name of the states of countries whose addresses need one."""
_ISO3: Final = {
    "US": "USA", "GB": "GBR", "CA": "CAN", "AU": "AUS", "DE": "DEU", "FR": "FRA", "ES": "ESP", "IT": "ITA",
    "IE": "IRL", "MX": "MEX", "NL": "NLD", "BE": "BEL", "AT": "AUT", "PL": "POL", "JP": "JPN", "CN": "CHN",
    "SG": "SGP", "MY": "MYS", "TH": "THA", "VN": "VNM", "PH": "PHL", "ID": "IDN", "NZ": "NZL", "BR": "BRA",
    "SA": "SAU",
}  # fmt: skip
_BY_CURRENCY: Final = {
    "USD": "US", "GBP": "GB", "CAD": "CA", "AUD": "AU", "EUR": "DE", "MXN": "MX", "JPY": "JP", "SGD": "SG",
    "MYR": "MY", "THB": "TH", "VND": "VN", "PHP": "PH", "IDR": "ID", "BRL": "BR",
}  # fmt: skip


_NO_COUNTRIES: Final = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
"""Codes of two letters that stand for groups of countries, for tests or for nothing."""


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    territories = Locale("en").territories
    return {
        code: name
        for code, name in sorted(territories.items(), key=lambda item: item[1])
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
    }


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    codes = {name.casefold(): code for code, name in _names().items()}
    return {**codes, **{iso3.casefold(): code for code, iso3 in _ISO3.items()}, "usa": "US", "uk": "GB"}


def country_name(iso2: str) -> str | None:
    """Give "United States" for "US"; None for what is no country."""
    return _names().get(iso2.upper())


def country_code(name: str) -> str | None:
    """Give "US" for "United States"; None for what is no country."""
    return _codes().get(name.strip().casefold())


def country_of(currency: str) -> str:
    """The country a currency is at home in."""
    return _BY_CURRENCY.get(currency, currency[:2])


def countries(base_url: str, hash_: str) -> list[Json]:
    """All countries, in order of their ids."""
    rows = []
    for number, (code, name) in enumerate(_names().items(), start=1):
        path = f"/countries/{number}/states"
        rows.append({
            "id": number, "country": name, "country_iso2": code, "country_iso3": _ISO3.get(code, ""),
            "states": {"url": f"{base_url}/stores/{hash_}/v2{path}", "resource": path},
        })  # fmt: skip
    return rows


def states(country: Json) -> list[Json]:
    """The states of a country, where its addresses need one."""
    rows = []
    for at, pair in enumerate(filter(None, _STATES.get(country["country_iso2"], "").split("|")), start=1):
        code, name = pair.split(" ", 1)
        rows.append(
            {"id": country["id"] * 1000 + at, "state": name, "state_abbreviation": code, "country_id": country["id"]}
        )
    return rows


def zone(name: str, now: float) -> Json:
    """The time zone object of the store information."""
    area = ZoneInfo(name)
    year = datetime.fromtimestamp(now, area).year
    offsets = [(datetime(year, month, 15, tzinfo=area).utcoffset() or timedelta()).total_seconds() for month in (1, 7)]
    return {
        "name": name,
        "raw_offset": int(min(offsets)),
        "dst_offset": int(max(offsets)),
        "dst_correction": offsets[0] != offsets[1],
        "date_format": {"display": "M jS Y", "export": "M jS Y", "extended_display": "M jS Y @ g:i A"},
    }
