"""Real catalogs, which are not part of this repository: every row of them is accounted for.

They are looked for in a folder beside the repository; without it these tests are skipped.
"""

import itertools
import json
import time
from pathlib import Path

import pytest

from twinshelf_sandbox.catalogs import CatalogError, read_catalog

DATA = Path(__file__).parents[3] / "shared" / "data"
EVERYTHING = ("price", "stock", "sku", "weight", "dimensions", "images")


def data_file(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"The data set {name} is not beside the repository (shared/data).")
    return path


def all_made_up(count, **others):
    return dict.fromkeys(EVERYTHING, count) | {name.replace("_", " "): number for name, number in others.items()}


@pytest.mark.parametrize(
    ("name", "dialect", "rows", "products", "variants", "refused", "made_up"),
    [
        (
            "catalog-luma/products.jsonl", "recognized columns", 130, 130, 1256, [],
            {"weight": 130, "dimensions": 130, "images": 34, "name suffix": 5},
        ),
        (
            "catalog-food/products.csv", "recognized columns", 4147, 4143, 4143,
            [(402, "category", 64), (917, "gtin", 24), (918, "gtin", 24), (938, "gtin", 24)],
            all_made_up(4143, name_suffix=389),
        ),
        (
            "catalog-offers/offers.csv", "recognized columns", 24114, 24114, 24114, [],
            all_made_up(24114, name_suffix=2762),
        ),
        (
            "catalog-books/books.csv", "recognized columns", 138, 138, 138, [],
            {"sku": 138, "weight": 138, "dimensions": 138, "images": 138, "name suffix": 2},
        ),
        ("catalog-dummyjson/products.jsonl", "recognized columns", 124, 124, 124, [], {}),
        ("catalog-bigcommerce/products.jsonl", "V3 API products", 994, 994, 3041, [], {"name suffix": 17}),
    ],
    ids=lambda value: value if isinstance(value, str) and "/" in value else "",
)  # fmt: skip
def test_a_real_file_is_read_to_the_last_row(name, dialect, rows, products, variants, refused, made_up):  # noqa: PLR0917
    catalog = read_catalog(data_file(name))

    skus, names, count = set(), set(), 0
    for product in catalog:
        names.add(product["name"].casefold())
        skus |= {variant["sku"].casefold() for variant in product["variants"]}
        count += len(product["variants"])

    report = catalog.report
    assert report.dialect == dialect
    assert (report.rows, report.products, report.variants) == (rows, products, variants)
    assert report.taken + len(refused) == rows
    limits = {"category": 50, "gtin": 14}
    assert [(refusal.line, refusal.field, refusal.reason) for refusal in report.refused] == [
        (line, field, f"is longer than {limits[field]} characters ({length})") for line, field, length in refused
    ]
    assert (len(names), len(skus), count) == (products, variants, variants)
    assert report.made_up == made_up


def test_the_largest_file_is_read_in_seconds():
    catalog = read_catalog(data_file("catalog-fashion/products.csv"))

    begun = time.process_time()
    count = sum(1 for _ in catalog)
    seconds = time.process_time() - begun

    assert (count, catalog.report.rows, catalog.report.refused) == (27392, 27392, [])
    assert catalog.report.made_up == all_made_up(27392, name_suffix=6939)
    assert seconds < 6


@pytest.mark.parametrize(
    "name",
    [
        "catalog-luma/products.jsonl",
        "catalog-food/products.csv",
        "catalog-fashion/products.csv",
        "catalog-offers/offers.csv",
        "catalog-books/books.csv",
        "catalog-dummyjson/products.jsonl",
        "catalog-bigcommerce/products.jsonl",
    ],
)
def test_two_readings_are_equal(name):
    path = data_file(name)
    first, second = read_catalog(path, limit=300), read_catalog(path, limit=300)

    assert all(one == other for one, other in zip(first, second, strict=True))
    assert first.report == second.report


def test_the_file_name_plays_no_part(tmp_path):
    path = data_file("catalog-books/books.csv")
    (tmp_path / "x.bin").write_bytes(path.read_bytes())

    assert list(read_catalog(tmp_path / "x.bin")) == list(read_catalog(path))


def test_a_v3_product_keeps_what_the_file_says():
    path = data_file("catalog-bigcommerce/products.jsonl")
    read = list(read_catalog(path))
    with path.open(encoding="utf-8") as lines:
        given = [json.loads(line) for line in lines]

    assert [product["id"] for product in read] == [product["id"] for product in given]
    assert [float(product["price"]) for product in read] == [product["price"] for product in given]
    assert [len(product["images"]) for product in read] == [len(product["images"]) for product in given]
    assert [v["id"] for p in read for v in p["variants"]] == [v["id"] for p in given for v in p["variants"]]
    assert all(path and not path.startswith("Category ") for product in read for path in product["_category_paths"])
    assert not any("_source" in product for product in read)


def nasty(name):
    path = data_file(f"nasty-inputs/{name}")
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_nasty_titles_and_descriptions_are_taken_or_refused_but_never_break(tmp_path):
    titles = [entry["value"] for entry in nasty("titles.jsonl")] + [
        entry["value"] for entry in nasty("naughty_strings.jsonl")
    ]
    bodies = itertools.cycle(entry["value"] for entry in nasty("descriptions.jsonl"))
    path = tmp_path / "c"
    path.write_text(
        "\n".join(
            json.dumps({"title": title, "body": body, "sku": f"S-{n}"})
            for n, (title, body) in enumerate(zip(titles, bodies, strict=False))
        )
    )
    catalog = read_catalog(path)

    products = list(catalog)

    assert catalog.report.rows == len(titles)
    assert len(products) + len(catalog.report.refused) == len(titles)
    assert all(0 < len(product["name"]) <= 250 for product in products)
    assert {refusal.reason.partition(" (")[0] for refusal in catalog.report.refused} <= {
        "is missing",
        "is longer than 250 characters",
        "contains a NUL character",
    }


@pytest.mark.parametrize(
    ("name", "column"), [("prices.csv", "price"), ("gtins.csv", "gtin"), ("weights_dimensions.csv", None)]
)
def test_nasty_tables_are_taken_or_refused_but_never_break(name, column):
    path = data_file(f"nasty-inputs/{name}")
    columns = {"title": "note"} | ({column: "value"} if column else {})
    catalog = read_catalog(path, columns=columns)

    try:
        products = list(catalog)
    except CatalogError as error:  # a table that is torn as a whole is told as such
        pytest.fail(str(error))

    assert len(products) + len(catalog.report.refused) == catalog.report.rows > 0
