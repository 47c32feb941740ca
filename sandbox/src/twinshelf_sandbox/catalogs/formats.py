"""Reading a catalog of any known format, recognized by its content: `read_catalog`.

Three dialects: products as BigCommerce's V3 API shows them (JSON), BigCommerce's own CSV exports, and anything else
whose columns go by their usual names. Rows stream through; only what must be known of earlier ones (names, SKUs, rows
of a product whose variants stand apart) is held.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from twinshelf_sandbox.catalogs import bigcommerce_csv, checks, files
from twinshelf_sandbox.catalogs.checks import BadValue
from twinshelf_sandbox.catalogs.columns import ATTRIBUTE, Recognized, is_field, plain, recognize
from twinshelf_sandbox.catalogs.documents import CatalogError, Report, SourceProduct
from twinshelf_sandbox.catalogs.files import Json, Sniffed, Torn
from twinshelf_sandbox.catalogs.product_builder import Builder, Group, Item, Names, Picture

_MAX_LISTED = 40
_MAX_KEY_SETS = 1_000
_MAX_NAMES_FILE = 64 << 20
_PER_VARIANT = frozenset({
    "sku", "gtin", "upc", "mpn", "stock", "price", "sale_price", "compare_at_price", "retail_price", "cost_price",
    "weight", "depth", "width", "height", "parent", "id", "variant_image", "availability",
})  # fmt: skip
_AMOUNT = re.compile(r"[\d.,]+\s*[^\W\d_]+\.?.*", re.DOTALL)
_URLS = re.compile(r"[|;\s]+|,\s*(?=https?:|/)")
_IMAGES = ("images", "thumbnail")
_DEFAULT_LABELS = {"default title", "default"}


class Catalog:
    """A catalog file. Iterating reads it from the start and yields its products; `report` tells how it went.

    Two readings of the same file yield equal products. Raises CatalogError where the file cannot be read on.
    """

    def __init__(self, path: Path, columns: Mapping[str, str], limit: int | None) -> None:
        self.path, self._limit = path, limit
        self._given = {_known_field(path, name): column for name, column in columns.items()}
        self.report = Report()

    def __iter__(self) -> Iterator[SourceProduct]:
        self.report = Report()
        limit = self._limit
        if limit is not None and limit <= 0:
            return
        for product in self._products(self.report):
            yield product
            if limit is not None and self.report.products >= limit:
                return

    def _products(self, report: Report) -> Iterator[SourceProduct]:
        sniffed = files.sniff(self.path)
        report.encoding = sniffed.encoding
        builder = Builder(report, _NamesBeside(self.path.parent))
        if sniffed.kind == "csv":
            groups = self._csv_groups(sniffed, report, builder)
            yield from (product for group in groups if (product := builder.build(group)))
        else:
            yield from _json_products(sniffed, self._given, report, builder)

    def _csv_groups(self, sniffed: Sniffed, report: Report, builder: Builder) -> Iterator[Group]:
        delimiter = _delimiter(sniffed, self._given)
        report.delimiter = delimiter
        rows = files.csv_rows(sniffed, delimiter)
        _, header = next(rows)
        if isinstance(header, Torn):
            raise CatalogError(self.path.name, 1, f"the header {header.reason}")
        header = _told_apart([name.strip() for name in header])
        if not self._given and (dialect := bigcommerce_csv.dialect_of(header)):
            report.dialect = dialect
            yield from bigcommerce_csv.groups(rows, header, report, builder)
            return
        report.dialect = "recognized columns"
        for column in self._given.values():
            if column not in header:
                raise CatalogError(self.path.name, 1, f'has no column "{column}"; its columns are: {_listed(header)}')
        columns = recognize(header, self._given)
        if "title" not in columns.fields:
            reason = f"has no column known as a title; name it (title=…). Its columns are: {_listed(header)}"
            raise CatalogError(self.path.name, 1, reason)
        reader = _RowReader(columns, report)
        report.columns, report.ignored_columns = columns.fields, columns.ignored
        table = _CsvTable(sniffed, delimiter, header, reader, builder)
        if "parent" in columns.fields:
            yield from _families(table)
        else:
            for item in table.items():
                yield Group(head=item, lines=[item.line])


def read_catalog(path: str | Path, *, columns: Mapping[str, str] | None = None, limit: int | None = None) -> Catalog:
    """A catalog to iterate over, at most `limit` products of it; nothing is read before that.

    `columns` names columns that would not be recognized: our field -> the file's column, such as
    {"title": "Bezeichnung"}; "attribute.Material" makes a custom field or an option. With it, a file is always read by
    its columns. Raises CatalogError for a field that there is none of.
    """
    return Catalog(Path(path), columns or {}, limit)


def _known_field(path: Path, name: str) -> str:
    if name.startswith(ATTRIBUTE) and name.removeprefix(ATTRIBUTE).strip():
        return name
    if field := is_field(name):
        return field
    raise CatalogError(path.name, None, f'there is no field "{name}" to read a column into')


def _listed(names: list[str]) -> str:
    shown = ", ".join(checks.shown(name) for name in names[:_MAX_LISTED])
    return shown + (f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else "")


def _told_apart(header: list[str]) -> list[str]:
    """Column names made unique: the second "Image" becomes "Image 2"."""
    counts: Counter[str] = Counter()
    names = []
    for name in header:
        counts[name] += 1
        names.append(name if counts[name] == 1 else f"{name} {counts[name]}")
    return names


def _delimiter(sniffed: Sniffed, given: Mapping[str, str]) -> str:
    """The delimiter by which most columns are recognized; where none helps, the most frequent one."""
    best, most = sniffed.delimiters[0], -1
    for delimiter in sniffed.delimiters:
        if delimiter not in sniffed.first_line or sniffed.first_line.count(delimiter) >= files.MAX_COLUMNS:
            continue
        names = next(csv.reader([sniffed.first_line], delimiter=delimiter), [])
        found = recognize([name.strip() for name in names], given)
        known = (
            1000 if bigcommerce_csv.dialect_of(names) else sum(map(len, found.fields.values())) + len(found.attributes)
        )
        if known > most:
            best, most = delimiter, known
    return best


class _NamesBeside(Names):
    """What category and brand ids mean, from `categories.json` and `brands.json` beside the catalog, if there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._categories: dict[int, tuple[str, int]] | None = None
        self._brands: dict[int, str] | None = None
        self._paths: dict[int, str | None] = {}

    def category(self, category_id: int) -> str | None:
        if self._categories is None:
            self._categories = {}
            for entry in _entries(self._folder / "categories.json"):
                number, name = entry.get("category_id", entry.get("id")), entry.get("name")
                if isinstance(number, int) and isinstance(name, str):
                    self._categories[number] = (name.strip(), entry.get("parent_id") or 0)
        if category_id not in self._paths:
            self._paths[category_id] = self._path(category_id, self._categories)
        return self._paths[category_id]

    def brand(self, brand_id: int) -> str | None:
        if self._brands is None:
            entries = _entries(self._folder / "brands.json")
            self._brands = {entry["id"]: entry["name"] for entry in entries if {"id", "name"} <= entry.keys()}
        return self._brands.get(brand_id)

    @staticmethod
    def _path(category_id: int, categories: Mapping[int, tuple[str, int]]) -> str | None:
        levels: list[str] = []
        seen: set[int] = set()
        while category_id in categories and category_id not in seen:
            seen.add(category_id)
            name, category_id = categories[category_id]
            levels.append(name)
        return " > ".join(reversed(levels)) or None


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a list in a JSON file, also under "data", with their children; none if there is no file."""
    if not path.is_file():
        return
    if path.stat().st_size > _MAX_NAMES_FILE:
        raise CatalogError(path.name, None, f"is larger than {_MAX_NAMES_FILE >> 20} MB")
    try:
        document = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except msgspec.DecodeError as error:
        raise CatalogError(path.name, None, f"is not JSON: {error}") from error
    waiting = document.get("data", []) if isinstance(document, dict) else document
    waiting = list(waiting) if isinstance(waiting, list) else []
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            yield entry
            waiting += entry.get("children") or []


class _RowReader:
    """Rows to items, by what the columns mean."""

    def __init__(self, columns: Recognized, report: Report) -> None:
        self.columns, self._report = columns, report
        fields = columns.fields
        self._images = [name for field in _IMAGES for name in fields.get(field, ())]
        self._thumbnails = frozenset(fields.get("thumbnail", ()))
        self._single = [(field, names) for field, names in fields.items() if field not in _IMAGES]
        # "Quantity" means pieces in stock in some files and 250 g in others: the first value there is decides.
        self._doubtful = next((name for name in fields.get("stock", ()) if plain(name) == "quantity"), None)

    def item(self, line: int, row: Mapping[str, Any]) -> Item:
        """What a row says, blank values left out."""
        if self._doubtful and not checks.is_blank(row.get(self._doubtful)):
            self._decide(str(row[self._doubtful]))
        item = Item(line, attributes=self._attributes(row), options=self._options(row))
        units = self.columns.units
        for field, names in self._single:
            for name in names:
                value = row.get(name)
                if not checks.is_blank(value):
                    item.values[field] = value
                    if name in units:
                        item.units[field] = units[name]
                    break
        if self._images:
            item.images = self._pictures(row)
        return item

    def _attributes(self, row: Mapping[str, Any]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, label in self.columns.attributes.items():
            value = row.get(name)
            if value and (text := _attribute(value)):
                found.setdefault(label, text)
        return found

    def _options(self, row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        return [
            (str(row.get(name) or "").strip(), str(row[value]).strip(), "")
            for name, value in self.columns.option_pairs
            if not checks.is_blank(row.get(value))
        ]

    def _decide(self, value: str) -> None:
        name, self._doubtful = self._doubtful, None
        if name and _AMOUNT.fullmatch(value.strip()):
            self.columns.fields["stock"] = [other for other in self.columns.fields["stock"] if other != name]
            if not self.columns.fields["stock"]:
                del self.columns.fields["stock"]
            self._single = [(field, names) for field, names in self.columns.fields.items() if field not in _IMAGES]
            self.columns.attributes[name] = "Net Content"

    def _pictures(self, row: Mapping[str, Any]) -> list[Picture]:
        found: dict[str, Picture] = {}
        for name in self._images:
            if name in self._thumbnails and found:
                continue
            for picture in _pictures(row.get(name)):
                found.setdefault(picture.url, picture)
        return list(found.values())


def _attribute(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(part).strip() for part in value)
    return "" if isinstance(value, dict) else str(value).strip()


def _pictures(value: Any) -> Iterator[Picture]:
    if isinstance(value, str):
        yield from (Picture(url) for url in _URLS.split(value.strip()) if url)
    elif isinstance(value, list):
        for entry in value:
            yield from _pictures(entry)
    elif isinstance(value, dict):
        url = next(
            (value[name] for name in ("src", "url", "link", "href", "image_url", "path") if value.get(name)), None
        )
        if isinstance(url, str):
            description = str(value.get("alt") or value.get("description") or "")
            yield Picture(url, description, value.get("is_thumbnail") is True)


class _CsvTable:
    """The rows of a CSV file as items; can be gone through twice."""

    def __init__(
        self, sniffed: Sniffed, delimiter: str, header: list[str], reader: _RowReader, builder: Builder
    ) -> None:
        self._sniffed, self._delimiter, self._header = sniffed, delimiter, header
        self.reader, self._builder = reader, builder

    def items(self) -> Iterator[Item]:
        """Every row that could be read; the others are refused on the way."""
        rows = files.csv_rows(self._sniffed, self._delimiter)
        next(rows)
        for line, cells in rows:
            if isinstance(cells, Torn):
                column = "" if cells.column is None or cells.column >= len(self._header) else self._header[cells.column]
                self._builder.refuse(line, BadValue("", cells.reason, column))
            else:
                yield self.reader.item(line, dict(zip(self._header, cells, strict=True)))

    def kin(self) -> Iterator[tuple[str, list[str]]]:
        """Of every row its parent ("" if none) and the names by which other rows may call it their parent."""
        fields = self.reader.columns.fields
        parents, skus, ids = (
            [self._header.index(name) for name in fields.get(field, ())] for field in ("parent", "sku", "id")
        )
        rows = files.csv_rows(self._sniffed, self._delimiter)
        next(rows)
        for _, cells in rows:
            if not isinstance(cells, Torn):
                parent = next((cells[place].strip() for place in parents if cells[place].strip()), "")
                own = [cells[place].strip() for place in (*skus, *ids) if cells[place].strip()]
                own += [f"id:{cells[place].strip()}" for place in ids if cells[place].strip()]
                yield parent, own


def _families(table: _CsvTable) -> Iterator[Group]:
    """Bring the rows together that share a parent, wherever they stand.

    A first pass counts the rows of each family, so that the second can let go of a family as soon as it is whole: what
    is held are the families that are still open.
    """
    sizes: Counter[str] = Counter()
    heads: dict[str, str] = {}
    for parent, own in table.kin():
        if parent:
            sizes[parent] += 1
        else:
            heads |= dict.fromkeys(own, own[0]) if own else {}
    heads = {name: head for name, head in heads.items() if name in sizes}
    expected: Counter[str] = Counter()
    for parent, size in sizes.items():
        expected[heads.get(parent, parent)] += size
    for head in set(heads.values()):
        expected[head] += 1
    led = set(heads.values())
    waiting: dict[str, list[Item]] = {}
    for item in table.items():
        parent = str(item.values.get("parent", "")).strip()
        key = heads.get(parent, parent) if parent else _own_family(item, heads)
        if not key:
            yield Group(head=item, lines=[item.line])
            continue
        family = waiting.setdefault(key, [])
        family.append(item)
        if len(family) == expected[key]:
            del waiting[key]
            yield _family(family, led=key in led)
    for family in waiting.values():  # rows of these were torn, but then torn in both passes: nothing waits in practice
        yield _family(family, led=False)


def _own_family(item: Item, heads: Mapping[str, str]) -> str:
    for field in ("sku", "id"):
        own = str(item.values.get(field, "")).strip()
        if own and own in heads:
            return heads[own]
        if own and f"id:{own}" in heads:
            return heads[f"id:{own}"]
    return ""


def _family(rows: list[Item], *, led: bool) -> Group:
    """One product from its rows: led by a row of its own, or by what its variants have in common."""
    lines = [row.line for row in rows]
    images = [picture for row in rows for picture in row.images]
    unique = list({picture.url: picture for picture in images}.values())
    if led:
        head = next(row for row in rows if "parent" not in row.values)
        items = [row for row in rows if row is not head]
        head.options = []
        if head.images:
            unique = head.images
    else:
        items = [row for row in rows if not _only_images(row)] or rows[:1]
        head = Item(rows[0].line)
        for row in reversed(items):
            head.values |= {name: value for name, value in row.values.items() if name not in _PER_VARIANT}
        head.attributes = _in_common(items)
    _name_options(items)
    head.images = unique
    if not led and len(items) == 1 and not items[0].options:
        only = items.pop()
        head.values |= {name: value for name, value in only.values.items() if name != "parent"}
        head.units = only.units
    for item in items:
        if url := item.values.get("variant_image"):
            item.images = list(_pictures(url))
    return Group(head=head, items=items, lines=lines)


def _only_images(row: Item) -> bool:
    """Whether a row brings nothing but a further picture, as Shopify's exports have them."""
    return bool(row.images) and not row.options and not row.values.keys() & {"title", "sku", "price", "stock"}


