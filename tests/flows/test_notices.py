"""Email about what people must know before they look: once per event and person, and none to who switched it off."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.conf import settings as configured
from django.core import mail

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA
from tests.flows.faults import CREATE_ORDER, HELD_SECONDS, fault
from tests.flows.neighbors import connect_shop, consent
from twinshelf.accounts.models import Account, Membership, Role, User
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Connection, Seller
from twinshelf.kit import clock
from twinshelf.listings.models import Link, ListingRow
from twinshelf.notices.models import NoticeRow
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync import schedules


def look(twinshelf):
    """What the timetable does every five minutes; all emails since the last look, as (to, subject), and their texts."""
    schedules.run_now(twinshelf.account.id, "notices", f"account:{twinshelf.account.id}")
    schedules.tick()
    twinshelf.settle()
    sent = [(message.to[0], message.subject.removeprefix("Twinshelf: "), message.body) for message in mail.outbox]
    mail.outbox.clear()
    return sorted((to, subject) for to, subject, _body in sent), {subject: body for _to, subject, body in sent}


def sent(twinshelf):
    """As `look`, without the texts."""
    return look(twinshelf)[0]


def member(account, name, **more):
    user = User.objects.create_user(f"{name}@fernhollow.test", "a long enough password")
    Membership.objects.create(account=account, user=user, role=Role.ADMIN, **more)
    return user


MAYAS = "maya@fernhollow.test"
SOON, LOST, ORDERS = (
    "An authorization ends soon (Fernhollow)",
    "A connection is lost (Fernhollow)",
    "An order is not in BigCommerce (Fernhollow)",
)


@pytest.mark.covers("SILK-95")
def test_each_event_is_told_once_to_each_who_wants_email_and_never_to_who_switched_it_off(
    sandbox, store, shop, twinshelf
):
    ann = member(twinshelf.account, "ann")
    member(twinshelf.account, "gone", removed_at=clock.now())
    member(twinshelf.account, "invited", accepted_at=None)
    member(Account.objects.create(name="Others"), "stranger")
    browser = Browser()
    assert "Email is off." in browser.post("/settings/emails/", {"emails": "off"})
    assert sent(twinshelf) == []  # nothing happened

    outlet = connect_shop(sandbox, twinshelf, "Outlet")[1].connection
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    fault(sandbox, action="status", status=422, times=None, **CREATE_ORDER)
    twinshelf.wait(HELD_SECONDS)
    assert sent(twinshelf) == []  # its retries are not used up
    for _ in range(5):
        twinshelf.wait(601)
    assert twinshelf.problems() == [(order_id, "E-ORD-CREATE")]
    Seller.objects.filter(id=outlet.shop.seller_id).update(refresh_expires_at=clock.after(10 * 86_400))
    sandbox.act("tt.deauthorize", app_key=configured.OPERATOR.tiktok_app_key, seller=shop.seller)
    twinshelf.settle()

    told, texts = look(twinshelf)
    assert told == [("ann@fernhollow.test", LOST), ("ann@fernhollow.test", SOON), ("ann@fernhollow.test", ORDERS)]
    assert "- US: TikTok Shop does not let us in any more." in texts[LOST]
    assert "- Outlet: the authorization of TikTok Shop ends on " in texts[SOON]
    assert f"- US: order {order_id}. " in texts[ORDERS]
    order = Browser().get(f"/orders/{twinshelf.order(order_id).pk}/").context["order"]
    address = [str(value) for value in msgspec.structs.asdict(order.address).values() if isinstance(value, str)]
    buyer = [value for value in (order.buyer_id, *address) if len(value) > 3]
    assert buyer
    assert [word for word in buyer for text in texts.values() if word in text] == []

    assert sent(twinshelf) == []  # once
    assert "Email is on." in browser.post("/settings/emails/", {"emails": "on"})
    browser.client.logout()
    ann.emails = False
    ann.save()
    assert sent(twinshelf) == [(MAYAS, LOST), (MAYAS, SOON), (MAYAS, ORDERS)]
    assert sent(twinshelf) == []


@pytest.mark.covers("SHOP-18")
def test_an_authorization_that_ends_is_warned_of_and_authorizing_again_keeps_everything(
    sandbox, store, shop, twinshelf
):
    product = store.add_product(sku="MUG-1")
    twinshelf.list(product)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    twinshelf.prefer(reserve=2)
    twinshelf.settle()
    seller_id = twinshelf.connection.shop.seller_id

    def kept():
        return [
            list(Connection.objects.values("id", "name", "store_id", "shop_id", "preferences", "warehouse_id")),
            list(Link.objects.values("id", "variant_id", "sku_id")),
            list(ListingRow.objects.values("id", "product_id", "tiktok_id", "state", "wanted")),
            list(ShopOrderRow.objects.values("id", "order_id", "store_order_id", "creation")),
        ]

    before = kept()
    warned = []
    ends = clock.now() + timedelta(days=15)
    Seller.objects.filter(id=seller_id).update(refresh_expires_at=ends, access_expires_at=ends + timedelta(days=30))
    for left in (14.5, 13.9, 10, 6.9, 3, 0.9, 0.5):
        Seller.objects.filter(id=seller_id).update(refresh_expires_at=clock.now() + timedelta(days=left))
        warned.append((left, len(sent(twinshelf))))
    assert warned == [(14.5, 0), (13.9, 1), (10, 0), (6.9, 1), (3, 0), (0.9, 1), (0.5, 0)]

    connections.authorize_shops(twinshelf.account, consent(sandbox, shop), by=MAYA)
    twinshelf.settle()
    assert kept() == before
    assert Seller.objects.get(id=seller_id).refresh_expires_at > clock.now() + timedelta(days=14)
    assert sent(twinshelf) == []
    later = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    assert {twinshelf.order(each).creation for each in (order_id, later)} == {"created"}
    assert twinshelf.problems() == []


def test_what_no_mail_server_takes_is_told_later_and_without_one_nothing_is_noted(twinshelf, settings):
    Seller.objects.update(refresh_expires_at=clock.after(3 * 86_400))
    settings.SENDS_EMAIL = False
    assert sent(twinshelf) == []
    page = Browser().words("/settings/")
    assert "This installation sends no email." in page

    settings.SENDS_EMAIL = True
    assert "This installation sends no email." not in Browser().words("/settings/")
    settings.EMAIL_BACKEND = "tests.interfaces.test_console_users.Broken"
    assert sent(twinshelf) == []
    assert not NoticeRow.objects.exists()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert sent(twinshelf) == [(MAYAS, SOON)]
    assert sent(twinshelf) == []
