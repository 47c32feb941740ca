"""Review changes: what a push would send is shown first, and exactly that is sent, or nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.flows.conftest import MAYA
from tests.flows.faults import lose_webhooks
from twinshelf.accounts.models import User
from twinshelf.listings.models import ReviewLine
from twinshelf.listings.reviews import actions, queries
from twinshelf.sync import agreements
from twinshelf.sync.models import Agreement, ChangeRecord


def worked_out(twinshelf, *product_ids):
    made = actions.begin(twinshelf.connection, [str(one) for one in product_ids] or None, by=MAYA)
    twinshelf.settle()
    made.refresh_from_db()
    assert made.ready_at is not None
    return made


def lines(review):
    return {
        (line.sku, line.kind): (line.verdict, [tuple(row) for row in line.rows])
        for line in ReviewLine.objects.filter(review=review)
    }


@pytest.fixture
def changed(sandbox, store, shop, twinshelf):
    """A mug that is listed and got another title and price since, a bowl that is new, a pan without a picture."""
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00", stock=7)
    twinshelf.list(mug)
    twinshelf.prefer(manual_updates_only=True)
    twinshelf.connection.refresh_from_db()
    store.act("edit_product", sku="MUG-1", name="Enamel mug of steel")
    bowl = store.add_product(sku="BOWL-1", title="Oak bowl", price="9.00", stock=3)
    pan = store.add_product(sku="PAN-1", title="Iron pan", images=[])
    twinshelf.pull()
    return mug, bowl, pan


def test_what_is_sent_is_byte_for_byte_what_was_shown(sandbox, store, shop, twinshelf, changed):
    before = len(sandbox.world.effects)
    review = worked_out(twinshelf, *changed)

    assert len(sandbox.world.effects) == before
    found = lines(review)
    assert found["MUG-1", "listing"] == ("changed", [("title", "", "Enamel mug", "Enamel mug of steel")])
    assert found["BOWL-1", "listing"] == (
        "new",
        [("title", "", "", "Oak bowl"), ("image_urls", "", "", "1"), ("price", "BOWL-1", "", "9.00 USD"),
         ("stock", "BOWL-1", "", "3")],
    )  # fmt: skip
    assert found["PAN-1", "listing"][0] == "finding"
    summary = queries.summary(review)
    assert (dict(summary.products), summary.total, summary.calls, summary.reviews) == (
        {"changed": 1, "new": 1, "finding": 1}, 2, 3, 2,
    )  # fmt: skip

    records = ChangeRecord.objects.count()
    actions.send(review, by=MAYA)
    twinshelf.settle()
    sent = list(ChangeRecord.objects.order_by("id")[records:])
    assert sorted(record.kind for record in sent[:2]) == ["CreateListing", "EditContent"]
    shown = {digest for row in ReviewLine.objects.filter(review=review) for digest in row.digests}
    assert {digest_of(record) for record in sent[:2]} == shown
    assert Agreement.objects.count() == 0
    assert [code for _key, code in twinshelf.problems() if code == "E-REV-MOVED"] == []
    with pytest.raises(actions.NotReady):
        actions.send(review, by=MAYA)


def digest_of(record: ChangeRecord) -> str:
    import msgspec  # noqa: PLC0415 - of this check alone

    from twinshelf.documents import AnyChange  # noqa: PLC0415

    return agreements.digest(msgspec.convert(record.change, AnyChange, strict=False))


def test_what_has_changed_since_is_not_sent_and_the_rest_is(sandbox, store, shop, twinshelf, changed):
    mug, bowl, _pan = changed
    review = worked_out(twinshelf, mug, bowl)
    lose_webhooks(sandbox)
    store.act("edit_product", sku="MUG-1", name="Another title by now")
    twinshelf.pull()
    records = ChangeRecord.objects.count()

    task = actions.send(review, by=MAYA)
    twinshelf.settle()

    sent = list(ChangeRecord.objects.order_by("id")[records:].values_list("kind", "key"))
    assert ("CreateListing", str(bowl)) in sent
    assert ("EditContent", str(mug)) not in sent
    assert twinshelf.problems() == [(str(mug), "E-REV-MOVED")]
    task.refresh_from_db()
    assert (task.succeeded, task.failed) == (1, 1)

    fresh = worked_out(twinshelf, mug)
    assert lines(fresh)["MUG-1", "listing"][1] == [("title", "", "Enamel mug", "Another title by now")]
    actions.send(fresh, by=MAYA)
    twinshelf.settle()
    assert ChangeRecord.objects.filter(kind="EditContent", key=str(mug)).count() == 1
    assert twinshelf.problems() == []


def test_the_page_shows_the_review_and_sends_it(sandbox, store, shop, twinshelf, changed):
    client = Client()
    client.force_login(User.objects.get(email="maya@fernhollow.test"))

    answer = client.post("/products/do/review/", {"all": "1", "filter": "", "shop": "all"})
    twinshelf.settle()
    page = client.get(answer["location"])
    text = " ".join(page.content.decode().split())

    assert "Review 2 changes on US" in text
    assert "Enamel mug → <b>Enamel mug of steel</b>" in text
    assert "Nothing sent yet" in text
    assert client.get(f"{answer['location']}file/").status_code == 200
    assert "Iron pan" in client.get(f"{answer['location']}?show=finding").content.decode()
    client.post(f"{answer['location']}send/")
    twinshelf.settle()
    assert len(shop.effects("product_edited")) == 1
    assert "Sent by" in client.get(answer["location"]).content.decode()
