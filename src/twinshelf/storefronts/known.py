"""The storefronts there are. Apart from the package, so that importing a mapper opens no client."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from twinshelf.storefronts.bigcommerce.storefront import BIGCOMMERCE
from twinshelf.storefronts.protocol import Storefront

STOREFRONTS: Final[Mapping[str, Storefront]] = MappingProxyType({BIGCOMMERCE.key: BIGCOMMERCE})
"""By what a store's row says of its kind."""

DEFAULT: Final = BIGCOMMERCE.key
