"""Run Query: what conditions find among the stored products is what they mean for each of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pure.builders import usd
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.connections.models import Store
from twinshelf.documents import Product, Variant
from twinshelf.rules import membership, queries
from twinshelf.rules.conditions import Condition, Field, Match, Operator, RuleGroup, matches, texts_of
from twinshelf.rules.models import ProductTexts

WORDS = st.sampled_from(
    ["", " ", "a", "A", "ab", "b a", "%", "_", "\\", "a%b", "'", '"', "\u00c9", "e\u0301", "STRASSE", "stra\u00dfe",
     "\u0130", "\u0131", "\u03c2", "\u03a3", "\u0149", "日本", "🙂", "a\nb", "a > b", "\t a  b ", "\u01c5", "\u0345"]
)  # fmt: skip
"""Capitals whose pairs are longer or several, accents in two encodings, wildcards, what stands between values."""
TEXT = st.one_of(
    WORDS, st.tuples(WORDS, WORDS).map(" ".join), st.text(max_size=6).filter(lambda text: text.isprintable())
)
PRODUCTS = st.lists(
    st.builds(
        lambda title, sku, brand, categories, kind, codes: Product(
            id="0", title=title, sku=sku, brand=brand, categories=tuple(categories), price=usd("1.00"),
            custom_fields=(("Product  TYPE", kind),), modified_at=datetime(2026, 11, 1, tzinfo=UTC),
            variants=tuple(Variant(id=str(n), sku=code, price=usd("1.00")) for n, code in enumerate(codes)),
        ),
        TEXT, TEXT, TEXT, st.lists(TEXT, max_size=2), TEXT, st.lists(TEXT, min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip
GROUPS = st.builds(
    RuleGroup,
    st.sampled_from(Match),
    st.lists(st.builds(Condition, st.sampled_from(Field), st.sampled_from(Operator), TEXT), max_size=4).map(tuple),
)


@pytest.fixture
def store(transactional_db):
    account = accounts.create_account("F", owner_email="m@f.test", password="a long enough password", by=COMMAND_LINE)
    with scope(account=account):
        yield Store.objects.create(account=account, hash="f", name="F", token="", currency="USD")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(products=PRODUCTS, group=GROUPS)
def test_the_query_finds_exactly_the_products_that_fit(store, products, group):
    numbered = [Product(**{name: getattr(p, name) for name in p.__struct_fields__} | {"id": str(n)})
                for n, p in enumerate(products)]  # fmt: skip
    ProductTexts.objects.filter(store=store).delete()
    membership.keep_texts(store, numbered)

    found = set(queries.fitting(store.id, group).values_list("product_id", flat=True))

    assert found == {product.id for product in numbered if matches(texts_of(product), group)}


@pytest.mark.parametrize("match", Match)
def test_500_conditions_are_one_query(store, match):
    membership.keep_texts(store, [Product(id="1", title="Mug", price=usd("1.00"), variants=(),
                                          modified_at=datetime(2026, 11, 1, tzinfo=UTC))])  # fmt: skip
    group = RuleGroup(match, tuple(Condition(Field.TITLE, Operator.NOT_EQUALS, f"no {n}") for n in range(500)))

    assert [row.product_id for row in queries.fitting(store.id, group)] == ["1"]
