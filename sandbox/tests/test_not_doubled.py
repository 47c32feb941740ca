"""What is documented and not doubled answers 501 with a sentence, so that it is told from a wrong path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tiktok_shop_api.generated._meta import OPERATIONS

from sandbox.tests.bigcommerce_client import open_store
from sandbox.tests.openapi import Specification
from sandbox.tests.tiktok_client import open_shop
from twinshelf_sandbox.bigcommerce.not_doubled import NOT_DOUBLED as NOT_BIGCOMMERCE
from twinshelf_sandbox.bigcommerce.not_doubled import not_doubled as not_bigcommerce
from twinshelf_sandbox.tiktok.not_doubled import NOT_DOUBLED as NOT_TIKTOK
from twinshelf_sandbox.tiktok.not_doubled import not_doubled as not_tiktok

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "1", path)


def test_what_bigcommerce_documents_is_doubled_or_says_that_it_is_not(sandbox, shared):
    folder = shared / "specs" / "bigcommerce"
    if not folder.is_dir():
        pytest.skip("BigCommerce's OpenAPI files are not in the reference material")
    store = open_store(sandbox)
    doubled = {(route.method, re.sub(r"\{[^}]+\}", "{}", route.path)) for route in sandbox.bigcommerce.routes}
    unknown: set[tuple[str, str]] = set()
    said: set[tuple[str, str]] = set()
    for method, path in Specification(folder).operations:
        if {(method, f"/v2{path}"), (method, f"/v3{path}")} & doubled:
            continue
        statuses = {store.http.request(method, f"/{version}{filled(path)}").status_code for version in ("v2", "v3")}
        (said if 501 in statuses else unknown).add((method, path))
    assert unknown == set()
    assert len(said) >= 80


def test_what_tiktok_shop_documents_is_doubled_or_says_that_it_is_not(sandbox):
    shop = open_shop(sandbox)
    unknown, said = set(), 0
    for operation in OPERATIONS:
        method, path = operation["method"].upper(), filled(operation["path"])
        if sandbox.tiktok.gateway.find(method, path) is None:
            answer = shop.http.request(method, path)
            reply = answer.json()
            says = reply["message"].startswith("The sandbox does not double this: ")
            if (answer.status_code, reply["code"], says) != (501, 36009009, True):
                unknown.add((method, path))
            said += 1
    assert unknown == set()
    assert said >= 150


def test_nothing_that_is_doubled_is_called_not_doubled(sandbox):
    ours = {filled(route.path) for route in sandbox.bigcommerce.routes}
    assert {path for path in ours if not_bigcommerce(path)} == {"/v3/catalog/products/1/reviews"}  # they can be read
    theirs = {filled(e.path.replace("{v}", v)) for e in sandbox.tiktok.gateway.endpoints for v in e.versions}
    assert {path for path in theirs if not_tiktok(path)} == set()


def test_a_wrong_path_is_still_a_wrong_path(sandbox):
    store, shop = open_store(sandbox), open_shop(sandbox)
    for path in ("/v3/contents", "/v2/couponss", "/v3/nonsense", "/v2/nonsense"):
        assert store.get(path).status_code == 404, path
    assert store.http.put("/v3/catalog/summary").status_code == 405
    for path in ("/analytic/202509/shop", "/analytics/2025/shop", "/product/202309/nonsense"):
        answer = shop.http.get(path)
        assert (answer.status_code, answer.json()["code"], "double" in answer.text) == (404, 36009009, False)


def test_a_bad_number_in_a_path_that_is_doubled_is_not_found(sandbox):
    store = open_store(sandbox)
    assert store.get("/v3/catalog/products/abc/reviews").status_code == 404
    assert store.get("/v3/sites/abc").status_code == 404
    assert store.get("/v3/sites/certificates").status_code == 501


def test_the_answer_is_in_the_dialect_of_the_call(sandbox):
    store = open_store(sandbox)
    v2, v3 = store.get("/v2/coupons"), store.http.post("/v3/catalog/products/1/reviews", json={})
    assert (v2.status_code, v2.json()[0]["status"]) == (501, 501)
    assert (v3.status_code, v3.json()["title"].partition(":")[0]) == (501, "The sandbox does not double this")


def test_the_page_lists_all_of_it():
    rows = [
        f"| {platform} | {what} | {' '.join(f'`{path}`' for path in paths)} |"
        for platform, table in (("BigCommerce", NOT_BIGCOMMERCE), ("TikTok Shop", NOT_TIKTOK))
        for what, paths in table.items()
    ]
    assert [row for row in rows if row not in PAGE] == []