def _in_common(items: list[Item]) -> dict[str, str]:
    first, *others = items
    return {
        name: value
        for name, value in first.attributes.items()
        if all(other.attributes.get(name) == value for other in others)
    }


def _name_options(items: list[Item]) -> None:
    """Names of options that only the first row gives hold for all; a placeholder option is none."""
    names: list[str] = []
    for item in items:
        if not names:
            names = [name for name, _, _ in item.options]
        named = [(name or (names[n] if n < len(names) else f"Option {n + 1}"), label, kind)
                 for n, (name, label, kind) in enumerate(item.options)]  # fmt: skip
        item.options = [option for option in named if option[1].casefold() not in _DEFAULT_LABELS]


# JSON


def _json_products(
    sniffed: Sniffed, given: Mapping[str, str], report: Report, builder: Builder
) -> Iterator[SourceProduct]:
    reader = _JsonReader(given, report)
    for line, row in files.json_rows(sniffed):
        if isinstance(row, Torn):
            builder.refuse(line, BadValue("", row.reason, row.field))
            continue
        for document in _pages(row):
            if not given and is_v3(document):
                report.dialect = report.dialect or "V3 API products"
                product = builder.build_v3(line, document)
            else:
                report.dialect = report.dialect or "recognized columns"
                product = builder.build(reader.group(line, document))
            if product:
                yield product


