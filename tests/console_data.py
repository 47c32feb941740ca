"""An account full of invented data, for the console's tests, its screenshots and its measurements.

`fill()` makes what a person would want to see: listings in every state, orders in every stage, problems, tasks,
webhooks and changes. `fill_many()` makes the same tables large. Nothing here is random from run to run.

    TWINSHELF_DATA=/tmp/console-data .venv/bin/python -m tests.console_fill          # 60 products
    TWINSHELF_DATA=/tmp/console-large .venv/bin/python -m tests.console_fill 100000
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
from django_scopes import scope

from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import Account, Membership, Role, User
from twinshelf.connections.models import Connection, Seller, Shop, Store
from twinshelf.documents import (
    Address,
    Image,
    Money,
    OptionValue,
    OrderLine,
    OrderPayment,
    Product,
    RefundAmount,
    ReturnEvent,
    ReturnKind,
    ReturnLine,
    ShopOrder,
    ShopOrderStatus,
    ShopPackage,
    ShopReturn,
    Variant,
    from_json,
    to_json,
)
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.goods.snapshot import is_simple, sale_of
from twinshelf.kit import clock
from twinshelf.kit.secrets import seal
from twinshelf.kit.text_search import rebuild, searchable
from twinshelf.listings.models import CategoryTree, Link, ListingRow, ShopSkuSeen, leaves_kept
from twinshelf.orders.book import name_keys, search_words
from twinshelf.orders.models import CancellationRow, ReturnRow, ShipmentRow, ShopOrderRow
from twinshelf.orders.returns import book as return_book
from twinshelf.rules import membership
from twinshelf.rules.categories import Leaf
from twinshelf.rules.models import Template
from twinshelf.sync.models import ChangeRecord, InboxEvent, Lane, Problem, Task, TaskItem

EMAIL, PASSWORD = "maya@fernhollow.example", "a-shelf-for-two"

GOODS = """Linen Storage Basket, Large – Set of 2|Home > Storage|34.00|3
Bamboo Drawer Organizer|Home > Storage|22.50|6
Stackable Pantry Jar, 1.2 L|Kitchen > Jars|14.00|4
Felt Desk Tray with Cable Slot|Home > Storage|28.00|2
Enamel Planter, 18 cm|Garden > Planters|26.00|5
Oak Wall Shelf, 60 cm|Furniture > Shelves|64.00|2
Washable Cotton Rug, 120 × 170|Textiles > Rugs|89.00|3
Brass Hook Rail, 5 Hooks|Furniture > Hooks|31.00|1
Stoneware Mug, Speckled|Kitchen > Mugs|12.00|4
Jute Laundry Hamper with Lid|Home > Storage|49.50|2
Olive Wood Serving Board|Kitchen > Boards|38.00|2
Waffle Bath Towel, Organic Cotton|Textiles > Towels|27.50|6
Ceramic Oil Bottle with Spout|Kitchen > Jars|19.00|3
Rattan Pendant Lamp, 40 cm|Furniture > Lamps|79.00|2
Beeswax Pillar Candle, Set of 3|Home > Candles|24.00|1
Glass Water Carafe, 1 L|Kitchen > Jars|21.00|1
Terracotta Herb Pot Trio|Garden > Planters|29.00|1
Magnetic Knife Strip, Walnut|Kitchen > Boards|42.00|2
Quilted Table Runner|Textiles > Table|18.50|3
Folding Step Stool, Birch|Furniture > Stools|54.00|2"""

LINES = ("", "Slate", "Meadow")
PALETTE = (
    ("c9d6c3", "7d9a74"),
    ("e4d3bd", "b08a5b"),
    ("cfd8ea", "6d86b8"),
    ("ead0d6", "b56a7d"),
    ("d9d3ea", "8572b8"),
    ("d3e6e6", "5f9b9b"),
    ("efe3b8", "b79a3b"),
    ("dcdcdc", "8a8a8a"),
)
SHAPES = (
    "<path d='M10 20h24l-3 14H13z' fill='{0}'/><path d='M14 20c0-8 16-8 16 0' fill='none' stroke='{0}'/>",
    "<rect x='14' y='10' width='16' height='26' rx='3' fill='{0}'/><path d='M17 6h10v5H17z' fill='{0}'/>",
    "<circle cx='22' cy='22' r='12' fill='{0}'/>",
    "<path d='M8 30c4-16 24-16 28 0z' fill='{0}'/><rect x='8' y='31' width='28' height='3' fill='{0}'/>",
    "<path d='M12 34V14l10-6 10 6v20z' fill='{0}'/>",
)

US_STATES: tuple[str, ...] = (
    ("live",) * 41 + ("reviewing",) * 4 + ("in_progress",) * 2 + ("not_uploaded",) * 3 + ("failed",) * 5
)
US_STATES += ("inactive_seller",) * 2 + ("inactive_system", "inactive_platform")
UK_STATES = ("live",) * 22 + ("failed",) * 4 + ("reviewing",) * 5 + ("inactive_seller",) * 2 + ("not_uploaded",) * 4
TIKTOK_STATUS = {
    "live": "ACTIVATE",
    "reviewing": "PENDING",
    "in_progress": "",
    "not_uploaded": "",
    "failed": "FAILED",
    "inactive_seller": "SELLER_DEACTIVATED",
    "inactive_system": "SELLER_DEACTIVATED",
    "inactive_platform": "PLATFORM_DEACTIVATED",
}
STAGES = (
    ("UNPAID", 3),
    ("ON_HOLD", 2),
    ("AWAITING_SHIPMENT", 14),
    ("PARTIALLY_SHIPPING", 2),
    ("AWAITING_COLLECTION", 5),
    ("IN_TRANSIT", 17),
    ("DELIVERED", 12),
    ("COMPLETED", 96),
    ("CANCELLED", 9),
)
STORE_STATE = {
    "AWAITING_SHIPMENT": "awaiting_fulfillment",
    "PARTIALLY_SHIPPING": "partially_shipped",
    "AWAITING_COLLECTION": "awaiting_shipment",
    "IN_TRANSIT": "shipped",
    "DELIVERED": "awaiting_pickup",
    "COMPLETED": "completed",
    "CANCELLED": "cancelled",
}
BUYERS = (("Jo", "Park"), ("Ada", "Reyes"), ("Sam", "Okafor"), ("Lena", "Brandt"), ("Noor", "Haddad"), ("Ivy", "Marsh"))


PREFERENCES = {
    "US": {"price_rule": {"kind": "percent_up", "value": "10"}, "reserve": 2},
    "UK": {"exchange_rate": "0.88", "reserve": 2},
}


@dataclass
class World:
    """What `fill` made, for tests to speak of."""

    account: Account
    owner: User
    store: Store
    us: Connection
    uk: Connection
    products: list[StoreProduct] = field(default_factory=list)
    orders: list[ShopOrderRow] = field(default_factory=list)
    running: Task | None = None

    def lane(self, kind: str, connection: Connection | None = None) -> Lane:
        owner = f"connection:{connection.id}" if connection else f"store:{self.store.id}"
        return Lane.objects.get_or_create(account=self.account, kind=kind, owner=owner)[0]


def fill(name: str = "Fernhollow Goods", *, email: str = EMAIL, tag: str = "") -> World:
    """An account with one store and two shops. `tag` keeps the platform ids of a second account apart."""
    account = accounts.create_account(
        name, owner_email=email, password=PASSWORD, owner_name="Maya Ortiz", by=COMMAND_LINE
    )
    owner = User.objects.get(email=email)
    owner.time_zone = "America/Chicago"
    owner.save()
    with scope(account=account):
        world = World(account, owner, *connect(account, tag))
        _products(world)
        _orders(world, tag)
        _problems(world)
        _tasks(world)
    return world


def connect(account: Account, tag: str = "") -> tuple[Store, Connection, Connection]:
    now = clock.now()
    store = Store.objects.create(
        account=account,
        hash=f"k3x9q{tag}",
        name="Fernhollow Goods",
        token="sealed",
        currency="USD",
        prices_include_tax=True,
        time_zone="America/Chicago",
        control_panel_url=f"https://store-k3x9q{tag}.mybigcommerce.com",
        pulled_at=now - timedelta(minutes=3),
    )
    connections = []
    for region, currency, days, shop_id in (("US", "USD", 173, "7495000000001"), ("GB", "GBP", 9, "7495000000002")):
        label = "UK" if region == "GB" else region
        seller = Seller.objects.create(
            account=account,
            open_id=f"seller-{label}{tag}",
            name=f"Fernhollow {label}",
            region=region,
            access_token="sealed",
            access_expires_at=now + timedelta(days=6),
            refresh_token="sealed",
            refresh_expires_at=now + timedelta(days=days, hours=1),
        )
        shop = Shop.objects.create(
            account=account,
            seller=seller,
            shop_id=f"{shop_id}{tag}",
            name=f"Fernhollow {label}",
            region=region,
            seller_type="LOCAL",
            cipher="sealed",
            currency=currency,
            warehouses=[{"id": "7001", "name": f"{label} main", "sales": True, "enabled": True, "default": True}],
        )
        connections.append(
            Connection.objects.create(
                preferences=PREFERENCES[label],
                account=account,
                name=f"Shop {label}",
                store=store,
                shop=shop,
                warehouse_id="7001",
                set_up_at=clock.now(),
            )
        )
    for connection in connections:
        CategoryTree.objects.create(
            account=account, shop=connection.shop, read_at=clock.now(), leaves=leaves_kept(LEAVES)
        )
    Template.objects.create(
        account=account,
        connection=connections[0],
        name="Default",
        is_default=True,
        category_id="600024",
        category_path="Home Supplies > Home Organizers > Storage Boxes & Bins",
        rules={
            "attributes": [{"name": "Material", "source": "custom_field", "field": "Material", "value": ""}],
            "package": {"length": 12, "width": 10, "height": 6, "weight": 2},
        },
    )
    return store, connections[0], connections[1]


LEAVES = (
    Leaf(id="600024", path="Home Supplies > Home Organizers > Storage Boxes & Bins"),
    Leaf(id="854152", path="Home Supplies > Home Decor > Candles"),
    Leaf(id="1243152", path="Home Supplies > Home Decor > Candle Holders > Candleholder Sets"),
    Leaf(id="600031", path="Kitchenware > Jars"),
    Leaf(id="600042", path="Kitchenware > Drinkware > Mugs"),
    Leaf(id="600123", path="Kitchenware > Kitchen Utensils & Gadgets > Fire Starters", available=False),
)


def picture(number: int) -> str:
    light, dark = PALETTE[number % len(PALETTE)]
    shape = SHAPES[number % len(SHAPES)].format(f"#{dark}")
    ground = f"<rect width='44' height='44' fill='#{light}'/>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 44 44'>{ground}{shape}</svg>"
    return f"data:image/svg+xml,{quote(svg)}"


def product_document(number: int, *, picture_url: str = "", modified_at: datetime) -> Product:
    title, category, price, variants = GOODS.splitlines()[number % 20].split("|")
    line = LINES[number // 20 % len(LINES)] if number < 60 else f"No. {number}"
    colors = ("Natural", "Charcoal", "Sand", "Moss", "Clay", "Ink")
    amount = Decimal(price) + number // 20 * Decimal("2.50")
    sku = f"FH-{2041 + 7 * number}"
    return Product(
        id=str(1000 + number),
        title=f"{line} {title}".strip(),
        sku=sku,
        description="<p>Made to be used every day, easy to clean and to store.</p>",
        brand="Fernhollow",
        categories=(category,),
        price=Money(amount, "USD"),
        images=(Image(url=picture_url or picture(number), thumbnail=True),),
        custom_fields=(("Care", "Wipe with a damp cloth"),),
        tracking="variant",
        modified_at=modified_at,
        variants=tuple(
            Variant(
                id=str(10 * (1000 + number) + n),
                sku=f"{sku}-{colors[n][:3].upper()}" if int(variants) > 1 else sku,
                options=(OptionValue("Color", colors[n]),) if int(variants) > 1 else (),
                price=Money(amount + n, "USD"),
                stock=0 if number % 20 == 6 else (number * 13 + n * 7) % 90 + 3,
                gtin=f"50123{45678900 + 10 * number + n:08d}",
            )
            for n in range(int(variants))
        ),
    )


def product_rows(store: Store, document: Product, seen_at: datetime) -> tuple[StoreProduct, list[StoreVariant]]:
    data = to_json(document)
    prices = [variant.price.amount for variant in document.variants]
    codes = {document.sku, *(v.sku for v in document.variants), *(v.gtin for v in document.variants)}
    row = StoreProduct(
        account_id=store.account_id,
        store=store,
        product_id=document.id,
        title=document.title,
        sku=document.sku,
        brand=document.brand,
        category=document.categories[0],
        image_url=document.images[0].url,
        variant_count=len(document.variants),
        simple=is_simple(document),
        sale=sale_of(document).value,
        price_min=min(prices),
        price_max=max(prices),
        stock=sum(v.stock or 0 for v in document.variants),
        search=searchable([document.title, *sorted(codes)]),
        document=data,
        digest=hashlib.sha256(data).digest(),
        modified_at=document.modified_at,
        seen_at=seen_at,
    )
    variants = [
        StoreVariant(
            account_id=store.account_id,
            store=store,
            product_id=document.id,
            variant_id=v.id,
            sku=v.sku,
            gtin=v.gtin,
            price=v.price.amount,
            stock=v.stock,
        )
        for v in document.variants
    ]
    return row, variants


def listing_id(connection: Connection, document: Product) -> str:
    return f"1729{connection.id:04d}{document.id:0>8}"


def listing_rows(connection: Connection, document: Product, state: str, now: datetime) -> tuple[ListingRow, list[Link]]:
    on_tiktok = state not in {"not_uploaded", "in_progress"} and not (state == "failed" and int(document.id) % 2)
    tiktok_id = listing_id(connection, document) if on_tiktok else ""
    rate = Decimal("1.10") if connection.shop.region == "US" else Decimal("0.88")
    links = [
        Link(
            account_id=connection.account_id,
            connection=connection,
            product_id=document.id,
            variant_id=v.id,
            seller_sku=v.sku,
            tiktok_id=tiktok_id,
            sku_id=f"{tiktok_id}{n}",
            price=(v.price.amount * rate).quantize(Decimal("0.01")),
            currency=connection.shop.currency,
            quantity=max(0, (v.stock or 0) - 2),
        )
        for n, v in enumerate(document.variants)
        if on_tiktok
    ]
    prices = [link.price for link in links if link.price is not None]
    row = ListingRow(
        account_id=connection.account_id,
        connection=connection,
        product_id=document.id,
        wanted=state != "not_uploaded",
        state=state,
        tiktok_id=tiktok_id,
        status=TIKTOK_STATUS[state] if on_tiktok else "",
        audit_status="AUDITING" if state == "reviewing" else "",
        price_min=min(prices, default=None),
        price_max=max(prices, default=None),
        quantity=sum(link.quantity or 0 for link in links) if links else None,
        checked_at=now - timedelta(minutes=2 + int(document.id) % 9) if on_tiktok else None,
        observed_at=now if on_tiktok else None,
    )
    return row, links


def _products(world: World) -> None:
    now = clock.now()
    products: list[StoreProduct] = []
    variants: list[StoreVariant] = []
    listings: list[ListingRow] = []
    links: list[Link] = []
    # Spread over the products, so that no page shows one state alone.
    us, uk = _shuffled(US_STATES), _shuffled(UK_STATES)
    for number in range(60):
        document = product_document(number, modified_at=now - timedelta(hours=number))
        row, own = product_rows(world.store, document, now - timedelta(minutes=3))
        products.append(row)
        variants += own
        for connection, states in ((world.us, us), (world.uk, uk)):
            if number < len(states):
                listing, pairs = listing_rows(connection, document, states[number], now)
                listings.append(listing)
                links += pairs
    world.products = StoreProduct.objects.bulk_create(products)
    rebuild(StoreProduct)
    StoreVariant.objects.bulk_create(variants)
    membership.keep_texts(world.store, [from_json(bytes(row.document), Product) for row in products])
    ListingRow.objects.bulk_create(listings)
    Link.objects.bulk_create(links)
    titles = {row.product_id: row.title for row in world.products}
    shop_of = {c.id: c.shop for c in (world.us, world.uk)}
    ShopSkuSeen.objects.bulk_create(
        ShopSkuSeen(
            account=world.account,
            shop=shop_of[link.connection_id],
            tiktok_id=link.tiktok_id,
            sku_id=link.sku_id,
            seller_sku=link.seller_sku,
            title=titles[link.product_id],
            status="ACTIVATE",
        )
        for link in links
    )


def _shuffled(items: Sequence[str]) -> list[str]:
    mixed = list(items)
    random.Random(7).shuffle(mixed)
    return mixed


def order_document(
    number: int,
    status: str,
    placed_at: datetime,
    products: Sequence[Product],
    connection: Connection,
    *,
    prefix: str,
    linked: bool = True,
) -> ShopOrder:
    chance = random.Random(number)
    currency = connection.shop.currency
    lines = []
    for n, product in enumerate(chance.sample(list(products), 1 + number % 2)):
        index = number % len(product.variants)
        variant = product.variants[index]
        price = Money(variant.price.amount, currency)
        lines.append(
            OrderLine(
                unit_ids=tuple(f"{number}{n}{unit}" for unit in range(1 + (number + n) % 2)),
                product_id=f"1729{product.id}",
                sku_id=f"{listing_id(connection, product)}{index}" if linked else f"9{variant.id}",
                seller_sku=variant.sku,
                title=product.title,
                sku_title=", ".join(option.value for option in variant.options),
                original_price=price,
                paid=Money(price.amount - 3, currency),
                seller_discount=Money.of(1, currency),
                platform_discount=Money.of(2, currency),
                tax=Money.of("0.80", currency),
                status=status,
            )
        )
    units = sum(line.quantity for line in lines)
    subtotal = Money.total((line.paid * line.quantity for line in lines), currency)
    tax, shipping = Money.of("0.80", currency) * units, Money.of("4.99", currency)
    paid_at = None if status == "UNPAID" else placed_at + timedelta(minutes=2)
    return ShopOrder(
        id=f"{prefix}{2658762750000 + number}",
        status=ShopOrderStatus(status),
        created_at=placed_at,
        updated_at=placed_at + timedelta(minutes=4),
        paid_at=paid_at,
        on_hold=status == "ON_HOLD",
        lines=tuple(lines),
        payment=OrderPayment(
            subtotal=subtotal,
            shipping=shipping,
            tax=tax,
            product_tax=tax,
            shipping_tax=Money.zero(currency),
            fees=Money.zero(currency),
            seller_discount=Money.of(1, currency) * units,
            platform_discount=Money.of(2, currency) * units,
            total=subtotal + shipping + tax,
        ),
        address=Address(
            first_name=f"{BUYERS[number % 6][0][0]}***",
            last_name=f"{BUYERS[number % 6][1][0]}***",
            street_1="14** W. Fullerton Ave",
            city="Chicago" if currency == "USD" else "Leeds",
            state="IL" if currency == "USD" else "",
            postal_code="606**",
            country_code="US" if currency == "USD" else "GB",
            phone="(+1) 312*****18",
            email=f"buyer{number}@tiktok.example",
        ),
        buyer_id=f"7{number % 40:05}",
        buyer_message="Please leave it at the side door." if number % 9 == 0 else "",
        fulfilled_by_tiktok=number % 17 == 0,
        shipped_by_tiktok=number % 3 == 0,
        delivery_option="Standard shipping",
        packages=(ShopPackage(id=f"pkg{number}"),),
        tracking_number="9400111899560000000000" if status in {"IN_TRANSIT", "DELIVERED", "COMPLETED"} else "",
        shipping_provider="USPS" if status in {"IN_TRANSIT", "DELIVERED", "COMPLETED"} else "",
        ship_by=placed_at + timedelta(hours=44) if paid_at else None,
        cancel_reason="Buyer changed their mind" if status == "CANCELLED" else "",
        cancelled_by="BUYER" if status == "CANCELLED" else "",
    )


def order_row(connection: Connection, order: ShopOrder, store_order_id: str | None) -> ShopOrderRow:
    buyer = json.dumps({"address": msgspec.to_builtins(order.address), "message": order.buyer_message})
    row = ShopOrderRow(
        account_id=connection.account_id,
        connection=connection,
        order_id=order.id,
        status=order.status,
        placed_at=order.created_at,
        updated_at=order.updated_at,
        paid_at=order.paid_at,
        ship_by=order.ship_by,
        total=order.payment.total.amount,
        currency=order.payment.total.currency,
        fulfilled_by_tiktok=order.fulfilled_by_tiktok,
        document=to_json(msgspec.structs.replace(order, address=Address(), buyer_message="")),
        buyer=seal(buyer, bound_to=f"order:{connection.id}:{order.id}"),
        buyer_id=order.buyer_id,
        address_clear=False,
        search=search_words(order),
        shipped_by_tiktok=order.shipped_by_tiktok,
        store_order_id=store_order_id,
        seen_at=order.created_at + timedelta(minutes=2, seconds=10),
    )
    row.name_key, row.last_name_key = name_keys(order.address)
    if store_order_id:
        row.creation, row.referenced = "created", True
        row.store_state = STORE_STATE.get(order.status, "awaiting_fulfillment")
    elif order.status in {"UNPAID", "ON_HOLD"}:
        row.reason = (
            "Not paid yet." if order.status == "UNPAID" else "On hold: TikTok lets the buyer cancel for about an hour."
        )
    return row


def _orders(world: World, tag: str) -> None:
    now = clock.now()
    documents = [product_document(n, modified_at=now) for n in range(60)]
    sold = {}
    for connection in (world.us, world.uk):
        on_sale = set(Link.objects.filter(connection=connection).values_list("product_id", flat=True))
        sold[connection.id] = [document for document in documents if document.id in on_sale]
    stages = [status for status, count in STAGES for _ in range(count)]
    rows: list[ShopOrderRow] = []
    records: list[ChangeRecord] = []
    events: list[InboxEvent] = []
    lanes = {c.id: world.lane("order", c) for c in (world.us, world.uk)}
    for number, status in enumerate(stages):
        connection = world.us if number % 5 < 3 else world.uk
        young = status in {"UNPAID", "ON_HOLD"}
        hours = (
            0.3
            if young
            else {
                "AWAITING_SHIPMENT": 6 + 2.7 * (number % 14),
                "PARTIALLY_SHIPPING": 30,
                "AWAITING_COLLECTION": 40,
            }.get(status, 26 + 3.1 * number % 330)
        )
        failed = status == "AWAITING_SHIPMENT" and number % 9 == 0
        order = order_document(
            number,
            status,
            now - timedelta(hours=hours),
            sold[connection.id],
            connection,
            prefix=f"57724{tag}",
            linked=not failed,
        )
        row = order_row(
            connection, order, None if young or failed or (status == "CANCELLED" and number % 2) else str(2000 + number)
        )
        if failed:
            row.creation, row.attempts, row.reason = (
                "failed",
                3,
                f"Not created in BigCommerce: no linked product for SKU {order.lines[0].seller_sku}.",
            )
        elif status == "CANCELLED" and number % 2:
            row.creation, row.reason = "ignored", "Cancelled before it was imported."
        rows.append(row)
        events.append(
            _event(
                world.account,
                "tiktok",
                f"ORDER_STATUS_CHANGE ({number})",
                order.id,
                at=row.seen_at,
                dedupe=f"o{number}",
            )
        )
        if row.store_order_id:
            records.append(
                ChangeRecord(
                    account=world.account,
                    lane=lanes[connection.id],
                    kind="CreateStoreOrder",
                    key=order.id,
                    cause="webhook ORDER_STATUS_CHANGE",
                    change={"type": "CreateStoreOrder", "shop_order_id": order.id},
                    ok=True,
                    answer=f"created as {row.store_order_id}",
                    at=row.seen_at + timedelta(seconds=28 + number % 21),
                )
            )
    world.orders = ShopOrderRow.objects.bulk_create(rows)
    ChangeRecord.objects.bulk_create(records)
    InboxEvent.objects.bulk_create(events)
    ShipmentRow.objects.bulk_create(
        ShipmentRow(
            account=world.account,
            order=row,
            shipment_id=5000 + row.id,
            tracking_number="9400111899560000000000",
            carrier="USPS",
            provider_id="7117",
            state="reported",
            reported_at=row.placed_at + timedelta(hours=20),
        )
        for row in world.orders
        if row.status in {"IN_TRANSIT", "DELIVERED", "COMPLETED"} and row.store_order_id
    )
    CancellationRow.objects.bulk_create(
        CancellationRow(
            account=world.account,
            order=row,
            origin="shop",
            state="done",
            reason="Buyer changed their mind",
            at=row.updated_at,
        )
        for row in world.orders
        if row.status == "CANCELLED"
    )
    failed_rows = [row for row in world.orders if row.creation == "failed"]
    Problem.objects.bulk_create(
        Problem(
            account=world.account,
            lane=lanes[row.connection_id],
            key=row.order_id,
            code="E-ORD-SKU",
            facts={"skus": row.reason.rpartition(" ")[2].rstrip(".")},
            waits_for="link:1",
            opened_at=now - timedelta(hours=3),
        )
        for row in failed_rows
    )


def _event(
    account: Account, source: str, topic: str, subject: str, *, at: datetime, dedupe: str, **more: Any
) -> InboxEvent:
    return InboxEvent(
        account=account, source=source, dedupe=dedupe, topic=topic, subject=subject, received_at=at, **more
    )


def _problems(world: World) -> None:
    now = clock.now()
    attribute: Any = (
        "E-LST-ATTR",
        {"names": "Material"},
    )
    picture_: Any = (
        "E-LST-IMGURL",
        {"image": "mug.tiff", "why": "it is not an image in a supported format"},
    )
    review: Any = (
        "E-LST-REVIEW",
        {
            "reasons": "The main image shows text that covers the product.",
            "answer": "product main image violates the rules",
            "number": "12052900",
            "request": "202611220812340101",
        },
    )
    stopped: Any = (
        "E-LST-STOPPED",
        {"reasons": "The category is restricted in this market."},
    )
    problems = []
    for connection in (world.us, world.uk):
        lane = world.lane("listing", connection)
        failed = (
            ListingRow.objects.filter(connection=connection, state="failed")
            .order_by("product_id")
            .values_list("product_id", flat=True)
        )
        kinds = (attribute, attribute, picture_, review, attribute)
        for n, product_id in enumerate(failed):
            chosen = [kinds[n % 5]] + ([picture_] if n == 0 else [])
            problems += [(lane, product_id, *kind, n) for kind in chosen]
        for product_id in ListingRow.objects.filter(connection=connection, state="inactive_platform").values_list(
            "product_id", flat=True
        ):
            problems.append((lane, product_id, *stopped, 3))
    Problem.objects.bulk_create(
        Problem(
            account=world.account,
            lane=lane,
            key=product_id,
            code=code,
            facts=facts,
            waits_for="template" if code == "E-LST-ATTR" else "",
            opened_at=now - timedelta(hours=2, minutes=n),
        )
        for lane, product_id, code, facts, n in problems
    )


def _tasks(world: World) -> None:
    now = clock.now()
    owner = f"connection:{world.us.id}"

    def task(
        kind: str, title: str, minutes: float, state: str = "completed", *, by: User | None = world.owner, **more: Any
    ) -> Task:
        started = now - timedelta(minutes=minutes)
        finished = None if state in {"running", "queued"} else started + timedelta(seconds=more.pop("took", 40))
        return Task.objects.create(
            account=world.account,
            kind=kind,
            title=title,
            owner=more.pop("owner", owner),
            by=by,
            state=state,
            created_at=started,
            started_at=started,
            finished_at=finished,
            **more,
        )

    world.running = task(
        "ask_listing",
        "List 48 products on Fernhollow US",
        2,
        "running",
        total=48,
        succeeded=27,
        failed=3,
        cursor={"carried_out": True},
    )
    ids = [row.product_id for row in world.products]
    lane = world.lane("listing", world.us)
    TaskItem.objects.bulk_create(
        TaskItem(
            account=world.account,
            task=world.running,
            lane=lane,
            key=product_id,
            state="succeeded" if n < 27 else ("failed" if n < 30 else "waiting"),
            text="Missing required attribute(s): Material." if 27 <= n < 30 else "",
        )
        for n, product_id in enumerate(ids[:48])
    )
    listed = task(
        "ask_listing",
        "List 25 products on Fernhollow UK",
        175,
        total=25,
        succeeded=23,
        failed=2,
        summary="23 done, 2 failed",
        owner=f"connection:{world.uk.id}",
    )
    uk_lane = world.lane("listing", world.uk)
    TaskItem.objects.bulk_create(
        TaskItem(
            account=world.account,
            task=listed,
            lane=uk_lane,
            key=product_id,
            state="failed" if n < 2 else "succeeded",
            text="=cmd|' /C calc'!A0"
            if n == 0
            else ("Image 1 cannot be read or has an unsupported format." if n == 1 else ""),
        )
        for n, product_id in enumerate(ids[:25])
    )
    task(
        "ask_stock",
        "Sync price and stock of 41 products on Fernhollow US",
        32,
        total=82,
        succeeded=82,
        summary="82 done",
        took=52,
    )
    task(
        "ask_visibility",
        "Deactivate 2 products on Fernhollow US",
        300,
        total=2,
        succeeded=1,
        skipped=1,
        summary="1 done, 1 skipped",
        params={"on": False},
    )
    task(
        "pull",
        "Pull products of Fernhollow Goods",
        1500,
        total=60,
        succeeded=60,
        summary="60 done",
        owner=f"store:{world.store.id}",
        by=None,
    )
    task("fetch_orders", "Fetch orders of Fernhollow UK", 1600, "cancelled", total=0, owner=f"connection:{world.uk.id}")
    for connection, differences in (
        (
            world.us,
            [
                {
                    "kind": "price",
                    "key": str(ids[0]),
                    "text": "The price of SKU FH-2041-NAT differs.",
                    "expected": "37.40 USD",
                    "found": "34.00 USD",
                }
            ],
        ),
        (world.uk, []),
    ):
        report = {
            "at": (now - timedelta(minutes=6)).isoformat(),
            "products": 60,
            "listings": {"live": 41},
            "compared": 212,
            "left_out": 3,
            "subjects": {"price": {"there": 106, "compared": 103, "left_out": 3}},
            "not_compared": [
                {
                    "subject": "price",
                    "reason": "unreadable",
                    "text": "TikTok Shop did not tell the price.",
                    "number": 3,
                    "keys": ["1001", "1002"],
                }
            ],
            "differences": differences,
        }
        task(
            "prove",
            f"Check everything on {connection.shop}",
            6.5,
            total=215 + len(differences),
            succeeded=212,
            skipped=3,
            failed=len(differences),
            summary="212 done",
            owner=f"connection:{connection.id}",
            cursor={"report": report, "counts_itself": True, "carried_out": True},
            by=None,
        )
    lanes = {kind: world.lane(kind, world.us) for kind in ("listing", "price", "stock")}
    first = str(ids[0])
    changes: list[tuple[str, str, dict[str, Any], bool, str, int]] = [
        ("listing", "CreateListing", {"listing": {"title": world.products[0].title}}, True, "created", 60 * 26),
        (
            "price",
            "SetPrices",
            {"prices": [["17290", {"amount": "37.40", "currency": "USD"}]]},
            True,
            "3 prices set",
            240,
        ),
        ("stock", "SetStock", {"stock": [["17290", [["7001", 39]]]]}, True, "stock of 3 SKU(s) set", 35),
        ("listing", "EditContent", {"shop_listing_id": "1729"}, False, "TikTok Shop refused: title too long", 20),
    ]
    ChangeRecord.objects.bulk_create(
        ChangeRecord(
            account=world.account,
            lane=lanes[kind],
            kind=name,
            key=first,
            cause="webhook store/product/updated",
            change={"type": name, **change},
            ok=ok,
            answer=answer,
            at=now - timedelta(minutes=minutes),
        )
        for kind, name, change, ok, answer, minutes in changes
    )
    InboxEvent.objects.bulk_create(
        [
            _event(
                world.account,
                "bigcommerce",
                "store/product/updated",
                first,
                at=now - timedelta(minutes=21),
                dedupe="b1",
            ),
            _event(
                world.account,
                "bigcommerce",
                "store/sku/inventory/updated",
                first,
                at=now - timedelta(minutes=36),
                dedupe="b2",
            ),
            _event(
                world.account,
                "bigcommerce",
                "store/order/archived",
                "2105",
                at=now - timedelta(minutes=50),
                dedupe="b3",
                outcome="ignored",
                reason="Nothing here depends on it.",
            ),
        ]
    )
    ShopSkuSeen.objects.create(
        account=world.account,
        shop=world.us.shop,
        tiktok_id="1",
        sku_id="1",
        seller_sku="FH-7713",
        title="Unlinked thing",
        status="ACTIVATE",
    )


def fill_many(world: World, products: int, orders: int) -> None:
    """The tables of `world` at size, with documents as large as a real shop's (about 3 kB a product, 2 kB an order)."""
    now = clock.now()
    filler = " ".join(f"word{n}" for n in range(330))
    states = (
        ("live",) * 84
        + ("reviewing",) * 3
        + ("not_uploaded",) * 8
        + ("failed", "failed", "inactive_seller", "inactive_system", "in_progress")
    )
    with scope(account=world.account):
        lane = world.lane("listing", world.us)
        for start in range(100, products, 2000):
            rows: list[StoreProduct] = []
            variants: list[StoreVariant] = []
            listings: list[ListingRow] = []
            links: list[Link] = []
            problems: list[Problem] = []
            documents: list[Product] = []
            for number in range(start, min(start + 2000, products)):
                document = product_document(
                    number, picture_url=f"https://cdn.example/{number}.jpg", modified_at=now - timedelta(seconds=number)
                )
                document = msgspec.structs.replace(document, description=filler)
                row, own = product_rows(world.store, document, now)
                rows.append(row)
                documents.append(document)
                variants += own
                for connection, state in ((world.us, states[number % 101 % 100]), (world.uk, states[number * 7 % 100])):
                    listing, pairs = listing_rows(connection, document, state, now)
                    listings.append(listing)
                    links += pairs if connection is world.us else []
                    if state == "failed" and connection is world.us:
                        problems.append(
                            Problem(
                                account=world.account,
                                lane=lane,
                                key=str(document.id),
                                code="E-LST-ATTR",
                                facts={"names": "Material"},
                                opened_at=now,
                            )
                        )
            for model, made in (
                (StoreProduct, rows),
                (StoreVariant, variants),
                (ListingRow, listings),
                (Link, links),
                (Problem, problems),
            ):
                _create(model, made)
            membership.keep_texts(world.store, documents)
        rebuild(StoreProduct)
        documents = [product_document(n, modified_at=now) for n in range(60)]
        stages = (
            ("COMPLETED",) * 90
            + ("CANCELLED",) * 4
            + ("IN_TRANSIT",) * 3
            + ("DELIVERED", "AWAITING_SHIPMENT", "AWAITING_COLLECTION")
        )
        for start in range(1000, orders, 2000):
            chunk: list[ShopOrderRow] = []
            for number in range(start, min(start + 2000, orders)):
                connection = world.us if number % 5 < 3 else world.uk
                order = order_document(
                    number,
                    stages[number % 100],
                    now - timedelta(minutes=number * 3),
                    documents,
                    connection,
                    prefix="57724",
                )
                chunk.append(order_row(connection, order, str(2000 + number)))
            _create(ShopOrderRow, chunk)


