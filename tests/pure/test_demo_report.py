"""What the demo tells of its calls: made, and the fewest possible, from the sandbox's log of effects."""

import pytest

from twinshelf.cli.demo_report import done, spent


def effect(what, key, cause="tiktok POST /product/202309/products", **detail):
    platform, kind = what.split()
    return {"platform": platform, "kind": kind, "key": key, "cause": cause, "detail": detail}


def call(line, count):
    platform, method, path = line.split()
    return {"platform": platform, "method": method, "path": path, "count": count}


def rows(calls=(), effects=(), products=0):
    return {row.job: (row.calls, row.minimum) for row in spent(calls, done(effects, products=products))}


def test_nothing_done_needs_no_call():
    assert {minimum for _, minimum in rows().values()} == {0, None}


@pytest.mark.parametrize(("products", "pages"), [(0, 0), (1, 1), (250, 1), (251, 2)])
def test_products_are_read_250_a_page(products, pages):
    assert rows(products=products)["Read the catalog and its changes"] == (0, pages)


@pytest.mark.parametrize(
    ("line", "job"),
    [
        ("bigcommerce GET /stores/{}/v3/catalog/products", "Read the catalog and its changes"),
        ("tiktok POST /product/202309/images/upload", "Upload pictures"),
        ("tiktok POST /product/202309/products", "Create listings"),
        ("tiktok POST /product/202309/products/{}/prices/update", "Set prices"),
        ("tiktok POST /product/202309/products/{}/inventory/update", "Set stock"),
        ("tiktok GET /order/202507/orders", "Read TikTok orders"),
        ("bigcommerce POST /stores/{}/v2/orders", "Create BigCommerce orders"),
        ("bigcommerce GET /stores/{}/v2/orders/{}/shipments", "Read shipments"),
        ("tiktok POST /fulfillment/202610/orders/{}/packages", "Report shipments"),
        ("bigcommerce PUT /stores/{}/v2/orders/{}", "Cancel"),
        ("tiktok GET /product/202309/categories/{}/rules", "Sign-in, settings, categories, hooks, polls"),
    ],
)
def test_a_call_counts_for_its_job_alone(line, job):
    assert {name: made for name, (made, _) in rows([call(line, 7)]).items() if made} == {job: 7}


def test_people_and_pictures_served_are_no_calls():
    calls = [call("control POST /_sandbox/actions/x", 3), call("bigcommerce GET /_bigcommerce/{}/pictures/{}/{}", 9)]
    assert {made for made, _ in rows(calls).values()} == {0}


def test_a_product_pushed_twice_needs_one_call_and_its_creation_none():
    push = "tiktok POST /product/202309/products/1/inventory/update"
    effects = [
        effect("tiktok stock_set", "1"),
        effect("tiktok stock_set", "1", push),
        effect("tiktok stock_set", "1", push),
    ]
    assert rows(effects=effects)["Set stock"] == (0, 1)
    assert rows(effects=effects[:1])["Set stock"] == (0, 0)


def test_orders_and_their_numbers_go_in_pages():
    effects = [effect("tiktok order_created", str(n), "action shopper.buy") for n in range(51)]
    effects += [effect("bigcommerce order_created", str(n), "bigcommerce POST /stores/a/v2/orders") for n in range(51)]
    told = rows(effects=effects)
    assert told["Read TikTok orders"] == (0, 2)
    assert told["Create BigCommerce orders"] == (0, 51)
    assert told["Note their numbers on TikTok orders"] == (0, 1)


def test_only_our_own_cancellations_need_a_call():
    effects = [
        effect("bigcommerce order_status", "1", "action bc.cancel_order", after=5),
        effect("bigcommerce order_status", "2", "bigcommerce PUT /stores/a/v2/orders/2", after=5),
        effect("tiktok cancellation", "3", "action shopper.cancel"),
        effect("tiktok cancellation", "4", "tiktok POST /return_refund/202309/cancellations"),
    ]
    assert rows(effects=effects)["Cancel"] == (0, 2)
