"""Images of products and variants.

Source: BigCommerce docs, reference/catalog/products_catalog.v3.yml and product-variants_catalog.v3.yml.
"""

from __future__ import annotations

from typing import Any, Final

from twinshelf_sandbox.bigcommerce import fields
from twinshelf_sandbox.bigcommerce.calls import Call, Routes
from twinshelf_sandbox.bigcommerce.catalog import (
    image_files,
    picture_addresses,
    product_documents,
    product_rows,
    variants,
)
from twinshelf_sandbox.bigcommerce.catalog.picture_addresses import with_base
from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product
from twinshelf_sandbox.bigcommerce.catalog.product_writes import product_of
from twinshelf_sandbox.bigcommerce.responses import (
    Json,
    data,
    data_raw,
    encode,
    iso,
    no_content,
    not_found,
    truth,
    v3_error,
)
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.wire import Response

routes = Routes("store_v2_products")

MOST: Final = 1_000


@routes.post("/v3/catalog/products/{product_id}/variants/{variant_id}/image")
def _set_variant_image(call: Call, product_id: int, variant_id: int) -> Response:
    product = product_of(call, product_id)
    variant = variants.variant_of(product, variant_id)
    key = image_files.received(call, most=image_files.MOST_VARIANT_BYTES)
    variant["image_url"] = picture_addresses.picture_mark(key)
    product_rows.save(call.store, product)
    return data({"image_url": call.store.picture_base + picture_addresses.picture_file(key)})


def _images_answer(call: Call, value: Any, meta: Json | None = None) -> Response:
    return data_raw(with_base(encode(value), call.store.picture_base), meta)


@routes.get("/v3/catalog/products/{product_id}/images")
def _list_images(call: Call, product_id: int) -> Response:
    images = product_of(call, product_id).images
    if not images:
        return no_content()
    shown, meta = call.paged(images)
    return _images_answer(call, [call.narrow(image) for image in shown], meta)


@routes.post("/v3/catalog/products/{product_id}/images")
def _create_image(call: Call, product_id: int) -> Response:
    product = product_of(call, product_id)
    if len(product.images) >= MOST:
        raise v3_error(422, f"A product may have no more than {MOST} images")
    key = image_files.received(call, most=image_files.MOST_BYTES)
    doc = image_files.fields_of(call)
    first = not product.images
    image = product_documents.add_image(call.store, product, {
        "_picture": key, "is_thumbnail": truth(str(doc.get("is_thumbnail", first))),
        "sort_order": _place(doc.get("sort_order")), "description": _description(doc),
    })  # fmt: skip
    _save_images(call.store, product, "image_created", image["id"])
    if first:  # only the first thumbnail fires; further images are seen by reading again
        call.store.fire("store/product/updated", {"type": "product", "id": product_id})
    return _images_answer(call, image)


def _place(value: Any) -> int:
    """A sort order, 0 for what is no number."""
    kept, wrong = fields.whole(-2_147_483_648)(value)
    return 0 if wrong else int(kept)


def _save_images(store: Store, product: Product, kind: str, image_id: int) -> None:
    product_rows.save(store, product, quiet=True)
    store.effect(kind, image_id, product_id=product.id)


def put_image(store: Store, product: Product, doc: Json) -> Json:
    """Make an image of one at an address, or change the one of that id, as products carry them."""
    known = next((image for image in product.images if image["id"] == doc.get("id")), None)
    url = doc.get("image_url")
    if known is not None:
        _change(store, product, known, doc, None if url is None else image_files.at_url(url))
        return known
    if len(product.images) >= MOST:
        raise v3_error(422, f"A product may have no more than {MOST} images")
    return product_documents.add_image(store, product, {
        "_picture": image_files.at_url(url), "is_thumbnail": truth(str(doc.get("is_thumbnail", not product.images))),
        "sort_order": _place(doc.get("sort_order", len(product.images))), "description": _description(doc),
    })  # fmt: skip


def _description(doc: Json) -> str:
    return str(doc.get("description") or "")


def _image(product: Product, image_id: int) -> Json:
    for image in product.images:
        if image["id"] == image_id:
            return image
    raise not_found("The requested image was not found.")


@routes.get("/v3/catalog/products/{product_id}/images/{image_id}")
def _get_image(call: Call, product_id: int, image_id: int) -> Response:
    return _images_answer(call, call.narrow(_image(product_of(call, product_id), image_id)))


@routes.put("/v3/catalog/products/{product_id}/images/{image_id}")
def _update_image(call: Call, product_id: int, image_id: int) -> Response:
    product = product_of(call, product_id)
    image = _image(product, image_id)
    doc = image_files.fields_of(call)
    key = (
        image_files.received(call, most=image_files.MOST_BYTES) if doc.get("image_url") or "image_file" in doc else None
    )
    _change(call.store, product, image, doc, key)
    _save_images(call.store, product, "image_updated", image_id)
    return _images_answer(call, image)


def _change(store: Store, product: Product, image: Json, doc: Json, picture: str | None) -> None:
    if picture is not None:
        image.update(picture_addresses.image_urls(picture))
    if "is_thumbnail" in doc and truth(str(doc["is_thumbnail"])):
        for other in product.images:
            other["is_thumbnail"] = other is image
    if "sort_order" in doc:
        image["sort_order"] = _place(doc["sort_order"])
    if "description" in doc:
        image["description"] = _description(doc)
    image["date_modified"] = iso(store.now)


@routes.delete("/v3/catalog/products/{product_id}/images/{image_id}")
def _delete_image(call: Call, product_id: int, image_id: int) -> Response:
    product = product_of(call, product_id)
    image = _image(product, image_id)
    product.images.remove(image)
    if image["is_thumbnail"] and product.images:
        product.images[0]["is_thumbnail"] = True
    _save_images(call.store, product, "image_deleted", image_id)
    return no_content()