def _create(model: Any, rows: Iterable[Any]) -> None:
    model.objects.bulk_create(list(rows), batch_size=500)


def add_member(world: World, email: str, role: str = Role.ADMIN) -> User:
    user = User.objects.create_user(email, PASSWORD, name=email.partition("@")[0].title())
    Membership.objects.create(account=world.account, user=user, role=role)
    return user


_RETURNS = (
    ("RETURN_AND_REFUND", "RETURN_OR_REFUND_REQUEST_PENDING", 30),
    ("RETURN_AND_REFUND", "BUYER_SHIPPED_ITEM", 52),
    ("REFUND", "RETURN_OR_REFUND_REQUEST_PENDING", 5),
    ("RETURN_AND_REFUND", "AWAITING_BUYER_SHIP", 0),
    ("REFUND", "RETURN_OR_REFUND_REQUEST_COMPLETE", 0),
    ("REPLACEMENT", "REPLACEMENT_REQUEST_COMPLETE", 0),
    ("RETURN_AND_REFUND", "REJECT_RECEIVE_PACKAGE", 0),
)
"""(type, status, hours to the seller's deadline) of what buyers ask for."""

_OFFERED = {
    "RETURN_OR_REFUND_REQUEST_PENDING": ("APPROVE_RETURN", "REJECT_RETURN", "OFFER_PARTIAL_REFUND"),
    "BUYER_SHIPPED_ITEM": ("APPROVE_RECEIVED_PACKAGE", "REJECT_RECEIVED_PACKAGE"),
}


