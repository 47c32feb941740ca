"""BigCommerce's own OpenAPI files, read as what they are: descriptive, lax, and wrong in known places.

Almost nothing in them is required, and some reject what the platform really sends. So the known mistakes are mended
here; the keys that must be there are the tests' to list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

Schema = dict[str, Any]

# Fields that the files call not nullable although the platform answers null, as their own texts or samples say.
NULLABLE = {
    "base_variant_id", "option_set_id", "primary_image", "price", "sale_price", "retail_price", "map_price", "weight",
    "width", "height", "depth", "fixed_cost_shipping_price", "sku_id", "variant_id", "external_order_id",
    "external_merchant_id", "external_source", "external_id", "cart_id", "payment_provider_id",
    "gateway_transaction_id", "reference_transaction_id", "preorder_release_date", "event_date", "value_data",
    "credit_card_type", "offline", "requested_amount", "channel_ids", "tax_class_id", "customer_group_id",
    "wrapping_name",
}  # fmt: skip


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Without the timestamp resolver, or dates in enums become dates."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@lru_cache
def load(path: Path) -> Schema:
    with path.open(encoding="utf-8") as file:
        document: Schema = yaml.load(file, Loader=Loader)
    return document


def target(doc: Schema, node: Any) -> Any:
    """A node, or what its reference points at."""
    while isinstance(node, dict) and "$ref" in node:
        found = doc
        for part in node["$ref"][2:].split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def mended(doc: Schema, node: Any, name: str = "", depth: int = 0) -> Schema:
    """A schema of OpenAPI 3.0 as JSON Schema, references followed, known mistakes mended."""
    node = target(doc, node)
    if not isinstance(node, dict) or depth > 12:
        return {}
    result: Schema = {}
    for key, value in node.items():
        if key == "properties":
            result[key] = {k: mended(doc, v, k, depth + 1) for k, v in value.items()}
        elif key == "items":
            result[key] = mended(doc, value, name, depth + 1)
        elif key in {"allOf", "anyOf", "oneOf"}:
            # {url, resource} fits every alternative, so "exactly one" is never true.
            word = "anyOf" if key == "oneOf" else key
            result[word] = [mended(doc, v, name, depth + 1) for v in value]
        elif key in {"type", "enum", "required", "minimum", "maximum", "minLength", "maxLength", "maxItems"}:
            result[key] = value
    return nullable(result) if node.get("nullable") or name in NULLABLE else result


def nullable(schema: Schema) -> Schema:
    """The same schema, null allowed."""
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    for word, null in (("enum", None), ("anyOf", {"type": "null"})):
        if word in schema:
            schema[word] = [*schema[word], null]
    return schema


@dataclass(frozen=True)
class Operation:
    """One operation of one file."""

    doc: Schema
    node: Schema

    def statuses(self) -> set[int]:
        return {int(status) for status in self.node["responses"] if status.isdigit()}

    def schema(self, status: int) -> Schema | None:
        """What the file says of the body of an answer; None where it says nothing."""
        answer = target(self.doc, self.node["responses"].get(str(status)))
        content: Schema = next(iter((answer or {}).get("content", {}).values()), {})
        found = mended(self.doc, content.get("schema", {}))
        return found or None


class Specification:
    """All files of a folder: operations by method and path, ids blanked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._schemas: dict[tuple[str, str, int], Schema | None] = {}

    @cached_property
    def operations(self) -> dict[tuple[str, str], Operation]:
        found = {}
        for file in sorted(path for path in self._folder.rglob("*.y*ml") if path.parent.name != "webhook-callbacks"):
            doc = load(file)
            for path, methods in doc.get("paths", {}).items():
                for method in methods.keys() & {"get", "post", "put", "delete"}:
                    found[method.upper(), blank(path)] = Operation(doc, methods[method])
        return found

    def find(self, method: str, route: str) -> Operation | None:
        """The operation behind a route such as `/v3/catalog/brands/{brand_id}`."""
        return self.operations.get((method, blank(route.removeprefix("/v2").removeprefix("/v3"))))

    def schema(self, method: str, route: str, status: int) -> Schema | None:
        key = (method, route, status)
        if key not in self._schemas:
            operation = self.find(method, route)
            self._schemas[key] = operation.schema(status) if operation else None
        return self._schemas[key]


def blank(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


def problems(schema: Schema, body: Any) -> list[str]:
    """Where a body does not fit a schema."""
    found = Draft202012Validator(schema).iter_errors(body)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in found]


def strangers(schema: Schema, body: Any, at: str = "") -> Iterator[str]:
    """The keys of a body that its schema does not name; indexes are left out. An object without names allows all."""
    shapes = [s for s in alternatives(schema) if s]
    if isinstance(body, list):
        items = [s["items"] for s in shapes if "items" in s]
        for entry in body:
            yield from strangers({"anyOf": items}, entry, at) if items else ()
    if isinstance(body, dict):
        named: dict[str, list[Schema]] = {}
        for shape in shapes:
            for name, inner in shape.get("properties", {}).items():
                named.setdefault(name, []).append(inner)
        for name, value in body.items() if named else ():
            if name in named:
                yield from strangers({"anyOf": named[name]}, value, f"{at}.{name}")
            else:
                yield f"{at}.{name}"


def alternatives(schema: Schema) -> Iterator[Schema]:
    """A schema and all it is made of."""
    yield schema
    for word in ("allOf", "anyOf"):
        for part in schema.get(word, ()):
            yield from alternatives(part)