def _pages(row: Json) -> list[Json]:
    """A row may be a whole page of the API, {"data": […]}."""
    data = row.get("data")
    if isinstance(data, list) and "name" not in row and "title" not in row:
        return [entry for entry in data if isinstance(entry, dict)]
    return [row]


def is_v3(document: Json) -> bool:
    """Whether an object is a product as BigCommerce's V3 API shows it."""
    if not isinstance(document.get("name"), str):
        return False
    categories = document.get("categories")
    return (
        bool(document.keys() & {"inventory_tracking", "base_variant_id", "brand_id", "tax_class_id", "custom_url"})
        or document.get("availability") in {"available", "disabled", "preorder"}
        or (isinstance(categories, list) and bool(categories) and all(isinstance(c, int) for c in categories))
    )


class _JsonReader:
    """JSON objects to groups; what their keys mean is found out once for each set of keys."""

    def __init__(self, given: Mapping[str, str], report: Report) -> None:
        self._given, self._report = given, report
        self._readers: dict[tuple[str, ...], _RowReader] = {}

    def group(self, line: int, document: Json) -> Group:
        head = self._item(line, document, top=True)
        values = head.values
        names = values.pop("options", None)
        given = values.pop("variants", None)
        if "stock" not in values and isinstance(fields := values.get("custom_fields"), dict):
            self._stock_among(fields, values)
        head.options = []
        group = Group(head=head, lines=[line], nested=True)
        if isinstance(given, list) and given:
            objects = [entry for entry in given if isinstance(entry, dict)]
            group.items = [self._variant(line, entry, names) for entry in objects]
            self._settle(group)
        return group

    def _settle(self, group: Group) -> None:
        """A single variant without options is the product itself."""
        _name_options(group.items)
        if len(group.items) == 1 and not group.items[0].options and not group.items[0].attributes:
            only = group.items.pop()
            group.head.values = {**only.values, **group.head.values, **_own(only.values)}
            group.head.units |= only.units
            group.head.images = group.head.images or only.images

    def _variant(self, line: int, document: Json, names: Any) -> Item:
        item = self._item(line, document, top=False)
        labels = item.values.pop("option_values", None)
        if labels is None:
            labels = item.values.pop("options", None)
        item.options = list(_json_options(labels)) or _numbered_options(document, names)
        if url := item.values.get("variant_image"):
            item.images = list(_pictures(url))
        return item

    def _item(self, line: int, document: Json, *, top: bool) -> Item:
        flat = dict(_flat(document))
        keys = tuple(flat)
        reader = self._readers.get(keys)
        if reader is None:
            columns = recognize(keys, self._given)
            reader = _RowReader(columns, self._report)
            if len(self._readers) < _MAX_KEY_SETS:
                self._readers[keys] = reader
            if top:
                self._note(columns)
        return reader.item(line, flat)

    def _note(self, columns: Recognized) -> None:
        report = self._report
        for field, names in columns.fields.items():
            known = report.columns.setdefault(field, [])
            known += [name for name in names if name not in known]
        new = [name for name in columns.ignored if name not in report.ignored_columns]
        report.ignored_columns += new[: max(_MAX_LISTED - len(report.ignored_columns), 0)]

    def _stock_among(self, fields: Json, values: dict[str, Any]) -> None:
        for name in list(fields):
            if is_field(name) == "stock":
                values["stock"] = fields[name]
                values["custom_fields"] = {other: value for other, value in fields.items() if other != name}
                return


