"""Categories to begin with: what names tell, and what TikTok Shop recommends for the store's goods where it is sure.

Only suggests; keeping them is for `rules.actions`. What a product is made of, or whether it is dangerous, is never
guessed: such values come from the product, or from a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.documents import Product, from_json
from twinshelf.errors import NeedsPerson
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.listings import observing
from twinshelf.listings.models import CategorySuggestions, CategoryTree, ProductChoicesRow
from twinshelf.rules import ranking, templates
from twinshelf.rules.category_map import Counted, own_keys
from twinshelf.rules.conditions import fold
from twinshelf.rules.models import Template
from twinshelf.rules.own import choices_from_json
from twinshelf.rules.ranking import Examples, Names, Suggested
from twinshelf.tiktok.categories import RecommendedCategory
from twinshelf.tiktok.client import TikTok
from twinshelf.tiktok.regions import Region
from twinshelf.tiktok.regions import region as region_of

SUGGEST_FOR = 400
"""Of the store's categories, those with most products; the others stay without a suggestion."""
SUGGEST_AT_ONCE = 100
"""For the template's page: three calls each, and a person looks at all of them."""
_TITLES, _TITLES_WITHOUT_CATEGORY = 3, 12
_AGREED_PERCENT = 60


def suggest_template(connection: Connection) -> dict[str, Any]:
    """A default template to begin with, as `actions.set_default_template` takes it: a category map, and nothing else.

    Each category of the store has the TikTok category that TikTok recommends for most of a sample of its goods; where
    it recommends none, or now this and now that, the row is left out. There is a category for everything else only if
    the goods without a category of the store agree on one.
    """
    chosen = suggested_categories(connection)
    default = chosen.pop("", None)
    return {
        "category_id": default.id if default else "",
        "category_path": default.path if default else "",
        "categories": [
            {"key": key, "category_id": found.id, "category_path": found.path} for key, found in chosen.items()
        ],
    }


_TITLES_KEPT, _FIELDS_KEPT, _RANKED = 12, 60, 2_000
_TITLES_RANKED = 6_000
"""Of all categories together: some ten seconds of work."""
_CANDIDATES_BY_TITLE = 3


def count_categories(connection: Connection) -> dict[str, Counted]:
    """The store's categories by key (lower case), "" for products without any. Reads every product once."""
    chosen = dict(ProductChoicesRow.objects.filter(connection=connection).values_list("product_id", "choices"))
    found: dict[str, Counted] = {}
    others: dict[str, list[str]] = {}
    rows = StoreProduct.objects.filter(store_id=connection.store_id, deleted=False).order_by("pk")
    for document in rows.values_list("document", flat=True).iterator(chunk_size=500):
        product = from_json(bytes(document), Product)
        written, keys = templates.written_keys(product), templates.category_keys(product)
        key = keys[0] if keys else ""
        entry = found.setdefault(key, Counted(written=written[0] if written else ""))
        entry.number += 1
        if len(entry.titles) < _TITLES_KEPT:
            entry.titles.append(product.title[:250])
        known = others.get(key)
        others[key] = list(keys[1:]) if known is None else [other for other in known if other in keys]
        for name in {fold(name) for name, value in product.custom_fields if value.strip()}:
            entry.fields[name] = entry.fields.get(name, 0) + 1
        if choices := chosen.get(product.id):
            for name in own_keys(product, choices_from_json(choices)):
                entry.own[name] = entry.own.get(name, 0) + 1
    for key, entry in found.items():
        entry.others = tuple(others[key])
        entry.fields = dict(Counter(entry.fields).most_common(_FIELDS_KEPT))
    return found


def keep_suggestions(connection: Connection, *, ask_tiktok: bool) -> None:
    """Count the store's categories and keep what fits each that the mapping has no row for.

    Our own ranking costs no call; with `ask_tiktok` TikTok is asked as well, at most three calls for each of the
    largest. A choice that a person made is not looked at again.
    """
    began = clock.now()
    kept = CategorySuggestions.objects.filter(connection=connection).first()
    counted = count_categories(connection)
    mapped = _mapped(connection)
    recommended = dict(kept.recommended) if kept is not None else {}
    if ask_tiktok:
        open_ = sorted((key for key in counted if key and key not in mapped), key=lambda key: -counted[key].number)
        samples = {key: counted[key].titles[:_CANDIDATES_BY_TITLE] for key in open_[:SUGGEST_AT_ONCE]}
        recommended |= {key: answer.id for key, answer in recommended_categories(connection, samples).items()}
    suggested = _ranked(connection, counted, mapped, recommended)
    values = {
        "counted": msgspec.to_builtins(counted),
        "recommended": recommended,
        "suggested": msgspec.to_builtins(suggested),
        "counted_at": began,
        **({"made_at": began} if ask_tiktok else {}),
    }
    CategorySuggestions.objects.update_or_create(
        account_id=connection.account_id,
        connection=connection,
        defaults=values,
        create_defaults={"asked_at": began, **values},
    )


