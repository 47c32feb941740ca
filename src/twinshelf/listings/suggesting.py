"""A template to begin with: categories that TikTok Shop recommends for the store's goods, and what they require.

Only suggests; keeping a template is for `actions`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.errors import NeedsPerson
from twinshelf.goods.models import StoreProduct
from twinshelf.listings import desiring
from twinshelf.tiktok.regions import region as region_of

_SUGGEST_FOR = 400
_TITLES, _TITLES_WITHOUT_CATEGORY = 2, 20
_SAYS_NOTHING = frozenset({"no", "none", "not applicable", "n/a", "other"})
"""Values that claim nothing of the goods: chosen before TikTok's first one, which may be "Yes"."""


def suggest_template(connection: Connection) -> dict[str, Any]:
    """A default template to begin with, as `actions.set_default_template` takes it.

    Each category of the store gets the TikTok category that TikTok itself recommends for its goods, and goods without a
    category the one it recommends for most of a sample; the commonest is the default. Required attributes come from
    custom fields of their name, else the value that claims least; a number is never made up.
    """
    client, region = clients.shop_client(connection.shop), region_of(connection.shop.region)
    samples: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    rows = StoreProduct.objects.filter(store=connection.store, deleted=False).values_list("category", "title")
    for category, title in rows.iterator():
        counts[category] += 1
        if len(samples.setdefault(category, [])) < (_TITLES if category else _TITLES_WITHOUT_CATEGORY):
            samples[category].append(title)
    chosen: dict[str, str] = {}
    paths: dict[str, str] = {}
    for category, _number in counts.most_common(_SUGGEST_FOR):
        leaf = category.rpartition(">")[2].strip()
        found: Counter[str] = Counter()
        for title in samples[category]:
            recommended = client.recommend_category(f"{leaf} {title}"[:250], version=region.category_version)
            if recommended:
                found[recommended.id] += 1
                paths[recommended.id] = recommended.path
            if found and category:
                break
        if found:
            chosen[category] = found.most_common(1)[0][0]
    ranked = Counter({category_id: counts[key] for key, category_id in chosen.items()}).most_common(1)
    if not ranked:
        raise NeedsPerson("E-CAT-NONE")
    attributes = []
    for category_id in dict.fromkeys(chosen.values()):
        for attribute in desiring.category_of(connection.shop, category_id).attributes:
            if attribute.required and not attribute.sales and (attribute.values or not attribute.numeric):
                names = [name for _value_id, name in attribute.values] or ["Not specified"]
                first = next((name for name in names if name.lower() in _SAYS_NOTHING), names[0])
                attributes.append(
                    {"name": attribute.name, "source": "custom_field", "field": attribute.name, "value": first}
                )
    unique = {entry["name"].lower(): entry for entry in attributes}
    return {
        "category_id": ranked[0][0],
        "category_path": paths[ranked[0][0]],
        "attributes": list(unique.values()),
        "categories": [
            {"key": key, "category_id": category_id, "category_path": paths[category_id]}
            for key, category_id in chosen.items()
            if key
        ],
    }
