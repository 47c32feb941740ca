"""The editor of a product: what is chosen there reaches TikTok, and never BigCommerce."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests.flows.browser import Browser, words_of
from tests.flows.conftest import MAYA, ShopWorld, StoreWorld, Twinshelf
from tests.flows.faults import fault
from tests.flows.test_listing_states import TEA
from twinshelf.accounts.models import User
from twinshelf.goods.models import StoreProduct
from twinshelf.listings import actions as listings
from twinshelf.listings import queries
from twinshelf.listings.models import ProductChoicesRow
from twinshelf.rules import actions as rules
from twinshelf.rules.models import Template
from twinshelf.sync.models import ChangeRecord, Problem

SHIRTS = "601302"
PLAIN: list[dict[str, str]] = []


class Editor:
    """A merchant at the editor of one product."""

    def __init__(self, twinshelf: Twinshelf, product_id: int) -> None:
        self.twinshelf = twinshelf
        self.row = StoreProduct.objects.get(product_id=str(product_id))
        self._browser = Client()
        self._browser.force_login(User.objects.get(email="maya@fernhollow.test"))
        self._address = f"/products/{self.row.pk}/edit/"

    def page(self) -> str:
        return str(self._browser.get(self._address).content.decode())

    def save(self, **typed: Any) -> dict[str, str]:
        """Save the form with these fields; what is wrong, by field. Without mention a field is as on a new form."""
        form = {"title_source": "store", "description_source": "store", "price_source": "store", "global_sync": "on"}
        form |= {name.replace("__", "."): value for name, value in typed.items()}
        if "ticks" in form:
            del form["global_sync"]
            form |= {f"sync.{name}": "on" for name in form.pop("ticks")}
        answer = self._browser.post(self._address, form)
        assert answer.status_code in {302, 400}, answer.content.decode()
        self.twinshelf.settle()
        return dict(answer.context["errors"]) if answer.status_code == 400 else {}

    def brands(self, text: str) -> str:
        return str(self._browser.get(f"/products/{self.row.pk}/brands/", {"q": text}).content.decode())

    def restore(self, field: str) -> None:
        assert self._browser.post(f"{self._address}restore/", {"field": field}).status_code == 302
        self.twinshelf.settle()


def live(sandbox: Any, shop: ShopWorld, twinshelf: Twinshelf, product_id: int) -> dict[str, Any]:
    """What buyers see of a product, once reviews have passed."""
    twinshelf.wait(600)
    twinshelf.wait(600)
    rows = sandbox.world.table(f"tt/{shop.id}/products")
    found: dict[str, Any] = rows[twinshelf.listing(product_id).tiktok_id]["base"]
    return found


def tabs(page: str) -> list[str]:
    """The tabs of the editor; each leads to a part that is there."""
    nav = page.split('<nav class="setnav"')[1].split("</nav>", maxsplit=1)[0]
    found = re.findall(r'<a href="#([^"]+)">(.*?)</a>', nav)
    assert all(f'id="{part}"' in page for part, _word in found)
    return [word for _part, word in found]


def edits_in(store: StoreWorld) -> list[Any]:
    """What was changed of products in BigCommerce."""
    return [e for kind in ("product_updated", "variant_updated", "image_created") for e in store.effects(kind)]


@pytest.mark.covers("CED-77", "CED-88", "CED-91", "CED-93")
def test_a_title_and_a_text_of_ones_own_survive_the_store_until_they_are_given_up(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", title="Enamel mug")
    twinshelf.list(mug)
    menu = Client()
    menu.force_login(User.objects.get(email="maya@fernhollow.test"))
    editor = Editor(twinshelf, mug)
    edit = f"/products/{editor.row.pk}/edit/"
    assert f'href="{edit}"' in menu.get("/products/").content.decode()
    opened = menu.get(edit)
    assert (opened.status_code, "Edit Enamel mug" in words_of(opened.content.decode())) == (200, True)
    before = edits_in(store)

    own = {"title_source": "own", "title": "My mug", "description_source": "own",
           "description": "<p onclick='x()'>Of <b>my</b> own.</p><script>alert(1)</script>"}  # fmt: skip
    assert editor.save(**own) == {}
    assert edits_in(store) == before
    seen = live(sandbox, shop, twinshelf, mug)
    assert (seen["title"], seen["description"]) == ("My mug", "<p>Of <b>my</b> own.</p>")

    store.act("edit_product", sku="MUG-1", name="Mug of the store", description="<p>Of the store.</p>")
    twinshelf.settle()
    twinshelf.pull()
    seen = live(sandbox, shop, twinshelf, mug)
    assert (seen["title"], seen["description"]) == ("My mug", "<p>Of <b>my</b> own.</p>")
    assert twinshelf.differences() == []

    editor.save()
    seen = live(sandbox, shop, twinshelf, mug)
    assert (seen["title"], seen["description"]) == ("Mug of the store", "<p>Of the store.</p>")
    assert ProductChoicesRow.objects.count() == 0


@pytest.mark.covers("CED-92", "CED-96")
def test_a_price_and_a_quantity_of_ones_own_are_marked_survive_a_pull_and_can_be_reset(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", price="113.00", stock=9)
    twinshelf.prefer(price_rule={"kind": "percent_up", "value": "10"}, price_guard_percent=Decimal(1000))
    twinshelf.list(mug)
    assert twinshelf.listing(mug).price_min == Decimal("124.30")
    editor = Editor(twinshelf, mug)
    [variant] = [each.variant_id for each in queries.variants_of(editor.row)]
    template = Template.objects.get(connection=twinshelf.connection)
    template.rules = {**template.rules, "price_rule": {"kind": "fixed_down", "value": "2"}}
    template.save()

    assert editor.save(price_source="own", **{f"price__{variant}": "99.50", f"quantity__{variant}": "4"}) == {}
    twinshelf.pull()
    row = twinshelf.listing(mug)
    assert (row.price_min, row.quantity) == (Decimal("99.50"), 4)
    assert shop.effects("price_set")[-1].detail["after"] == "99.50"
    assert Browser().product(mug).count("Own choice for this product") == 2  # of the price, of the quantity
    assert twinshelf.differences() == []
    store.act("set_stock", sku="MUG-1", quantity=3)  # never more than there are
    twinshelf.settle()
    assert twinshelf.listing(mug).quantity == 3

    editor.save()
    row = twinshelf.listing(mug)
    assert (row.price_min, row.quantity) == (Decimal("111.00"), 3)
    assert shop.effects("price_set")[-1].detail["after"] == "111.00"
    assert "Own choice for this product" not in Browser().product(mug)
    assert twinshelf.differences() == []


@pytest.mark.covers("CED-86", "CED-87")
def test_a_product_whose_title_is_unticked_alone_keeps_the_title_of_tiktok(sandbox, store, shop, twinshelf):
    mug, pan = (store.add_product(sku=sku, title=f"{sku} of iron") for sku in ("MUG-1", "PAN-1"))
    twinshelf.list(mug, pan)
    page = Editor(twinshelf, mug).page()
    assert 'name="global_sync" checked' in " ".join(page.split())
    Editor(twinshelf, mug).save(ticks=["price", "description", "weight", "image", "inventory"])

    for sku in ("MUG-1", "PAN-1"):
        store.act("edit_product", sku=sku, name=f"{sku} of steel", description=f"<p>{sku}</p>")
    twinshelf.settle()

    seen = [live(sandbox, shop, twinshelf, each) for each in (mug, pan)]
    assert [each["title"] for each in seen] == ["MUG-1 of iron", "PAN-1 of steel"]
    assert [each["description"] for each in seen] == ["<p>MUG-1</p>", "<p>PAN-1</p>"]


def test_an_edit_on_tiktok_that_was_overwritten_can_be_made_the_products_own(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", title="Enamel mug")
    twinshelf.list(mug)
    sandbox.act("tt.edit_product", product_id=twinshelf.listing(mug).tiktok_id, changes={"title": "Mug of TikTok"})
    twinshelf.settle()
    twinshelf.wait(600)
    assert live(sandbox, shop, twinshelf, mug)["title"] == "Enamel mug"
    assert "overwrote TikTok edit of name" in ChangeRecord.objects.filter(key=str(mug)).latest("id").answer
    editor = Editor(twinshelf, mug)
    assert "“Mug of TikTok”" in editor.page()

    editor.restore("name")

    assert live(sandbox, shop, twinshelf, mug)["title"] == "Mug of TikTok"


@pytest.mark.covers("CED-90", "CED-95", "SILK-28")
def test_category_brand_attributes_and_package_of_one_product_beat_the_template(sandbox, store, shop, twinshelf):
    rules.set_default_template(
        twinshelf.connection, category_id="600042", attributes=[{"name": "Material", "value": "Wood"}], by=MAYA
    )
    mug = store.add_product(sku="MUG-1")
    pair = [
        {"sku": f"TWO-{n}", "option_values": [{"label": n, "option_display_name": "Color"}]} for n in ("Red", "Blue")
    ]
    two = store.add_product(sku="TWO", title="Two mugs", variants=pair, inventory_tracking="variant")
    twinshelf.list(mug)
    editor = Editor(twinshelf, mug)
    names = ["Basic information", "Attribute mapping", "Image and media", "Product and shipping warranty"]
    page, other = editor.page(), Editor(twinshelf, two).page()
    assert [tabs(each) for each in (page, other)] == [[*names, "Simple product"], names]
    asked = fault(sandbox, action="delay", platform="tiktok", path="*/brands", query="category_id=600042", times=None)
    found = editor.brands("Copper")
    assert asked.struck == 1
    number, name = found.split('data-id="')[1].split('"')[0], found.split('data-path="')[1].split('"')[0]
    assert name.startswith("Copper")
    at = page.split("Material")[0].count('name="attribute.')

    assert editor.save(
        brand_id=number, brand_name=name, weight="1.5", weight_unit="KG", length="30", width="20", height="10",
        length_unit="CM", **{f"attribute__{at}": "Metal"},
    ) == {}  # fmt: skip

    seen = live(sandbox, shop, twinshelf, mug)
    values = {each["id"]: [value["name"] for value in each["values"]] for each in seen["product_attributes"]}
    assert ["Metal"] in values.values()
    assert ["Wood"] not in values.values()
    assert seen["brand_id"] == number
    assert seen["package_weight"] == {"value": "1.5", "unit": "KILOGRAM"}
    assert seen["package_dimensions"] == {"length": "30", "width": "20", "height": "10", "unit": "CENTIMETER"}
    assert twinshelf.differences() == []


TOASTERS, BODY_CARE = "847624", "601490"
"""Categories that ask for batteries and a warranty period; for dangerous goods."""


@pytest.mark.covers("CED-81", "CED-82", "CED-97", "SILK-30", "SILK-52")
def test_answers_warranty_pictures_and_no_code_of_one_product_are_sent(sandbox, store, shop, twinshelf):
    twinshelf.prefer(gtin_required=True)
    rules.set_default_template(  # the category of the store is mapped, too
        twinshelf.connection, category_id="600042", by=MAYA, categories=[{"key": "Kitchen", "category_id": "600064"}]
    )
    toaster = store.add_product(sku="TOAST-1", title="Steel toaster", images=[], upc="")
    plain = store.add_product(sku="TOAST-2", title="Plain toaster", upc="4006381333931")
    soap = store.add_product(sku="SOAP-1", title="Olive soap", upc="012345678905")
    twinshelf.list(toaster, soap)
    assert set(twinshelf.problems()) >= {(str(toaster), "E-LST-IMG"), (str(toaster), "E-LST-GTIN")}
    assert "At least one image is required." in Browser().product(toaster)
    assert [e.detail["external_product_id"] for e in shop.effects("product_created")] == [str(soap)]
    assert live(sandbox, shop, twinshelf, soap)["category_id"] == "600064"
    uploaded = len(shop.effects("image_uploaded"))
    listings.read_categories(twinshelf.connection)
    listings.read_categories(twinshelf.connection, [TOASTERS, BODY_CARE])
    twinshelf.settle()
    picture = store.act("add_product", product={"name": "Other", "type": "physical", "weight": 1, "price": 1,
                        "images": [{"_picture": "toaster/1"}]})  # fmt: skip
    twinshelf.pull()
    [image] = queries.document_of(StoreProduct.objects.get(product_id=str(picture))).images
    reasons = ("Brand or manufacturer does not provide a GTIN", "Generic or non-branded product without GTIN")

    def answered(product_id: int, category: str, **given: str) -> dict[str, str]:
        editor = Editor(twinshelf, product_id)
        assert editor.save(category_path=category) == {}  # the attributes of the category are there once it is chosen
        fields = dict(re.findall(r'<label for="(attribute\.\d+)">\s*([^<]*?)\s*<span', editor.page()))
        values = {key: given[name] for key, name in fields.items() if name in given}
        assert len(values) == len(given.keys() & set(fields.values()))
        rest = {name: value for name, value in given.items() if name not in fields.values()}
        return editor.save(category_path=category, **rest, **values)

    assert answered(
        toaster, TOASTERS, images=image.url, warranty="2 years", codes="no", no_code_reason=reasons[0],
        **{"Power in Watts": "900", "Contains Batteries or Cells?": "No"},
    ) == {}  # fmt: skip
    assert len(shop.effects("image_uploaded")) == uploaded + 1
    assert answered(
        plain, TOASTERS, warranty="", codes="no", no_code_reason=reasons[1],
        **{"Power in Watts": "700", "Contains Batteries or Cells?": "No"},
    ) == {}  # fmt: skip
    assert answered(
        soap, BODY_CARE, **{"Ingredients": "Olive oil", "Other Dangerous Goods or Hazardous Materials": "None"}
    ) == {}  # fmt: skip
    twinshelf.list(plain)

    assert [(p.key, p.facts) for p in Problem.objects.filter(closed_at=None)] == []
    sent = {each: live(sandbox, shop, twinshelf, each) for each in (toaster, plain, soap)}
    values = {
        each: {value["id"]: value["values"][0]["name"] for value in sent[each]["product_attributes"]} for each in sent
    }
    assert (values[toaster]["101610"], values[toaster]["100712"]) == ("No", "2 years")
    assert (values[plain]["101610"], "100712" in values[plain]) == ("No", False)
    assert values[soap]["100711"] == "None"
    assert (sent[toaster]["category_id"], len(sent[toaster]["main_images"])) == (TOASTERS, 1)
    assert (sent[plain]["category_id"], sent[soap]["category_id"]) == (TOASTERS, BODY_CARE)
    assert ["identifier_code" in sent[each]["skus"][0] for each in (toaster, plain)] == [False, False]
    assert sent[soap]["skus"][0]["identifier_code"]["code"] == "012345678905"
    for product_id, reason in zip((toaster, plain), reasons, strict=True):
        assert f"<option selected>{reason}</option>" in Editor(twinshelf, product_id).page()


def png(side: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "white").save(out, "PNG")
    return out.getvalue()


@pytest.mark.covers("SILK-27", "SILK-29")
def test_a_certificate_and_attributes_of_one_product_let_it_be_listed(sandbox, store, shop, twinshelf):
    rules.set_default_template(twinshelf.connection, category_id=TEA, by=MAYA)
    tea = store.add_product(sku="TEA-1", title="Green tea", custom_fields=[])
    twinshelf.list(tea)
    assert twinshelf.problems() == [(str(tea), "E-LST-ATTR"), (str(tea), "E-LST-CERT")]
    editor = Editor(twinshelf, tea)
    asked = dict(re.findall(r'<label for="attribute\.(\d+)">\s*([^<]*?)\s*<span class="required"[^>]*>\*</span><span'
                            r' class="vh">required</span>', editor.page()))  # fmt: skip
    assert sorted(asked.values()) == ["Allergens", "Ingredients"]
    wrong = editor.save(certificate__602362=SimpleUploadedFile("paper.txt", b"no paper"))
    assert list(wrong) == ["certificate.602362"]
    values = {f"attribute__{at}": "None" if name == "Allergens" else "Green tea" for at, name in asked.items()}

    papers = [
        SimpleUploadedFile("food safety.pdf", b"%PDF-1.4 tested"), SimpleUploadedFile("stamp of it.png", png(200))
    ]  # fmt: skip
    assert editor.save(certificate__602362=papers, expires__602362="2031-01-31", **values) == {}
    assert "food-safety.pdf stamp-of-it.png" in words_of(editor.page())

    assert twinshelf.problems() == []
    seen = live(sandbox, shop, twinshelf, tea)
    [sent] = seen["certifications"]
    [uploaded] = shop_files(sandbox)
    [scanned] = [e.key for e in shop.effects("image_uploaded") if e.detail["use_case"] == "CERTIFICATION_IMAGE"]
    assert (sent["id"], sent["files"]) == ("602362", [{"id": uploaded, "name": "food-safety.pdf", "format": "PDF"}])
    assert sent["images"] == [{"uri": scanned}]
    assert sent["expiration_date"] == 1927670399  # the end of 31 January 2031, UTC
    assert twinshelf.listing(tea).state == "live"


def shop_files(sandbox: Any) -> list[str]:
    return [e.key for e in sandbox.world.effects if e.kind == "file_uploaded"]


@pytest.mark.covers("SILK-51")
def test_a_size_chart_is_sent_where_the_category_takes_one(sandbox, store, shop, twinshelf):
    shirt = store.add_product(
        sku="SHIRT-1", title="Shirt of linen", custom_fields=[], _category_paths=["Clothes"]
    )  # fmt: skip
    mug = store.add_product(sku="MUG-1")
    rules.set_default_template(
        twinshelf.connection, category_id="600042", attributes=PLAIN, by=MAYA,
        categories=[{"key": "Clothes", "category_id": SHIRTS}],
    )  # fmt: skip
    twinshelf.pull()
    listings.read_categories(twinshelf.connection, [SHIRTS])
    twinshelf.settle()
    editor = Editor(twinshelf, shirt)
    assert list(editor.save(size_chart=SimpleUploadedFile("chart.png", png(1000)))) == ["size_chart"]

    assert editor.save(size_chart=SimpleUploadedFile("chart.png", png(1024))) == {}
    assert Editor(twinshelf, mug).save(size_chart=SimpleUploadedFile("chart.png", png(1024))) == {}
    twinshelf.list(shirt, mug)

    assert twinshelf.problems() == [(str(mug), "W-LST-SIZECHART")]
    images = [e for e in sandbox.world.effects if e.kind == "image_uploaded"]
    [uploaded] = [e for e in images if e.detail["use_case"] == "SIZE_CHART_IMAGE"]
    assert live(sandbox, shop, twinshelf, shirt)["size_chart"] == {"image": {"uri": uploaded.key}}
    assert not live(sandbox, shop, twinshelf, mug).get("size_chart")


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("title", {"title_source": "own", "title": "x" * 256}, "title"),
    ("blank title", {"title_source": "own", "title": "  "}, "title"),
    ("title of emoji", {"title_source": "own", "title": "🎉🎉"}, "title"),
    ("text of nothing", {"description_source": "own", "description": "<script>x</script>"}, "description"),
    ("price", {"price_source": "own", "price__V": "0"}, "price.V"),
    ("price with too many places", {"price_source": "own", "price__V": "1.005"}, "price.V"),
    ("price of words", {"price_source": "own", "price__V": "ten"}, "price.V"),
    ("quantity", {"quantity__V": "100000"}, "quantity.V"),
    ("code with a wrong check digit", {"gtin__V": "4006381333932"}, "gtin.V"),
    ("no code and no reason", {"codes": "no"}, "codes"),
    ("weight without a unit", {"weight": "3", "weight_unit": "STONE"}, "weight"),
    ("weight of 0", {"weight": "0", "weight_unit": "KG"}, "weight"),
    ("two sides of three", {"length": "3", "width": "3", "length_unit": "CM"}, "dimensions"),
    ("a category that is not there", {"category_path": "Nowhere > At all"}, "category_path"),
    ("a brand that was not chosen", {"brand_name": "Acme"}, "brand_name"),
    ("no address", {"images": "mug.jpg"}, "images"),
    ("an address of this machine", {"images": "http://127.0.0.1:1/mug.jpg"}, "images"),
    ("ten images", {"images": "\n".join(f"https://mine.test/{n}.jpg" for n in range(10))}, "images"),
]


def test_what_does_not_fit_is_told_at_its_field_and_nothing_is_kept(store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    editor = Editor(twinshelf, mug)
    [variant] = queries.variants_of(editor.row)

    for case, typed, field in BAD:
        form = {name.replace("__V", f"__{variant.variant_id}"): value for name, value in typed.items()}
        assert list(editor.save(**form)) == [field.replace(".V", f".{variant.variant_id}")], case
    assert ProductChoicesRow.objects.count() == 0
    rtl = {"title_source": "own", "title": "كوب مطلي بالمينا"}
    assert editor.save(codes="no", no_code_reason="Generic or non-branded product without GTIN", **rtl) == {}
