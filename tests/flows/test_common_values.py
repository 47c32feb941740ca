"""What products share beside attributes is said once, in a template or for a category, and a product may differ."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import MAYA, ShopWorld, Twinshelf
from tests.flows.test_category_map import TOASTERS
from twinshelf.listings import actions as listings
from twinshelf.preferences import files as settings_files
from twinshelf.rules import actions as rules
from twinshelf.rules.models import Template

REPORT = "602375"
"""The battery test report that appliances with batteries need."""


def pdf(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(f"{name}.pdf", f"%PDF-1.4 {name}".encode())


def shown(sandbox: Any, shop: ShopWorld, driven: Twinshelf, product: int) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.world.table(f"tt/{shop.id}/products")[driven.listing(product).tiktok_id]["base"]
    return found


def common(sandbox: Any, shop: ShopWorld, driven: Twinshelf, *products: int) -> list[tuple[Any, ...]]:
    """(brand, manufacturers, responsible persons, files of certificates, answers about batteries) of each product."""
    found = []
    for product in products:
        base = shown(sandbox, shop, driven, product)
        files = [file["name"] for paper in base["certifications"] for file in paper["files"]]
        said = [v["name"] for a in base["product_attributes"] for v in a["values"] if a["name"].startswith("Contains")]
        found.append(
            (
                base.get("brand_id", ""),
                base.get("manufacturer_ids", []),
                base.get("responsible_person_ids", []),
                files,
                said,
            )
        )
    return found


def entered(sandbox: Any, shop: ShopWorld, kind: str, number: str, name: str) -> str:
    """A manufacturer or responsible person that the seller has entered in Seller Center."""
    seller = sandbox.world.table("tt/shops")[shop.id]["seller_id"]
    row = {"id": number, "seller_id": seller, "profiles": {"de-DE": {"name": name, "locale": "de-DE"}}}
    sandbox.world.table(f"tt/{kind}").put(number, row)
    return number


@pytest.mark.covers("SILK-67")
def test_set_once_in_a_template_all_its_products_inherit_and_a_product_overrides(sandbox, market):
    store, shop, driven = market("DE", "EUR")
    brand = min(sandbox.world.table("tt/brands"))
    maker = entered(sandbox, shop, "manufacturers", "7172959296971220101", "Fernhollow Werke")
    other_maker = entered(sandbox, shop, "manufacturers", "7172959296971220102", "Andere Werke")
    person = entered(sandbox, shop, "responsible_persons", "7172959296971220103", "Maya Fern GmbH")
    one, two = (
        store.add_product(
            sku=f"TOASTER-{n}", title=f"Toaster of the sturdiest kind there is, {n}", price="40", custom_fields=[]
        )
        for n in (1, 2)
    )  # fmt: skip
    driven.pull()
    browser, at = Browser(), f"/templates/{driven.connection.id}"
    listings.read_categories(driven.connection, [TOASTERS])
    driven.settle()
    rules.set_default_template(driven.connection, category_id=TOASTERS, by=MAYA)
    driven.list()
    assert {code for _product, code in driven.problems()} == {"E-LST-ATTR", "E-LST-COMPL"}

    found = f"/connections/{driven.connection.id}/template"
    assert "Fernhollow Werke" in browser.words(f"{found}/manufacturer/?q=fern")
    assert "Andere" not in browser.words(f"{found}/manufacturer/?q=fern")
    assert "Maya Fern GmbH" in browser.words(f"{found}/responsible_person/?q=maya")
    form = {
        "name": "Toasters", "match": "all", "c-field": "title", "c-operator": "contains", "c-value": "toaster",
        "cod": "no", "category": TOASTERS, "shown_category": TOASTERS, "price_kind": "none",
        **{f"{measure}-source": measure for measure in ("length", "width", "height", "weight")},
        "a-name": ["Power in Watts", "Contains Batteries or Cells?", "Battery Type"],
        "a0-source": "fixed", "a0-text": "900",
        "a1-source": "fixed", "a1-value": ["Yes"], "a2-source": "fixed", "a2-value": ["Alkaline"],
        "brand_id": brand, "brand_name": "Some brand",
        "manufacturer_id": maker, "manufacturer_name": "Fernhollow Werke",
        "responsible_person_id": person, "responsible_person_name": "Maya Fern GmbH",
    }  # fmt: skip
    browser.get(f"{at}/new/")  # has TikTok's categories read
    driven.settle()
    answer = browser.client.post(f"{at}/new/", {**form, "add": "1", f"certificate.{REPORT}": pdf("report")})
    [paper] = [row["paper"] for row in answer.context["common"].certificates if row["id"] == REPORT]
    assert [file.name for file in paper.files] == ["report.pdf"]  # pressing another button keeps it
    papers = {"certificate_id": REPORT, f"paper.{REPORT}": [file.digest for file in paper.files]}
    wrong = browser.client.post(f"{at}/new/", {**form, **papers, "save": "1", "manufacturer_id": ""})
    assert (wrong.status_code, list(wrong.context["common"].errors)) == (400, ["manufacturer"])
    assert not Template.objects.filter(name="Toasters").exists()

    browser.post(f"{at}/new/", {**form, **papers, "save": "1"})
    driven.settle()
    driven.list()

    assert driven.problems() == []
    alike = (brand, [maker], [person], ["report.pdf"], ["Yes"])
    assert common(sandbox, shop, driven, one, two) == [alike, alike]

    page = browser.get(f"/products/{pk_of(two)}/edit/?shop={driven.connection.id}").content.decode()
    assert "report.pdf" in page
    assert 'placeholder="Fernhollow Werke"' in page
    own = {
        "title_source": "store", "description_source": "store", "price_source": "store", "global_sync": "on",
        "manufacturer_id": other_maker, "manufacturer_name": "Andere Werke", f"certificate.{REPORT}": pdf("own"),
    }  # fmt: skip
    assert browser.client.post(f"/products/{pk_of(two)}/edit/?shop={driven.connection.id}", own).status_code == 302
    driven.settle()
    driven.wait(600)
    assert common(sandbox, shop, driven, one, two) == [alike, (brand, [other_maker], [person], ["own.pdf"], ["Yes"])]

    template = Template.objects.get(name="Toasters")
    edited = {**form, "save": "1", f"certificate.{REPORT}": pdf("newer"), "brand_name": "", "brand_id": ""}
    browser.post(f"{at}/{template.id}/", edited)
    driven.settle()
    driven.wait(600)
    assert common(sandbox, shop, driven, one, two) == [
        ("", [maker], [person], ["newer.pdf"], ["Yes"]), ("", [other_maker], [person], ["own.pdf"], ["Yes"]),
    ]  # fmt: skip


def test_the_default_template_and_the_category_map_say_them_too_and_the_map_counts_over_it(
    sandbox, store, shop, twinshelf
):
    """Each product by what is nearest to it; saving the default template without its form leaves them."""
    plain, mapped = (
        store.add_product(sku="T-1", title="Toaster", custom_fields=[], _category_paths=["Other"]),
        store.add_product(sku="T-2", title="Toaster of a category", custom_fields=[], _category_paths=["Kitchen"]),
    )
    brand, other = sorted(sandbox.world.table("tt/brands"))[:2]
    twinshelf.pull()
    listings.read_categories(twinshelf.connection, [TOASTERS])
    attributes = [
        {"name": "Power in Watts", "value": "900"}, {"name": "Contains Batteries or Cells?", "value": "Yes"},
        {"name": "Battery Type", "value": "Alkaline"},
    ]  # fmt: skip
    rules.set_default_template(
        twinshelf.connection, category_id=TOASTERS, attributes=attributes, by=MAYA,
        categories=[{"key": "Kitchen", "category_id": TOASTERS, "category_path": "Toasters"}],
    )  # fmt: skip
    twinshelf.settle()
    twinshelf.list()
    assert {code for _product, code in twinshelf.problems()} == {"E-LST-CERT"}
    browser = Browser()
    browser.get("/templates/categories/")
    twinshelf.settle()

    said = browser.post(
        f"/templates/categories/{twinshelf.connection.id}/edit/?key=kitchen",
        {"category_path": "", "category_id": "", "save": "1"} | {
            "category_id": TOASTERS, "category_path": TOASTERS, "brand_name": other, "a-101610": "Yes",
            f"certificate.{REPORT}": pdf("of-kitchen"),
        },
    )  # fmt: skip
    assert said == ["Saved. 2 products are tried again."]
    form = browser.get(f"/connections/{twinshelf.connection.id}/template/").context
    sent = {
        f"{f.prefix}-{n}": f[n].value() or {"source": "fixed"}.get(n, "")
        for fs in (form["map"], form["rows"])
        for f in fs
        for n in f.fields
    }
    sent |= {f"{fs.prefix}-{n}": v for fs in (form["map"], form["rows"])
             for n, v in (("TOTAL_FORMS", len(fs.forms)), ("INITIAL_FORMS", len(fs.forms)))}  # fmt: skip
    sent |= {"category_id": TOASTERS, "category_path": form["form"]["category_path"].value()}
    sent |= {"brand_id": brand, "brand_name": "A brand", f"certificate.{REPORT}": pdf("of-all")}
    assert browser.post(f"/connections/{twinshelf.connection.id}/template/", sent) == [
        "Template saved. 2 products are tried again."
    ]
    twinshelf.settle()
    twinshelf.wait(600)

    assert twinshelf.problems() == []
    assert common(sandbox, shop, twinshelf, plain, mapped) == [
        (brand, [], [], ["of-all.pdf"], ["Yes"]), (other, [], [], ["of-kitchen.pdf"], ["Yes"]),
    ]  # fmt: skip
    rules.set_default_template(twinshelf.connection, category_id=TOASTERS, attributes=attributes, by=MAYA)
    kept = Template.objects.get(connection=twinshelf.connection, is_default=True).rules
    assert (kept["brand_id"], [each["id"] for each in kept["certificates"]]) == (brand, [REPORT])

    written = settings_files.written(twinshelf.connection)
    assert "pdf" not in written  # a paper is no setting, and stays
    other_brand = settings_files.read(written.replace(brand, other), twinshelf.connection)
    settings_files.carry_out(twinshelf.connection, other_brand, by=MAYA)
    kept = Template.objects.get(connection=twinshelf.connection, is_default=True).rules
    assert (kept["brand_id"], [each["id"] for each in kept["certificates"]]) == (other, [REPORT])
