"""Products join and leave category templates: with each reading of the store, and when a template is saved."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import HOME, MAYA
from twinshelf.accounts.models import AuditEntry
from twinshelf.connections.preferences import PriceRule
from twinshelf.errors import NeedsPerson
from twinshelf.rules import actions as rules
from twinshelf.rules import membership, queries, templates
from twinshelf.rules.conditions import Condition, Field, Match, Operator, RuleGroup
from twinshelf.rules.models import Membership, Template
from twinshelf.sync import actions as sync
from twinshelf.sync.models import TaskItem

THROWS = "1010448"


def rule(field, operator, value):
    return Condition(Field(field), Operator(operator), value)


def save(twinshelf, name, *conditions, template=None, category_id=HOME, match=Match.ALL, **changes):
    """A template with what each needs: the package from the product, no cash on delivery."""
    made = msgspec.structs.replace(templates.suggested((), (), ()), group=RuleGroup(match, conditions), **changes)
    saved, task = rules.save_template(
        twinshelf.connection,
        template,
        name=name,
        category_id=category_id,
        category_path="Some > Path",
        rules=made,
        asked=(),
        by=MAYA,
    )
    twinshelf.finished(task)
    return saved, task


def holders(twinshelf, *products):
    """The names of the templates that hold these products."""
    names = [membership.holder_of(twinshelf.connection, str(product)) for product in products]
    return [template.name if template else None for template in names]


def items(task):
    return dict(TaskItem.objects.filter(task=task).values_list("key", "text"))


def on_the_page():
    """Total product(s) of each template, as the list shows them."""
    page = Browser().get("/templates/").content.decode()
    lines = re.findall(r'data-open><b>(.*?)</b>.*?data-l="Total product\(s\)">\s*<a [^>]*>(\d+)</a>', page, re.DOTALL)
    return {name: int(number) for name, number in lines}


@pytest.mark.covers("CED-39", "CED-42")
def test_products_join_and_leave_by_themselves_as_the_store_changes(store, shop, twinshelf):
    twinshelf.prefer(auto_import=True)
    rug = store.add_product(sku="RUG-1", brand_name="Sagaform")
    twinshelf.pull()
    sagaform, _task = save(twinshelf, "Sagaform", rule("brand", "equals", "sagaform"))
    lamps, _task = save(twinshelf, "Lamps", rule("title", "contains", "lamp"))
    assert holders(twinshelf, rug) == ["Sagaform"]

    mug = store.add_product(sku="MUG-1", brand_name="Sagaform")
    lamp = store.add_product(sku="LAMP-1", title="Desk Lamp", brand_name="Sagaform")
    jar = store.add_product(sku="JAR-1", brand_name="Other")
    twinshelf.settle()

    assert holders(twinshelf, rug, mug, lamp, jar) == ["Sagaform", "Sagaform", "Sagaform", "Default"]
    assert queries.product_counts(twinshelf.connection) == {
        sagaform.id: 3, Template.objects.get(is_default=True).id: 1
    }  # fmt: skip

    assert on_the_page() == {"Sagaform": 3, "Lamps": 0}

    store.act("edit_product", sku="LAMP-1", brand_name="Other")  # the next template that fits
    store.act("edit_product", sku="MUG-1", brand_name="Other")  # none fits
    store.act("edit_product", sku="JAR-1", brand_name="SAGAFORM")
    twinshelf.settle()

    assert holders(twinshelf, rug, mug, lamp, jar) == ["Sagaform", "Default", "Lamps", "Sagaform"]
    assert on_the_page() == {"Sagaform": 2, "Lamps": 1}
    entries: Any = AuditEntry.objects.filter(action="rules.products_moved").order_by("id")
    moved = [(e.before[str(lamp)], e.after[str(lamp)]) for e in entries if str(lamp) in e.before]
    assert moved == [(None, "Sagaform"), ("Sagaform", "Lamps")]

    store.act("delete_product", product_id=rug)
    twinshelf.settle()
    assert not Membership.objects.filter(product_id=str(rug)).exists()
    assert queries.product_counts(twinshelf.connection)[sagaform.id] == 1
    assert queries.product_counts(twinshelf.connection)[lamps.id] == 1


@pytest.mark.covers("CED-57")
def test_a_template_takes_products_of_another_only_if_it_overrides(store, shop, twinshelf):
    rug, mug = store.add_product(sku="RUG-1", title="Red rug"), store.add_product(sku="MUG-1", title="Red mug")
    twinshelf.pull()
    save(twinshelf, "A", rule("title", "contains", "rug"))

    other, task = save(twinshelf, "B", rule("title", "contains", "red"))
    assert holders(twinshelf, rug, mug) == ["A", "B"]
    assert items(task) == {str(rug): "Stays in “A”.", str(mug): "Moved from “Default” to “B”."}
    assert (task.succeeded, task.skipped, task.total) == (1, 1, 2)

    _other, task = save(twinshelf, "B", rule("title", "contains", "red"), template=other, override=True)
    assert holders(twinshelf, rug, mug) == ["B", "B"]
    assert items(task) == {str(rug): "Moved from “A” to “B”."}
    assert Membership.objects.get(product_id=str(rug)).decided == "override"
    moved = AuditEntry.objects.filter(action="rules.products_moved").latest("id")
    assert (moved.before, moved.after) == ({str(rug): "A"}, {str(rug): "B"})


def test_deleting_a_template_frees_its_products_and_leaves_tiktok_alone(store, shop, twinshelf):
    rug, mug = store.add_product(sku="RUG-1", title="Red rug"), store.add_product(sku="MUG-1", title="Red mug")
    twinshelf.pull()
    reds, _task = save(twinshelf, "Reds", rule("title", "contains", "red"))
    save(twinshelf, "Rugs", rule("title", "contains", "rug"))
    twinshelf.list(rug, mug)
    sent = len(twinshelf._sandbox.world.effects)

    task = rules.delete_template(reds, by=MAYA)
    assert queries.template_named(twinshelf.connection, "reds") is None
    assert holders(twinshelf, rug, mug) == ["Reds", "Reds"]  # until they have another
    save(twinshelf, "REDS", rule("sku", "equals", "none"))  # the name is free
    twinshelf.finished(task)

    assert holders(twinshelf, rug, mug) == ["Rugs", "Default"]
    assert not Template.objects.filter(id=reds.id).exists()
    assert [twinshelf.listing(product).state for product in (rug, mug)] == ["live", "live"]
    assert len(twinshelf._sandbox.world.effects) == sent
    with pytest.raises(NeedsPerson, match="E-TPL-DEFAULT"):
        rules.delete_template(Template.objects.get(is_default=True), by=MAYA)


def test_a_deletion_that_was_cancelled_is_made_up_for_by_the_next_template(store, shop, twinshelf):
    rug = store.add_product(sku="RUG-1", title="Red rug")
    twinshelf.pull()
    reds, _task = save(twinshelf, "Reds", rule("title", "contains", "red"))

    sync.cancel_task(rules.delete_template(reds, by=MAYA), by=MAYA)
    twinshelf.settle()
    assert holders(twinshelf, rug) == ["Reds"]
    save(twinshelf, "Lamps", rule("title", "contains", "lamp"))

    assert holders(twinshelf, rug) == ["Default"]
    assert not Template.objects.filter(id=reds.id).exists()


@pytest.mark.covers("CED-48")
def test_a_copy_has_a_name_of_its_own_and_takes_nothing(store, shop, twinshelf):
    rug = store.add_product(sku="RUG-1", title="Red rug")
    twinshelf.pull()
    template, _task = save(twinshelf, "X", rule("title", "contains", "rug"), override=True)
    long, _task = save(twinshelf, "y" * 80, rule("title", "contains", "rug"))

    once = rules.copy_template(template, by=MAYA)
    twice = rules.copy_template(once, by=MAYA)
    again = rules.copy_template(template, by=MAYA)
    first, second = rules.copy_template(long, by=MAYA), rules.copy_template(long, by=MAYA)

    assert [each.name for each in (once, twice, again)] == ["Copy of X", "Copy of Copy of X", "Copy of X (2)"]
    assert [len(each.name) for each in (first, second)] == [80, 80]
    assert first.name == f"Copy of {'y' * 31}…{'y' * 40}"
    assert second.name == f"Copy of {'y' * 29}…{'y' * 38} (2)"
    assert queries.rules_of(once).group == queries.rules_of(template).group
    assert (queries.rules_of(once).override, once.category_id) == (False, HOME)
    assert holders(twinshelf, rug) == ["X"]


def test_what_a_template_must_say(twinshelf):
    template, _task = save(twinshelf, "Rugs", rule("title", "contains", "rug"))
    other, _task = save(twinshelf, "n" * 80)

    for name in ("", "  ", "rugs", " RUGS ", "default", "n" * 81):
        with pytest.raises(NeedsPerson, match="E-TPL-NAME"):
            save(twinshelf, name)
    with pytest.raises(NeedsPerson, match="E-TPL-NAME"):
        save(twinshelf, "RUGS", template=other)
    with pytest.raises(NeedsPerson, match="E-TPL-CATEGORY"):
        save(twinshelf, "Mats", category_id="")
    assert Template.objects.filter(is_default=False).count() == 2
    saved, _task = save(twinshelf, "RUGS", template=template)  # its own
    assert saved.name == "RUGS"


@pytest.mark.covers("CED-60")
def test_the_price_rule_of_a_template_wins_over_that_of_the_connection(store, shop, twinshelf):
    twinshelf.prefer(price_rule=PriceRule("percent_up", Decimal(10)))
    rug = store.add_product(sku="RUG-1", title="Rug", price="113.00")
    mug = store.add_product(sku="MUG-1", price="113.00")
    twinshelf.pull()
    template, _task = save(
        twinshelf, "Rugs", rule("title", "equals", "rug"), price_rule=PriceRule("fixed_down", Decimal(2))
    )
    twinshelf.list(rug, mug)
    shown = [twinshelf.listing(product).price_min for product in (rug, mug)]
    assert shown == [Decimal("111.00"), Decimal("124.30")]

    save(twinshelf, "Rugs", rule("title", "equals", "rug"), template=template)  # without: the connection's applies
    assert [(str(e.detail["after"])) for e in shop.effects("price_set")] == ["124.30"]