def add_returns(world: World) -> list[ReturnRow]:
    """Returns of delivered orders, in most stages; three wait for the seller."""
    now = clock.now()
    delivered = [row for row in world.orders if row.status in {"DELIVERED", "COMPLETED"} and row.store_order_id]
    made = []
    for number, (order_row_, (kind, status, hours)) in enumerate(zip(delivered, _RETURNS, strict=False)):
        order = from_json(bytes(order_row_.document), ShopOrder)
        line, asked = order.lines[0], now - timedelta(hours=20 + number)
        deadline = now + timedelta(hours=hours, minutes=10) if hours else None
        zero = Money.zero(line.paid.currency)
        request = ShopReturn(
            id=f"4035318504086{number:06d}",
            order_id=order.id,
            kind=ReturnKind(kind),
            status=status,
            reason="ecom_order_delivered_refund_reason_damaged",
            reason_text="Item arrived damaged",
            role="BUYER",
            created_at=asked,
            updated_at=now,
            deadline=deadline,
            lines=(
                ReturnLine(
                    id=str(number), unit_id=line.unit_ids[0], sku_id=line.sku_id, seller_sku=line.seller_sku,
                    title=line.title, sku_title=line.sku_title, refund=line.paid,
                ),
            ),
            refund=RefundAmount(total=line.paid, subtotal=line.paid, shipping=zero, tax=zero, other=zero),
            tracking_number="9400111206204410770001" if status == "BUYER_SHIPPED_ITEM" else "",
            provider="USPS" if status == "BUYER_SHIPPED_ITEM" else "",
        )  # fmt: skip
        row = return_book.keep_returns(order_row_.connection, [request])[request.id]
        events = [
            ReturnEvent(at=asked, event="ORDER_RETURN", role="BUYER", description="A request was submitted.",
                        note="One handle was torn off when I opened the box."),
        ]  # fmt: skip
        row.story, row.read_at = return_book.sealed_story(row, events), row.updated_at
        reasons = (("reverse_reject_request_reason_4", "Product delivery is on schedule"),)
        row.offered = [
            {"decision": name, "reasons": reasons if name.startswith("REJECT") else ()}
            for name in _OFFERED.get(status, ())
        ]
        row.save()
        made.append(row)
    return made