def _own(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in {"sku", "gtin", "upc", "price", "stock"}}


_KEPT_WHOLE = {"custom_fields", "options", "option_values", "variants", "images"}


def _flat(document: Json) -> Iterator[tuple[str, Any]]:
    """The fields of an object, with those of objects inside it: {"dimensions": {"width": 2}} has "dimensions.width"."""
    for name, value in document.items():
        if isinstance(value, dict) and is_field(name) not in _KEPT_WHOLE:
            yield from ((f"{name}.{inner}", deeper) for inner, deeper in value.items())
        else:
            yield name, value


def _json_options(given: Any) -> Iterator[tuple[str, str, str]]:
    """{"size": "M"}, or [{"name": "Size", "value": "M"}] in the words of several platforms."""
    if isinstance(given, dict):
        for name, label in given.items():
            if isinstance(label, str | int) and not checks.is_blank(label):
                yield _headline(name), str(label), ""
    elif isinstance(given, list):
        for entry in given:
            if isinstance(entry, dict):
                name = next(
                    (entry[key] for key in ("option_display_name", "name", "option", "key") if entry.get(key)), ""
                )
                label = next((entry[key] for key in ("label", "value", "option_value") if entry.get(key)), "")
                if name and label and label != name:
                    yield _headline(str(name)), str(label), ""


def _numbered_options(document: Json, names: Any) -> list[tuple[str, str, str]]:
    """Shopify's {"option1": "M"}, named by the product's options."""
    options = []
    for place in range(3):
        label = document.get(f"option{place + 1}")
        if isinstance(label, str) and label.strip():
            entry = names[place] if isinstance(names, list) and place < len(names) else ""
            name = str(entry.get("name") or "") if isinstance(entry, dict) else str(entry)
            options.append((name or f"Option {place + 1}", label, ""))
    return options


def _headline(name: str) -> str:
    """An option's name for shoppers: "size" becomes "Size"; one that has capitals stays."""
    return name if any(mark.isupper() for mark in name) else name.replace("_", " ").capitalize()
