"""Categories to begin with: what TikTok Shop recommends for the store's goods, where it is sure.

Only suggests; keeping them is for `rules.actions`. What a product is made of, or whether it is dangerous, is never
guessed: such values come from the product, or from a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from twinshelf.connections import clients
from twinshelf.connections.models import Connection
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.listings.models import CategorySuggestions
from twinshelf.rules import templates
from twinshelf.rules.models import Template
from twinshelf.tiktok.categories import RecommendedCategory
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


def keep_suggestions(connection: Connection) -> None:
    """Ask TikTok for the store's categories that the template has none for, and keep the answers for a person."""
    template = Template.objects.filter(connection=connection, is_default=True).first()
    rules = templates.rules_from_json(template.rules if template else {})
    known = {rule.key.strip().lower() for rule in rules.categories}
    began = clock.now()
    found = suggested_categories(connection, without=known, most=SUGGEST_AT_ONCE)
    CategorySuggestions.objects.update_or_create(
        account_id=connection.account_id,
        connection=connection,
        defaults={"found": {key: [one.id, one.path] for key, one in found.items()}, "made_at": began},
        create_defaults={
            "found": {key: [one.id, one.path] for key, one in found.items()}, "made_at": began, "asked_at": began,
        },
    )  # fmt: skip


def suggested_categories(
    connection: Connection, *, without: Iterable[str] = (), most: int = SUGGEST_FOR
) -> dict[str, RecommendedCategory]:
    """TikTok's category by category of the store ("" for goods that have none), where a sample of its goods agrees.

    At most three calls for each of the `most` largest categories that are not in `without`.
    """
    client, region = clients.shop_client(connection.shop), region_of(connection.shop.region)
    left_out = set(without)
    samples, counts = _samples(connection)
    found: dict[str, RecommendedCategory] = {}
    for category, _number in [entry for entry in counts.most_common() if entry[0].lower() not in left_out][:most]:
        answers = [
            client.recommend_category(title[:250], version=region.category_version) for title in samples[category]
        ]
        agreed = agreed_on(answers)
        if agreed is not None:
            found[category] = agreed
    return found


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
