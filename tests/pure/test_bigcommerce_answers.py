"""What BigCommerce's answers mean."""

from __future__ import annotations

import json

import pytest

from twinshelf.errors import (
    NotFound,
    OutOfStock,
    PlatformDown,
    Refused,
    ScopeMissing,
    Throttled,
    Unauthorized,
)
from twinshelf.storefronts.bigcommerce import answers
from twinshelf.storefronts.bigcommerce.answers import Complaint

V3 = {"type": "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"}


def judge(status, body=b"", headers=None, *, content_type="application/json", repeatable=True):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    answers.judge(
        status, headers or {}, data, content_type=content_type, doing="reading products", repeatable=repeatable
    )


@pytest.mark.parametrize(
    ("status", "content_type"),
    [(200, "application/json"), (201, "application/json"), (202, "application/json"), (200, "application/problem+json"),
     (204, ""), (204, "text/html")],
)  # fmt: skip
def test_fine(status, content_type):
    judge(status, b"{}", content_type=content_type)


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/xml", ""])
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_page_instead_of_json_is_an_outage_and_a_create_may_have_happened(content_type, repeatable):
    with pytest.raises(PlatformDown) as raised:
        judge(200, b"<html>Maintenance</html>", content_type=content_type, repeatable=repeatable)
    assert raised.value.outcome_unknown is not repeatable


@pytest.mark.parametrize(
    ("_case", "status", "content_type", "body", "message"),
    [
        ("no token", 401, "text/plain", b"X-Auth-Token header is required", "X-Auth-Token header is required"),
        ("empty", 401, "text/plain", b"X-Auth-Token header should have correct format", "should have correct format"),
        (
            "unknown",
            401,
            "application/json",
            {"status": 401, "title": "Unauthorized", **V3, "errors": {}},
            "Unauthorized",
        ),
        ("nothing told", 401, "", b"", "HTTP 401"),
        ("a page", 401, "text/html", b"<html>Sign in</html>", "HTTP 401"),
    ],
)
def test_all_forms_of_401(_case, status, content_type, body, message):
    with pytest.raises(Unauthorized, match=message) as raised:
        judge(status, body, content_type=content_type)
    assert raised.value.code == "E-CON-AUTH"


def test_a_missing_scope_names_the_operation():
    title = "You don't have a required scope to access the endpoint"
    with pytest.raises(ScopeMissing, match="reading products") as raised:
        judge(403, {"status": 403, "title": title, **V3, "errors": {}})
    assert raised.value.code == "E-CON-SCOPE"


@pytest.mark.parametrize(
    ("_case", "status", "kind"),
    [
        ("moved", 301, Refused),
        ("malformed", 400, Refused),
        ("another store's token", 403, Refused),
        ("gone", 404, NotFound),
        ("method", 405, Refused),
        ("conflict", 409, Refused),
        ("batch too large", 413, Refused),
        ("content type", 415, Refused),
        ("invalid", 422, Refused),
        ("never implemented", 501, Refused),
        ("HTTP version", 505, Refused),
        ("plan limit", 507, Refused),
        ("a status of tomorrow", 418, Refused),
        ("done in part", 207, Refused),
    ],
)
def test_what_repeating_does_not_cure_is_refused(_case, status, kind):
    with pytest.raises(Refused) as raised:
        judge(status, {"status": status, "title": "No", **V3, "errors": {"name": "Please provide a name."}})
    assert type(raised.value) is kind
    assert raised.value.platform_code == status
    assert raised.value.fields == (("name", "Please provide a name."),)
    assert "No (name: Please provide a name.)" in str(raised.value)


