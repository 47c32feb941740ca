"""The editor of a product: what it has of its own in one shop, beside what store and template say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.connections.choices import preferences
from twinshelf.console import words
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.views.answers import Told, whole
from twinshelf.documents import Dimensions, ListingCertificate, ListingFile, Product, SyncField, Weight
from twinshelf.errors import DocumentError
from twinshelf.listings import actions, files, mapping
from twinshelf.listings import brands as tiktok_brands
from twinshelf.listings import queries as catalog
from twinshelf.listings.copying import copy_of
from twinshelf.listings.editing import Editing, editing
from twinshelf.preferences.fields import THRESHOLD_MODES
from twinshelf.preferences.telling import low_limit
from twinshelf.rules.categories import named
from twinshelf.rules.own import NO_CODE_REASONS, ProductChoices, VariantChoices
from twinshelf.rules.quantities import SUGGESTED_ABOVE, rarely_enough
from twinshelf.rules.sync_rules import Switches

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.goods.models import StoreProduct

TABS = (
    ("basic", gettext_lazy("Basic information")),
    ("attributes", gettext_lazy("Attribute mapping")),
    ("media", gettext_lazy("Image and media")),
    ("shipping", gettext_lazy("Product and shipping warranty")),
    ("simple", gettext_lazy("Simple product")),
)
TICKS = (
    ("price", gettext_lazy("Price")),
    ("description", gettext_lazy("Description")),
    ("weight", gettext_lazy("Weight")),
    ("title", gettext_lazy("Title")),
    ("image", gettext_lazy("Image")),
    ("inventory", gettext_lazy("Inventory")),
)
CODES = (
    ("", gettext_lazy("Use global settings")),
    ("yes", gettext_lazy("Yes, it has them")),
    ("no", gettext_lazy("No")),
)
WEIGHT_UNITS = ("LB", "OZ", "KG", "G")
LENGTH_UNITS = ("IN", "CM")
_IN_TAB: Mapping[str, str] = {
    "attribute": "attributes", "compliance": "attributes", "images": "media", "size_chart": "media",
    "manufacturer_name": "shipping", "responsible_person_name": "shipping",
    "weight": "shipping", "dimensions": "shipping", "warranty": "shipping", "certificate": "shipping",
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def edit(request: ConsoleRequest, pk: int) -> HttpResponse:
    """What a product has of its own in a shop. Saving keeps it here, and never writes BigCommerce."""
    row, connection = _of(request, pk)
    product = catalog.document_of(row)
    known = editing(connection, product)
    if known.category_id and not known.category_read:
        actions.read_categories(connection, [known.category_id])
    if catalog.categories_are_old(connection):
        actions.read_categories(connection)
    if request.method != "POST":
        return _page(request, row, connection, known, {})
    form = _Form(request.POST, connection, known)
    choices = form.choices(request)
    if not form.errors:
        try:
            new = actions.choose(connection, row.product_id, choices, by=Actor.of(request.user))
        except actions.ChoicesUnfit as error:
            form.errors |= {each.field: each.reason for each in error.found}
        else:
            told = _("Saved here. BigCommerce is not changed; TikTok follows with the next update.")
            messages.success(request, told if new else _("Nothing was changed."))
            if new and rarely_enough(choices.threshold):
                messages.warning(request, low_limit(choices.threshold))
            return redirect(f"{reverse('product_edit', args=[row.pk])}?shop={connection.id}")
    return _page(request, row, connection, editing(connection, product, choices), form.errors)


@require_POST
@needs(Permission.OPERATE)
def restore(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Make an edit on TikTok that was overwritten the product's own."""
    row, connection = _of(request, pk)
    try:
        field_ = SyncField(request.POST.get("field", ""))
    except ValueError as error:
        raise Http404 from error
    with Told(request):
        if actions.restore_edit(connection, row.product_id, field_, by=Actor.of(request.user)):
            messages.success(request, _("It is the product's own now, and is sent with the next update."))
        else:
            messages.error(request, _("There is nothing to restore."))
    return redirect(f"{reverse('product_edit', args=[row.pk])}?shop={connection.id}")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def map_product(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Find a product that TikTok has by its id, and link each of its SKUs with a variant."""
    row, connection = _of(request, pk)
    number = (request.POST if request.method == "POST" else request.GET).get("tiktok_id", "").strip()
    found = None
    if number:
        with Told(request):
            found = mapping.find(connection, number)
    if found is not None and request.method == "POST":
        pairs = {sku.id: each for sku in found.skus if (each := request.POST.get(f"sku.{sku.id}", ""))}
        with Told(request):
            linked = actions.map_product(connection, row.product_id, found, pairs, by=Actor.of(request.user))
            messages.success(request, _("%(n)s SKUs are linked. Orders for them find their products.") % {"n": linked})
            return redirect("product", row.pk)
    variants = catalog.variants_of(row)
    context = {
        "row": row,
        "connection": connection,
        "number": number,
        "found": found,
        "lines": [
            (sku, [(v.variant_id, v.sku or v.variant_id, bool(v.sku) and v.sku == sku.seller_sku) for v in variants])
            for sku in (found.skus if found else ())
        ],
    }
    return render(request, "console/product_map.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def copy_product(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Copy a product from one shop to another: what goes along, what is missing; then a draft there."""
    row, connection = _of(request, pk)
    others = [c for c in connections.connections() if c.store_id == row.store_id and c != connection]
    params = request.POST if request.method == "POST" else request.GET
    to = next((c for c in others if c.id == whole(params, "to", 0)), None)
    if to is not None and request.method == "POST":
        with Told(request):
            gaps = actions.copy_to_shop(connection, to, row.product_id, by=Actor.of(request.user))
            messages.success(request, _("Copied: a draft is kept for %(shop)s. Nothing was sent.") % {"shop": to.name})
            for gap in gaps:
                messages.warning(request, f"{gap.name}: {gap.why}")
            return redirect(f"{reverse('product_edit', args=[row.pk])}?shop={to.id}")
    copy = copy_of(connection, to, catalog.document_of(row)) if to is not None else None
    if to is not None and copy is not None:
        if copy.leaf is not None and not copy.read:
            actions.read_categories(to, [copy.leaf.id])
        if catalog.categories_are_old(to):
            actions.read_categories(to)
    context = {"row": row, "connection": connection, "others": others, "to": to, "copy": copy}
    return render(request, "console/product_copy.html", context)


@require_safe
@needs(Permission.OPERATE)
def brands(request: ConsoleRequest, pk: int) -> HttpResponse:
    """TikTok's brands whose name begins with `q`, as the options of a combobox."""
    row, connection = _of(request, pk)
    known = editing(connection, catalog.document_of(row))
    found: list[tiktok_brands.Brand] = []
    with Told(request):
        found = tiktok_brands.find(connection, request.GET.get("q", "")[:60], category_id=known.category_id)
    context = {"found": found, "id": request.GET.get("id", "")[:40]}
    return render(request, "console/_found_brands.html", context)


def _of(request: ConsoleRequest, pk: int) -> tuple[StoreProduct, Connection]:
    row = catalog.product_or_404(pk)
    every = [c for c in connections.connections() if c.store_id == row.store_id]
    asked = whole(request.POST if request.method == "POST" else request.GET, "shop", 0)
    found = next((c for c in every if c.id == asked), every[0] if every else None)
    if found is None:
        raise Http404
    return row, found


# -- the form ---------------------------------------------------------------------------------------------------------


@dataclass
class _Form:
    """What was typed, as choices; `errors` by field."""

    sent: QueryDict
    connection: Connection
    known: Editing
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """What was typed into a field; "" where it is not in the form."""
        return self.sent.get(name, "").strip()

    def choices(self, request: ConsoleRequest) -> ProductChoices:
        """All that was chosen. What cannot be read is in `errors`."""
        category_id, category_path = self._category()
        return ProductChoices(
            title=self._own("title"),
            description=self._own("description"),
            variants=self._variants(self.known.product),
            codes=self._one_of("codes", ("", "yes", "no")),  # type: ignore[arg-type]
            no_code_reason=self._one_of("no_code_reason", ("", *NO_CODE_REASONS)),
            weight=self._weight(),
            dimensions=self._dimensions(),
            brand_id=self.text("brand_id") if self.text("brand_name") else "",
            brand_name=self._picked("brand"),
            **self._responsible(),
            category_id=category_id,
            category_path=category_path,
            attributes=self._attributes(),
            images=tuple(line.strip() for line in self.sent.get("images", "").splitlines() if line.strip()),
            warranty=self.text("warranty"),
            certificates=tuple(self._certificates(request)),
            size_chart=self._size_chart(request),
            switches=None if "global_sync" in self.sent else self._switches(),
            threshold=self._threshold(),
            threshold_mode=self._one_of("threshold_mode", ("", "set_zero", "deactivate")),  # type: ignore[arg-type]
            threshold_excluded="threshold_excluded" in self.sent,
        )

    def _threshold(self) -> int | None:
        text = self.text("threshold")
        if text and not re.fullmatch(r"\d{1,9}", text):
            self.errors["threshold"] = _("The threshold must be a whole number of 0 or more.")
            return None
        return int(text) if text else None

    def _own(self, name: str) -> str:
        if self.text(f"{name}_source") != "own":
            return ""
        if not self.text(name):
            self.errors[name] = _("Must not be empty. Choose BigCommerce to follow the store.")
        return self.text(name)

    def _one_of(self, name: str, known: tuple[str, ...]) -> str:
        return self.text(name) if self.text(name) in known else known[0]

    def _picked(self, what: str) -> str:
        name = self.text(f"{what}_name")
        if name and not self.text(f"{what}_id"):
            self.errors[f"{what}_name"] = _("Type the beginning of its name, and choose one from the list.")
        return name

    def _responsible(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for what in ("manufacturer", "responsible_person"):
            name = self._picked(what)
            found |= {f"{what}_id": self.text(f"{what}_id") if name else "", f"{what}_name": name}
        return found

    def _category(self) -> tuple[str, str]:
        text = self.text("category_path")
        if not text:
            return "", ""
        leaves = catalog.category_leaves(self.connection)
        leaf = named(leaves, text, self.text("category_id"))
        if leaf is None:
            no_such = _("There is no such category in this market. Choose one from the list.")
            unread = _("TikTok's categories are being read. Save again in a moment.")
            self.errors["category_path"] = no_such if leaves else unread
            return "", text
        if not leaf.available:
            self.errors["category_path"] = _("TikTok Shop does not let this shop list in this category.")
        return leaf.id, leaf.path

    def _variants(self, product: Product) -> dict[str, VariantChoices]:
        priced = self.text("price_source") == "own"
        found = {}
        for variant in product.variants:
            price = self._decimal(f"price.{variant.id}") if priced else None
            quantity = self._whole(f"quantity.{variant.id}")
            made = VariantChoices(price=price, quantity=quantity, gtin=self.text(f"gtin.{variant.id}"))
            if made != VariantChoices():
                found[variant.id] = made
        if priced and not any(each.price is not None for each in found.values()) and not self.errors:
            self.errors["price_source"] = _("Write at least one price, or choose BigCommerce.")
        return found

    def _decimal(self, name: str) -> Decimal | None:
        text = self.text(name)
        if not text:
            return None
        if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text):
            return Decimal(text)
        self.errors[name] = _("A number with a point, such as 111.00.")
        return None

    def _whole(self, name: str) -> int | None:
        text = self.text(name)
        if not text:
            return None
        if re.fullmatch(r"\d{1,9}", text):
            return int(text)
        self.errors[name] = _("A whole number.")
        return None

    def _weight(self) -> Weight | None:
        value = self._decimal("weight")
        unit = self.text("weight_unit")
        if value is None:
            return None
        if unit not in WEIGHT_UNITS:
            self.errors["weight"] = _("Choose its unit.")
            return None
        return Weight(value, unit)  # type: ignore[arg-type]

    def _dimensions(self) -> Dimensions | None:
        sides = [self._decimal(side) for side in ("length", "width", "height")]
        if not any(self.text(side) for side in ("length", "width", "height")):
            return None
        unit = self.text("length_unit")
        if unit not in LENGTH_UNITS:
            self.errors["dimensions"] = _("Choose the unit of the sides.")
            return None
        length, width, height = sides
        return Dimensions(length, width, height, unit)  # type: ignore[arg-type]

    def _attributes(self) -> dict[str, str]:
        names = {str(at): each.attribute.name for at, each in enumerate(self.known.asked)}
        found = {name: text for at, name in names.items() if (text := self.text(f"attribute.{at}"))}
        shown = set(names.values())
        return found | {name: value for name, value in self.known.choices.attributes.items() if name not in shown}

    def _switches(self) -> Switches:
        return Switches(**{name: f"sync.{name}" in self.sent for name, _word in TICKS})

    def _certificates(self, request: ConsoleRequest) -> Any:
        kept = {each.id: each for each in self.known.choices.certificates}
        taken = {each.id: each.name for each in self.known.category.certificates}
        for number in dict.fromkeys([*kept, *taken]):
            before = kept.get(number)
            papers = () if before is None or f"certificate_drop.{number}" in self.sent else before.files
            for upload in request.FILES.getlist(f"certificate.{number}"):
                try:
                    papers = (*papers, _kept(self.connection, upload, "certificate"))
                except DocumentError as error:
                    self.errors[f"certificate.{number}"] = error.reason
            if papers:
                name = taken.get(number) or (before.name if before else "")
                yield ListingCertificate(
                    id=number, name=name, files=tuple(dict.fromkeys(papers)), expires=self._day(f"expires.{number}")
                )

    def _day(self, name: str) -> date | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.errors[name] = _("A day such as 2027-01-31.")
            return None

    def _size_chart(self, request: ConsoleRequest) -> Any:
        upload = request.FILES.get("size_chart")
        if upload is None:
            return None if "size_chart_drop" in self.sent else self.known.choices.size_chart
        try:
            return _kept(self.connection, upload, "size_chart")
        except DocumentError as error:
            self.errors["size_chart"] = error.reason
            return self.known.choices.size_chart


def _kept(connection: Connection, upload: UploadedFile[bytes], use: files.Use) -> ListingFile:
    return files.keep(connection, upload.name or "", upload.read(), use=use)


# -- the page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Line:
    """One variant: what the store gives, and what was typed."""

    id: str
    sku: str
    options: str
    store_price: str
    store_stock: str
    store_gtin: str
    price: str
    quantity: str
    gtin: str
    errors: tuple[str, ...]


def _page(
    request: ConsoleRequest, row: StoreProduct, connection: Connection, shown: Editing, errors: Mapping[str, str]
) -> HttpResponse:
    sent = request.POST if request.method == "POST" else None
    choices = shown.choices
    tabs = [(name, word, _wrong(name, errors, simple=shown.simple)) for name, word in TABS
            if name != "simple" or shown.simple]  # fmt: skip
    weight, size = choices.weight, choices.dimensions
    typed: dict[str, Any] = {
        "weight": f"{weight.value.normalize():f}" if weight else "",
        "weight_unit": weight.unit if weight else connection.store.weight_unit,
        "length_unit": size.unit if size else connection.store.length_unit,
        **{side: _number(getattr(size, side)) if size else "" for side in ("length", "width", "height")},
    }
    if sent is not None:
        typed |= {name: sent.get(name, "") for name in typed}
    asked = [(at, each, errors.get(f"attribute.{each.attribute.name}", "")) for at, each in enumerate(shown.asked)]
    context = {
        "row": row,
        "connection": connection,
        "switch": [c for c in connections.connections() if c.store_id == row.store_id],
        "tabs": tabs,
        "shown": shown,
        "choices": choices,
        "own_title": sent.get("title", "") if sent is not None else choices.title,
        "own_description": sent.get("description", "") if sent is not None else choices.description,
        "title_own": _is_own("title", choices.title, sent),
        "description_own": _is_own("description", choices.description, sent),
        "price_own": _is_own("price", any(v.price is not None for v in choices.variants.values()), sent),
        "lines": [_line(shown, variant, errors, sent) for variant in shown.product.variants],
        "reasons": NO_CODE_REASONS,
        "codes": [(value, word, value == choices.codes) for value, word in CODES],
        "typed": typed,
        "weight_units": WEIGHT_UNITS,
        "length_units": LENGTH_UNITS,
        "asked": [each for each in asked if not each[1].compliance],
        "compliance": [each for each in asked if each[1].compliance],
        "limit": _limit(connection, choices, sent),
        "ticks": [(name, word, getattr(choices.switches or Switches(), name)) for name, word in TICKS],
        "images": "\n".join(choices.images),
        "certificates": _papers(shown, errors),
        "responsible": _named(shown, errors),
        "restorable": [
            (name, words.FIELDS.get("title" if name == "name" else name, name), text)
            for name, text in shown.overwritten.items()
            if name in {"name", "description"}
        ],
        "errors": errors,
        "first_errors": [(_tab_of(name, simple=shown.simple), reason) for name, reason in errors.items()],
    }
    return render(request, "console/product_edit.html", context, status=400 if errors else 200)


def _limit(connection: Connection, choices: ProductChoices, sent: QueryDict | None) -> dict[str, Any]:
    """The low-stock limit: what was chosen or typed, and what the connection has."""
    known = preferences(connection)
    modes = dict(THRESHOLD_MODES)
    mode = choices.threshold_mode if sent is None else sent.get("threshold_mode", "")
    kept = "" if choices.threshold is None else str(choices.threshold)
    return {
        "text": kept if sent is None else sent.get("threshold", ""),
        "excluded": choices.threshold_excluded,
        "modes": [("", _("As the connection says: %(mode)s") % {"mode": modes[known.threshold_mode]}, mode == ""),
                  *((value, word, mode == value) for value, word in THRESHOLD_MODES)],
        "of_connection": known.threshold,
        "suggested": SUGGESTED_ABOVE,
    }  # fmt: skip


def _is_own(name: str, kept: object, sent: QueryDict | None) -> bool:
    return bool(kept) if sent is None else sent.get(f"{name}_source") == "own"


def _number(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _tab_of(name: str, *, simple: bool) -> str:
    kind = name.partition(".")[0]
    if kind == "expires":
        return "shipping"
    if simple and kind in {"price", "quantity", "gtin", "price_source", "codes"}:
        return "simple"
    return _IN_TAB.get(kind, "basic")


def _wrong(tab: str, errors: Mapping[str, str], *, simple: bool) -> int:
    return sum(_tab_of(name, simple=simple) == tab for name in errors)


def _line(shown: Editing, variant: Any, errors: Mapping[str, str], sent: QueryDict | None) -> _Line:
    chosen, plain = shown.choices.of(variant.id), shown.from_store[variant.id]
    typed = {
        "price": _number(chosen.price) if chosen.price is None else str(chosen.price),
        "quantity": "" if chosen.quantity is None else str(chosen.quantity),
        "gtin": chosen.gtin,
    }
    if sent is not None:
        typed = {name: sent.get(f"{name}.{variant.id}", "") for name in typed}
    return _Line(
        id=variant.id,
        sku=plain.seller_sku or variant.id,
        options=" / ".join(option.value for option in variant.options),
        store_price=str(plain.price.value) if plain.price is not None else "–",
        store_stock=str(plain.quantity.offered),
        store_gtin=variant.gtin or "–",
        errors=tuple(reason for name in typed if (reason := errors.get(f"{name}.{variant.id}"))),
        **typed,
    )


def _papers(shown: Editing, errors: Mapping[str, str]) -> list[tuple[str, str, bool, bool, Any, str, Any]]:
    """Of the certificates that the category takes or we keep.

    (id, name, required, expires, what is kept, error, what the template or the category map gives.)
    """
    kept = {each.id: each for each in shown.choices.certificates}
    given = {each.id: each for each in shown.inherited.certificates}
    taken = {each.id: each for each in shown.category.certificates}
    found = []
    for number in dict.fromkeys([*taken, *kept]):
        rule, paper = taken.get(number), kept.get(number)
        wrong = errors.get(f"certificate.{number}") or errors.get(f"expires.{number}") or ""
        name = rule.name if rule else (paper.name if paper else number)
        found.append(
            (number, name, bool(rule and rule.required), bool(rule and rule.expires), paper, wrong, given.get(number))
        )
    return found


def _named(shown: Editing, errors: Mapping[str, str]) -> list[dict[str, Any]]:
    """Manufacturer and responsible person: what was chosen, and what the template or the category map gives."""
    asked = {
        "manufacturer": (_("Manufacturer"), shown.category.manufacturer_required),
        "responsible_person": (_("Responsible person"), shown.category.responsible_person_required),
    }
    return [
        {
            "what": what,
            "word": word,
            "required": required,
            "id": getattr(shown.choices, f"{what}_id"),
            "name": getattr(shown.choices, f"{what}_name"),
            "inherited": getattr(shown.inherited, f"{what}_name") or getattr(shown.inherited, f"{what}_id"),
            "error": errors.get(f"{what}_name", ""),
        }
        for what, (word, required) in asked.items()
    ]
