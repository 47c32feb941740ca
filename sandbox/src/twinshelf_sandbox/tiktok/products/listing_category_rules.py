"""What TikTok Shop demands of a product in its category: attributes, brand, certifications, responsible persons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from twinshelf_sandbox.tiktok.products import categories, uploads
from twinshelf_sandbox.tiktok.products.category_tree import Category, Tree
from twinshelf_sandbox.tiktok.products.listing_outcome import Checked, Known
from twinshelf_sandbox.tiktok.products.listing_package_rules import POSITIVE
from twinshelf_sandbox.tiktok.products.listing_text_rules import CHINESE, CONTROL, EMOJI
from twinshelf_sandbox.tiktok.products.product_bodies import Product
from twinshelf_sandbox.tiktok.state import Shop


class Leaf(NamedTuple):
    """A category that products can be listed in, and the tree it is from."""

    tree: Tree
    category: Category


def check_category(out: Checked, shop: Shop, body: Product) -> Leaf | None:
    """Whether the category exists, is a leaf, and is open to the shop; None if it cannot be listed in."""
    version = body.category_version or "v1"
    if version != shop.tree:
        out.add(12052217, f"The category version is wrong for this region: specify `category_version={shop.tree}`.")
        return None
    tree = shop.platform.trees.of(version)
    category_id = body.category_id or ""
    if not category_id.isascii() or not category_id.isdigit():
        out.add(12052002)
        return None
    category = tree.get(category_id)
    if category is None or not category.is_leaf:
        other = shop.platform.trees.of("v1" if version == "v2" else "v2").get(category_id)
        out.add(12052230 if category is not None or other is not None else 12052023)
        return None
    match categories.permission(shop, tree, category):
        case "PROHIBITED":
            out.add(12052220)
        case "NON_MAIN_CATEGORY":
            out.add(12052225, "The category is not part of the main category of the shop.")
        case "INVITE_ONLY" if shop.facts["region"] != "US":
            # In the US such a product is accepted and waits as PRE_APPROVED.
            out.add(12052223)
    return Leaf(tree, category)


def check_brand(out: Checked, shop: Shop, body: Product, leaf: Leaf | None) -> None:
    """Whether the brand may be named; where brands are not taken, it is dropped."""
    if not body.brand_id:
        return
    brand = shop.platform.brands.get(body.brand_id)
    if brand is None or brand["seller_id"] not in ("", shop.seller_id):
        out.drop_brand = True
        out.warnings.append(
            f"The [brand_id]:{body.brand_id} field is incorrect and has been cleared by the system. "
            "Reason: [Brand does not exist]."
        )
    elif not brand["authorized"]:
        if brand["t1"] and leaf is not None:
            out.add(12052201)
        else:
            out.drop_brand = True
            out.warnings.append(
                f"The [brand_id]:{body.brand_id} field has been cleared. "
                "Reason: [You are not authorized for the brand]."
            )


def check_attributes(out: Checked, shop: Shop, leaf: Leaf, body: Product, known: Known) -> None:
    """Attributes: those that are required, and the values each may have."""
    wanted = {a.id: a for a in categories.attributes(shop, leaf.tree, leaf.category.id) if not a.sales}
    chosen: dict[str, set[str]] = {}
    given = body.product_attributes or []
    ids = [a.id for a in given]
    if len(ids) != len(set(ids)):
        out.add(12052254)
    for entry in given:
        values = entry.values or []
        if not entry.id:
            out.add(12052241)
            continue
        if not values:
            continue
        attribute = wanted.get(entry.id)
        chosen[entry.id] = {v.id for v in values if v.id}
        if attribute is None:
            continue  # attributes the category does not have are ignored
        _attribute_values(out, attribute, values)
    for attribute in wanted.values():
        has = attribute.id in chosen
        if attribute.condition is not None:
            parent, value = attribute.condition
            met = value in chosen.get(parent, ())
            if met and not has and not known.draft:
                out.add(
                    12052182,
                    f"The attribute {attribute.name!r} ({attribute.id}) is required by the value of its parent.",
                )
            if not met and has:
                out.add(
                    12052183,
                    f"The attribute {attribute.name!r} ({attribute.id}) must stay empty with the value of its parent.",
                )
        elif attribute.required and not has and not known.draft:
            out.add(12052104, f"The attribute {attribute.name!r} ({attribute.id}) is required.")


def _attribute_values(out: Checked, attribute: categories.Attribute, values: list[Any]) -> None:
    allowed = {value_id for value_id, _ in attribute.values}
    if len(values) > 1 and not attribute.multiple:
        out.add(12052246, f"The attribute {attribute.id} takes one value only.")
    value_ids = [v.id for v in values if v.id]
    if len(value_ids) != len(set(value_ids)):
        out.add(12052253)
    names = [v.name for v in values if not v.id and v.name]
    if len(names) != len(set(names)):
        out.add(12052251)
    for value in values:
        if value.id:
            own = value.id.startswith("73")  # generated ids of own values begin so
            if allowed and value.id not in allowed and not own:
                out.add(12052529, f"The value {value.id} is not one of attribute {attribute.id}.")
        elif not value.name:
            out.add(12052248)
        else:
            _own_value(out, attribute, value.name)


def _own_value(out: Checked, attribute: categories.Attribute, name: str) -> None:
    if attribute.values and not attribute.customizable:
        out.add(12052247)
    if len(name) > 2000:
        out.add(12052249)
    if CHINESE.search(name):
        out.add(12052250)
    if attribute.numeric and (not POSITIVE.fullmatch(name) or not Decimal(name)):
        out.add(12052256)
    if EMOJI.search(name) or CONTROL.search(name):
        out.add(12052935)


def check_category_rules(out: Checked, shop: Shop, leaf: Leaf, body: Product, known: Known) -> None:
    """What the rules of the category want: certifications, size chart, package size, responsible persons, fees."""
    found = categories.rules(shop, leaf.tree, leaf.category.id)
    if body.is_cod_allowed and shop.region.cod and not found.cod:
        out.add(12052222)
    _certifications(out, shop, found, body, known)
    _size_chart(out, shop, found, body, known)
    if found.dimensions_required and body.package_dimensions is None and not known.draft:
        out.add(12019012, "The category requires `package_dimensions`.")
    if found.manufacturer_required and not known.draft and not body.manufacturer_ids:
        out.add(12052282)
    _entities(out, shop, "manufacturers", body.manufacturer_ids or [], (12052283, 12052284, 12052295))
    if found.responsible_person_required and not known.draft and not body.responsible_person_ids:
        out.add(12052287)
    _entities(out, shop, "responsible_persons", body.responsible_person_ids or [], (12052288, 12052289, 12052296))
    for sku in body.skus or []:
        if found.pfand and not known.draft and not any(f.type == "PFAND" for f in sku.fees or []):
            out.add(12052910, "The category requires a fee of type PFAND on every SKU.")
            break
        if found.seller_sku_required and not sku.seller_sku and not known.draft:
            out.add(12052054, "The category requires a seller SKU.")
            break
    for sku in body.skus or []:
        if sku.pre_sale is not None and sku.pre_sale.type and sku.pre_sale.type not in found.pre_sale:
            out.add(12019099)
            break


def _size_chart(out: Checked, shop: Shop, found: categories.Rules, body: Product, known: Known) -> None:
    chart = body.size_chart
    if chart is None or (chart.image is None and chart.template is None):
        if found.size_chart_required and not known.draft:
            out.add(12052673)
    elif not found.size_chart_supported:
        out.drop_size_chart = True  # silently, as the platform does
    elif chart.template is not None:
        if not shop.platform.world.table("tt/size_charts").get(chart.template.id or ""):
            out.add(12052128)
    elif chart.image is not None and uploads.find(shop.platform, shop.seller_id, chart.image.uri or "") is None:
        out.add(12052670)


def _certifications(out: Checked, shop: Shop, found: categories.Rules, body: Product, known: Known) -> None:
    given = body.certifications or []
    if len(given) > 10:
        out.add(12052657)
    ids = [c.id for c in given]
    if len(ids) != len(set(ids)):
        out.add(12052656)
    chosen = {a.id: {v.id for v in a.values or []} for a in body.product_attributes or []}
    allowed = {c["id"]: c for c in found.certifications}
    for entry in given:
        rule = allowed.get(entry.id or "")
        if rule is None:
            out.add(12052655)
            continue
        if any(uploads.find(shop.platform, shop.seller_id, i.uri or "") is None for i in entry.images or []):
            out.add(12052650)
        if any((f.id or "") not in shop.platform.files for f in entry.files or []):
            out.add(12052658)
        if rule["expires"] and (entry.expiration_date or 0) <= shop.now:
            out.add(12052385)
    for rule in found.certifications:
        condition = rule["condition"]
        needed = rule["required"] or (condition and condition[1] in chosen.get(condition[0], ()))
        entry_ids = [e for e in given if e.id == rule["id"] and (e.images or e.files)]
        if needed and not entry_ids and not known.draft:
            out.add(12052105, f"The certification {rule['name']!r} ({rule['id']}) is required.")


def _entities(out: Checked, shop: Shop, kind: str, given: list[str], codes: tuple[int, int, int]) -> None:
    too_many, unknown, twice = codes
    if len(given) != len(set(given)):
        out.add(twice)
    if len(given) > 10:
        out.add(too_many)
    table = shop.platform.world.table(f"tt/{kind}")
    for entity_id in given:
        row = table.get(entity_id)
        if row is None or row["seller_id"] != shop.seller_id:
            out.add(unknown, f"{entity_id} is not known.")