@pytest.mark.parametrize("status", [408, 423, 425, 499, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("repeatable", [True, False])
def test_what_passes_by_itself_is_an_outage(status, repeatable):
    with pytest.raises(PlatformDown) as raised:
        judge(
            status, b"<html>", {"x-rate-limit-time-reset-ms": "9000"}, content_type="text/html", repeatable=repeatable
        )
    assert (raised.value.wait_seconds, raised.value.outcome_unknown) == (0, not repeatable)


def test_an_outage_tells_the_store_s_reason():
    with pytest.raises(PlatformDown, match="The store is suspended"):
        judge(503, [{"status": 503, "message": "The store is suspended."}])


@pytest.mark.parametrize(
    ("_case", "headers", "seconds"),
    [
        ("seconds", {"x-retry-after": "12"}, 12),
        ("milliseconds", {"x-rate-limit-time-reset-ms": "1500"}, 1.5),
        ("the longer one, seconds", {"x-retry-after": "12", "x-rate-limit-time-reset-ms": "1500"}, 12),
        ("the longer one, milliseconds", {"x-retry-after": "1", "x-rate-limit-time-reset-ms": "15000"}, 15),
        ("no headers", {}, 0),
        ("nonsense", {"x-retry-after": "soon", "x-rate-limit-time-reset-ms": "-5"}, 0),
        ("a date", {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0),
        ("absurd", {"x-retry-after": "999999999"}, 3600),
    ],
)
def test_a_throttled_call_waits_as_long_as_told(_case, headers, seconds):
    with pytest.raises(Throttled) as raised:
        judge(429, b"", headers, content_type="")
    assert (raised.value.wait_seconds, raised.value.outcome_unknown) == (seconds, False)


MUG = {"id": 118, "name": "Enamel mug", "inventory_level": 2, "url": "https://x", "resource": "/products/118"}


@pytest.mark.parametrize(
    ("_case", "error", "field", "kind"),
    [
        (
            "tracked per product",
            {"type": "OutOfStock", "product": MUG},
            ("product:118", "Enamel mug is out of stock, 2 left"),
            OutOfStock,
        ),
        (
            "tracked per variant",
            {"type": "OutOfStock", "product": {**MUG, "sku": {"id": 93, "sku": "MUG-S", "inventory_level": 0}}},
            ("sku:MUG-S", "Enamel mug is out of stock, 0 left"),
            OutOfStock,
        ),
        (
            "at most",
            {"type": "ExceedsMaxQuantity", "product": {**MUG, "maximum_quantity": 5}},
            ("product:118", "Enamel mug is sold at most 5 at a time"),
            Refused,
        ),
        (
            "at least",
            {"type": "InsufficientQuantity", "product": {**MUG, "minimum_quantity": 2}},
            ("product:118", "Enamel mug is sold at least 2 at a time"),
            Refused,
        ),
        ("hardly anything", {"type": "OutOfStock"}, ("product:", "This product is out of stock"), OutOfStock),
    ],
)
def test_an_order_that_exceeds_the_stock_or_a_rule_names_its_lines(_case, error, field, kind):
    message = "Quantities of one or more products are out of stock or did not meet quantity requirements."
    with pytest.raises(kind) as raised:
        judge(409, [{"status": 409, "message": message, "details": {"errors": [error]}}], repeatable=False)
    assert type(raised.value) is kind
    assert raised.value.permanent is (kind is Refused)  # stock comes back by itself, a rule stays
    assert raised.value.fields == (field,)
    assert field[1] in str(raised.value)


@pytest.mark.parametrize(
    ("_case", "status", "body", "permanent"),
    [
        ("a field is named", 400, [{"status": 400, "message": "The field 'products.variant_id' is invalid."}], True),
        ("a field is named in V3", 422, {"status": 422, "title": "No.", "errors": {"name": "Missing."}}, True),
        ("no field is named", 400, [{"status": 400, "message": "The order could not be created."}], False),
        ("a conflict that may pass", 409, {"status": 409, "title": "A request is in progress."}, False),
    ],
)
def test_a_refusal_that_names_a_field_is_permanent(_case, status, body, permanent):
    with pytest.raises(Refused) as raised:
        judge(status, body)
    assert raised.value.permanent is permanent


def test_a_missing_option_is_refused_but_not_out_of_stock():
    options = [{"id": 1, "option_id": 2, "display_name": "Engraving"}]
    error = {"type": "MandatoryProductOptions", "product": {**MUG, "required_product_options": options}}
    body = [
        {"status": 400, "message": "The options of one or more products are invalid.", "details": {"errors": [error]}}
    ]
    with pytest.raises(Refused) as raised:
        judge(400, body)
    assert type(raised.value) is Refused
    assert raised.value.fields == (("product:118", "Enamel mug needs a choice for Engraving"),)


@pytest.mark.parametrize(
    ("_case", "body", "complaint"),
    [
        ("V3", {"status": 422, "title": "Missing Required Fields", "errors": {"name": "Please provide a name."}},
         Complaint("Missing Required Fields (name: Please provide a name.)", (("name", "Please provide a name."),))),
        ("V3 without fields", {"status": 409, "title": "The product name is a duplicate", "errors": {}},
         Complaint("The product name is a duplicate")),
        ("V3 with fields by place", {"title": "JSON data is invalid", "errors": {"0.state": "error.path.missing"}},
         Complaint("JSON data is invalid (0.state: error.path.missing)", (("0.state", "error.path.missing"),))),
        ("V2", [{"status": 400, "message": "The field 'customer_id' is invalid."}],
         Complaint("The field 'customer_id' is invalid.", (("customer_id", "The field 'customer_id' is invalid."),))),
        ("V2 with a reason",
         [{"status": 400, "message": "The field 'billing_address.country' is invalid.",
           "details": {"invalid_reason": "Billing address country not supplied."}}],
         Complaint("The field 'billing_address.country' is invalid. "
                   "(billing_address.country: Billing address country not supplied.)",
                   (("billing_address.country", "Billing address country not supplied."),))),
        ("V2, several", [{"status": 400, "message": text} for text in ("A.", "B.", "A.")], Complaint("A. B.")),
        ("of a batch", {"batch_errors": [{"status": 422, "title": "Bad", "errors": {"sku": "taken"}}]},
         Complaint("Bad (sku: taken)", (("sku", "taken"),))),
        ("in the data", {"data": [{"status": 422, "title": "Unable to provide store credit."}]},
         Complaint("Unable to provide store credit.")),
        ("in part", {"data": {"id": 1}, "errors": {"title": "Saved in part", "errors": {"url": "taken"}}},
         Complaint("Saved in part (url: taken)", (("url", "taken"),))),
        ("of the sign-in host", {"error": "invalid_grant"}, Complaint("invalid_grant")),
        ("a buyer's email", [{"status": 400, "message": "The field 'email' is invalid.",
                               "details": {"invalid_reason": "jane.doe@example.com is not valid"}}],
         Complaint("The field 'email' is invalid. (email: … is not valid)", (("email", "… is not valid"),))),
        ("plain text", b"X-Auth-Token header is required", Complaint("X-Auth-Token header is required")),
        ("a page", b"<html><h1>Oops</h1></html>", Complaint("")),
        ("cut", b'[{"status": 400, "mess', Complaint("")),
        ("nothing", b"", Complaint("")),
        ("null", b"null", Complaint("")),
        ("a number", b"7", Complaint("")),
        ("strange types", {"title": ["x"], "errors": [1, None, {"a": 2}], "details": 5},
         Complaint("(1)", (("", "1"),))),
        ("a number without end", b'{"title": ' + b"9" * 5000 + b"}", Complaint("")),
        ("too deep", b"[" * 100_000, Complaint("")),
    ],
)  # fmt: skip
def test_error_bodies_in_all_their_shapes(_case, body, complaint):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert answers.complaint_from_json(data) == complaint


def test_an_endless_error_is_cut():
    body = {"title": "x" * 10_000, "errors": {f"field {n}": "y" * 1000 for n in range(1000)}}
    complaint = answers.complaint_from_json(json.dumps(body).encode())
    assert len(complaint.message) == 500
    assert len(complaint.fields) == 100