def _mapped(connection: Connection) -> dict[str, str]:
    """The TikTok category by source category key, as the mapping has them."""
    template = Template.objects.filter(connection=connection, is_default=True).first()
    rules = templates.rules_from_json(template.rules if template else {})
    return {rule.key.strip().lower(): rule.category_id for rule in rules.categories if rule.category_id}


def _ranked(
    connection: Connection, counted: Mapping[str, Counted], mapped: Mapping[str, str], recommended: Mapping[str, str]
) -> dict[str, Suggested]:
    tree = CategoryTree.objects.filter(shop=connection.shop_id).first()
    if tree is None:
        observing.read_categories(connection)
        tree = CategoryTree.objects.get(shop=connection.shop_id)
    leaves = [leaf for leaf in tree.all_leaves() if leaf.available]
    names, ids = Names(leaves), {leaf.id for leaf in leaves}
    known = [
        (f"{title} {last_part(key)}", [mapped[key]])
        for key, entry in counted.items()
        if mapped.get(key) in ids
        for title in entry.titles
    ]
    examples = Examples(known) if known else None
    found: dict[str, Suggested] = {}
    open_ = sorted((key for key in counted if key and key not in mapped), key=lambda key: -counted[key].number)
    each = max(3, _TITLES_RANKED // max(len(open_), 1))
    for key in open_:
        titles = counted[key].titles[:each] if len(found) < _RANKED else []
        theirs = recommended.get(key, "")
        ours = ranking.suggest(titles, last_part(key), names, examples)
        found[key] = ranking.combined(ours, theirs if theirs in ids else "")
    return found


def last_part(key: str) -> str:
    """The name of a category without those above it."""
    return key.rpartition(">")[2].strip()


def suggested_categories(
    connection: Connection, *, without: Iterable[str] = (), most: int = SUGGEST_FOR
) -> dict[str, RecommendedCategory]:
    """TikTok's category by category of the store ("" for goods that have none), where a sample of its goods agrees.

    At most three calls for each of the `most` largest categories that are not in `without`.
    """
    left_out = set(without)
    samples, counts = _samples(connection)
    wanted = [category for category, _number in counts.most_common() if category.lower() not in left_out][:most]
    return recommended_categories(connection, {category: samples[category] for category in wanted})


def recommended_categories(
    connection: Connection, samples: Mapping[str, Sequence[str]]
) -> dict[str, RecommendedCategory]:
    """What TikTok recommends for these titles, by what they are of, where it agrees with itself. A call a title."""
    client, region = clients.shop_client(connection.shop), region_of(connection.shop.region)
    found: dict[str, RecommendedCategory] = {}
    for category, titles in samples.items():
        answers = [_recommended(client, title, region) for title in titles]
        agreed = agreed_on(answers)
        if agreed is not None:
            found[category] = agreed
    return found


def _recommended(client: TikTok, title: str, region: Region) -> RecommendedCategory | None:
    """What TikTok recommends for a title; None also for one that it refuses, which concerns its product alone."""
    try:
        return client.recommend_category(title[:250], version=region.category_version)
    except NeedsPerson as refused:
        if not refused.code.startswith("E-LST-TITLE"):
            raise
        return None


def _samples(connection: Connection) -> tuple[Mapping[str, Sequence[str]], Counter[str]]:
    """Some titles, and the number of products, by category of the store."""
    samples: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    rows = StoreProduct.objects.filter(store=connection.store, deleted=False).values_list("category", "title")
    for category, title in rows.iterator():
        counts[category] += 1
        if len(samples.setdefault(category, [])) < (_TITLES if category else _TITLES_WITHOUT_CATEGORY):
            samples[category].append(title)
    return samples, counts


def agreed_on(answers: Sequence[RecommendedCategory | None]) -> RecommendedCategory | None:
    """What three of five answers agree on; a title that TikTok knows nothing for counts as one that does not agree."""
    known = {answer.id: answer for answer in answers if answer is not None}
    votes = Counter(answer.id for answer in answers if answer is not None)
    if not votes:
        return None
    first, number = votes.most_common(1)[0]
    return known[first] if number * 100 >= _AGREED_PERCENT * len(answers) else None
