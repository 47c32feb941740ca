"""Rows that are left out, each with its line, its field and the reason; and files that cannot be read at all."""

import json

import pytest

from twinshelf_sandbox.catalogs import CatalogError, Refusal, read_catalog
from twinshelf_sandbox.catalogs.files import MAX_CELL, MAX_LINE

HEADER = "title,sku,price,sale price,stock,weight,width,barcode,upc,brand,category"
GOOD = "Mug,M-1,1,0,1,1,1,1,1,Mill,Mugs"


def row(**cells):
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | {"title": "Pot", "sku": "P-1"}
    values |= {name.replace("_", " "): value for name, value in cells.items()}
    return ",".join(f'"{value}"' for value in values.values())


def read(path, content, **options):
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    catalog = read_catalog(path, **options)
    return list(catalog), catalog.report


@pytest.mark.parametrize(
    ("cells", "field", "value", "reason"),
    [
        ({"title": ""}, "title", "", "is missing"),
        ({"title": "   "}, "title", "", "is missing"),
        ({"title": "W" * 251}, "title", "W" * 60 + "…", "is longer than 250 characters (251)"),
        ({"sku": "s" * 256}, "sku", "s" * 60 + "…", "is longer than 255 characters (256)"),
        ({"sku": "m-1"}, "sku", "m-1", "repeats the SKU of line 2 (capitals make no difference)"),
        ({"price": "abc"}, "price", "abc", "is not a number"),
        ({"price": "-1"}, "price", "-1", "is negative"),
        ({"price": "19.99 - 24.99"}, "price", "19.99 - 24.99", "is not a number"),
        ({"price": "1.2.3"}, "price", "1.2.3", "is not a number"),
        ({"price": "nan"}, "price", "nan", "is not a number"),
        ({"price": "1e5"}, "price", "1e5", "is not a number"),
        ({"price": "99999999999"}, "price", "99999999999", "is more than 9,999,999,999"),
        ({"sale_price": "soon"}, "sale price", "soon", "is not a number"),
        ({"stock": "3.7"}, "stock", "3.7", "is not a whole number"),
        ({"stock": "-3"}, "stock", "-3", "is negative"),
        ({"stock": "plenty"}, "stock", "plenty", "is not a number"),
        ({"stock": "2147483648"}, "stock", "2147483648", "is more than 2,147,483,647"),
        ({"weight": "heavy"}, "weight", "heavy", "is not a number"),
        ({"weight": "-0.1"}, "weight", "-0.1", "is negative"),
        ({"weight": "5 tonnes"}, "weight", "tonnes", "is an unknown unit"),
        ({"width": "wide"}, "width", "wide", "is not a number"),
        ({"barcode": "40063813339310000"}, "gtin", "40063813339310000", "is longer than 14 characters (17)"),
        ({"upc": "4006-3813-33931"}, "upc", "4006-3813-33931", "is longer than 14 characters (15)"),
        ({"brand": "b" * 256}, "brand", "b" * 60 + "…", "is longer than 255 characters (256)"),
        ({"category": "A > " + "c" * 51}, "category", "c" * 51, "is longer than 50 characters (51)"),
        ({"title": "Null\0byte"}, "title", "", "contains a NUL byte"),
    ],
)
def test_a_row_with_a_bad_value_is_refused_and_the_rest_goes_on(tmp_path, cells, field, value, reason):
    content = "\n".join([HEADER, GOOD, row(**cells), row(title="Pan", sku="Z-1")])

    products, report = read(tmp_path / "c.csv", content)

    assert report.refused == [Refusal(3, field, value, reason)]
    assert [product["name"] for product in products] == ["Mug", "Pan"]
    assert (report.rows, report.taken, report.products) == (3, 2, 2)


def test_a_refusal_reads_as_a_sentence():
    assert str(Refusal(7, "price", "abc", "is not a number")) == 'line 7: price "abc" is not a number'
    assert str(Refusal(7, "title", "", "is missing")) == "line 7: title is missing"
    assert str(Refusal(7, "", "", "is not JSON")) == "line 7: is not JSON"


@pytest.mark.parametrize(
    ("given", "price"),
    [
        ("19.99", "19.99"),
        ("19,99", "19.99"),
        ("1.299,00", "1299.00"),
        ("1,299.00", "1299.00"),
        ("1,299", "1299"),
        ("1.299", "1.299"),
        ("1,234,567.5", "1234567.5"),
        ("£12", "12"),
        ("12 GBP", "12"),
        ("USD 12.50", "12.50"),
        ("$ 12", "12"),
        ("49.00000000", "49.00"),
        ("0.00005", "0.0001"),
        ("19.989999999999998", "19.99"),
        ("\u0663\u0664\u066b\u0665", "34.5"),
        ("0", "0"),
    ],
)
def test_prices_are_understood_as_people_write_them(tmp_path, given, price):
    (product,), _ = read(tmp_path / "c.csv", f'title,price\nMug,"{given}"\n')

    assert str(product["price"]) == price


def test_names_that_cannot_be_told_apart_are_refused(tmp_path):
    name = "W" * 245
    content = f"title,sku\n{name},A-1\n{name},A-2222\nMug,B\nMug (C),D\nMug,C\n"

    products, report = read(tmp_path / "c.csv", content)

    assert len(products) == 3
    assert [(r.line, r.field, r.reason) for r in report.refused] == [
        (3, "title", "repeats the title of an earlier product and cannot be told apart"),
        (6, "title", "repeats the title of an earlier product and cannot be told apart"),
    ]


def test_a_refused_row_takes_neither_its_name_nor_its_sku(tmp_path):
    products, report = read(tmp_path / "c.csv", "title,sku,price\nMug,A,abc\nMug,A,1\n")

    assert [(p["name"], p["sku"]) for p in products] == [("Mug", "A")]
    assert len(report.refused) == 1


def test_a_variant_row_is_refused_alone_but_a_product_with_all_its_rows(tmp_path):
    content = (
        "Item Type,Product Name,Product Code/SKU,Price,Current Stock Level,Category\n"
        "SKU,[S]Color=Red,STRAY,,1,\n"
        "Product,Tee,TEE,10,0,\n"
        "  SKU,[S]Color=Red,TEE-R,,1,\n"
        "  SKU,[S]Color=Blue,TEE-B,,2.5,\n"
        "  SKU,[S]Color=RED,TEE-R2,,1,\n"
        "  SKU,no options,TEE-X,,1,\n"
        "Coupon,x,,,,\n"
        "Product,Lamp,LAMP,cheap,0,\n"
        "  SKU,[S]Color=Red,LAMP-R,,1,\n"
        "Product,Cup,CUP,5,0,\n"
        "  SKU,[S]Color=Red,CUP-R,,many,\n"
    )

    products, report = read(tmp_path / "c.csv", content)

    assert [(p["name"], [v["sku"] for v in p["variants"]]) for p in products] == [("Tee", ["TEE-R"])]
    assert sorted(map(str, report.refused)) == sorted(
        [
            "line 2: stands before any product",
            'line 5: stock "2.5" is not a whole number',
            'line 6: options "RED" repeats the options of line 4',
            'line 7: Product Name "no options" names no options, as "[S]Color=Red,[RB]Size=M" does',
            'line 8: Item Type "coupon" is no kind of row that an export has',
            'line 9: price "cheap" is not a number',
            "line 10: belongs to the product refused in line 9",
            "line 11: has no variant that could be read",
            'line 12: stock "many" is not a number',
        ]
    )
    assert (report.rows, report.taken) == (11, 2)


def with_options(*options):
    return {"title": "A", "variants": [{"sku": str(n), "option_values": labels} for n, labels in enumerate(options)]}


@pytest.mark.parametrize(
    ("product", "refusal"),
    [
        ({"title": "A", "variants": [{"sku": "x", "size": "S"}, {"sku": "X", "size": "M"}]},
         'line 1: variant 2 sku "X" repeats the SKU of the same product (capitals make no difference)'),
        (with_options({"size": "S"}, {"size": "s"}),
         'line 1: variant 2 options "s" repeats the options of variant 1'),
        (with_options({"size": "S"}, {"color": "s"}),
         "line 1: variant 1 Color is missing, though other variants of the product have it"),
        ({"title": "A", "variants": [{"sku": "x", "size": "S", "price": -1}, {"sku": "y", "size": "M"}]},
         'line 1: variant 1 price "-1" is negative'),
        ({"title": "A", "variants": [{"sku": f"s{n}", "size": str(n)} for n in range(601)]},
         'line 1: variants "601" is more than the 600 a product may have'),
        ({"title": ["A"]}, "line 1: title \"['A']\" is not text"),
        ({"title": "half \ud83d"}, "line 1: title has half a character in it (a lone surrogate)"),
        ({"title": "A\0"}, "line 1: title contains a NUL character"),
        ({"title": "A", "brand": {"name": ["\0"]}}, "line 1: name contains a NUL character"),
        ({"title": "A", "price": True}, 'line 1: price "True" is not a number'),
        ({"title": "A", "price": float("nan")}, 'line 1: price "NaN" is not a number'),
        ({"title": "A", "price": float("inf")}, 'line 1: price "Infinity" is not a number'),
        ({"title": "A", "stock": 3.7}, 'line 1: stock "3.7" is not a whole number'),
        ({"name": "A", "inventory_tracking": "sku"},
         'line 1: inventory_tracking "sku" is none of none, product and variant'),
        ({"name": "A", "inventory_tracking": "none", "price": "x"}, 'line 1: price "x" is not a number'),
        ({"name": "A", "inventory_tracking": "none", "categories": ["x"]},
         "line 1: categories \"['x']\" is not a list of category ids"),
        ({"name": "A", "inventory_tracking": "variant", "variants": [{"sku": "a", "option_values": [{"label": ""}]}]},
         "line 1: variant 1 option_values lacks its label or the name of its option"),
    ],
)  # fmt: skip
def test_a_json_product_is_refused_as_a_whole(tmp_path, product, refusal):
    products, report = read(tmp_path / "c", json.dumps(product) + '\n{"title": "Pan"}\n')

    assert [str(refused) for refused in report.refused] == [refusal]
    assert [product["name"] for product in products] == ["Pan"]


def test_a_torn_line_of_json_lines_is_refused_alone(tmp_path):
    lines = [
        '{"title": "A"}',
        '{"title": "B", ',
        "",
        '{"title": "C\0"}',
        '{"title": "D", "price": 1e99999999999999999999}',
        '["E"]',
        '{"title": "F"}',
    ]

    products, report = read(tmp_path / "c", "\n".join(lines))

    assert [product["name"] for product in products] == ["A", "F"]
    assert [(r.line, r.reason.partition(":")[0]) for r in report.refused] == [
        (2, "is not JSON"),
        (4, "contains a NUL byte"),
        (5, "has a number that cannot be read"),
        (6, "is not a JSON object"),
    ]


def test_a_torn_first_line_does_not_hide_that_the_rest_are_json_lines(tmp_path):
    products, report = read(tmp_path / "c", '{"title": "A", "price\n{"title": "B"}\n')

    assert ([product["name"] for product in products], report.refused[0].line) == (["B"], 1)


def test_rows_of_another_length_are_refused(tmp_path):
    content = 'title,sku,price\nMug,A,1\nPot, with lid,B,2\nPan,C\nCup,D,3,,\n"Jar\nTin,E,4\nBox,F,5\n'

    products, report = read(tmp_path / "c.csv", content)

    assert [product["name"] for product in products] == ["Mug", "Cup"]
    assert list(map(str, report.refused)) == [
        "line 3: has 4 cells where the header has 3",
        "line 4: has 2 cells where the header has 3",
        "line 6: has 1 cells where the header has 3 (it runs to line 8: a quote that is never closed?)",
    ]


def test_lines_are_counted_through_blank_and_quoted_ones(tmp_path):
    products, report = read(tmp_path / "c.csv", 'title,price\n\n"Mug\nlarge",1\r\n\r\nPot,x\n')

    assert [product["name"] for product in products] == ["Mug\nlarge"]
    assert report.refused == [Refusal(6, "price", "x", "is not a number")]


# Encodings


@pytest.mark.parametrize(
    ("encoding", "reported"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "cp1252")],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_found_out(tmp_path, encoding, reported, delimiter):
    content = delimiter.join(["title", "price"]) + "\n" + delimiter.join(["Café – “Zoë”", '"1,50"']) + "\n"

    (product,), report = read(tmp_path / "c", content.encode(encoding))

    assert (product["name"], str(product["price"])) == ("Café – “Zoë”", "1.50")
    assert (report.encoding, report.delimiter) == (reported, delimiter)


def test_a_byte_that_cp1252_lacks_costs_its_row(tmp_path):
    products, report = read(tmp_path / "c", b"title,price\nCaf\xe9,1\nB\x81d,2\n")

    assert [product["name"] for product in products] == ["Café"]
    assert report.refused == [Refusal(3, "title", "", "contains a byte that is no text in cp1252")]


# Files that cannot be read

QUOTE = "a quote that is never closed?"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", None, "is empty"),
        (b" \n\n", None, "is empty"),
        (b"PK\x03\x04rest", None, "is a spreadsheet or a zip file; save it as CSV"),
        (b"\x1f\x8brest", None, "is compressed; unpack it first"),
        ("title\nMug\n".encode("utf-16-le"), None, "is no text, or UTF-16 without a byte order mark"),
        ("title\nMug\n".encode("utf-32"), None, "is UTF-32; save it as UTF-8"),
        (b'title,price\nMug,"' + b"1\n" * 3_000_000, 2, f"has a cell longer than {MAX_CELL:,} characters: {QUOTE}"),
        (b"title\n" + b"x" * (MAX_LINE + 1), 2, f"is longer than {MAX_LINE:,} characters"),
        (b",".join([b"c"] * 1_000_000), 1, "has more than 1,000 columns"),
        (b"ti\0tle,price\nMug,1\n", 1, "the header contains a NUL byte"),
        (b'[{"title": "A"},\n{"title": ]', 2, "is not JSON: Expecting value"),
        (b'[{"title": "A"}\n{"title": "B"}]', 2, 'has "{" where "," should be'),
        (b'{"data": [{"title": "A"}', 1, "ends too early"),
        (b"[" * 100_000, 1, "is nested too deeply"),
        (b'[{"title": "' + b"x" * (MAX_LINE + 600_000) + b'"}]', 1,
         f"starts an element longer than {MAX_LINE:,} characters, or is not JSON"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(value)[:40],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_where_and_why(tmp_path, content, line, reason):
    with pytest.raises(CatalogError) as error:
        read(tmp_path / "c", content)

    assert (error.value.file, error.value.line, error.value.reason) == ("c", line, reason)


def test_a_missing_file_is_named_without_its_folder(tmp_path):
    with pytest.raises(CatalogError, match=r"^none\.csv: cannot be read: No such file or directory$"):
        list(read_catalog(tmp_path / "none.csv"))


def test_what_came_before_the_break_has_been_read(tmp_path):
    path = tmp_path / "c"
    path.write_text('[{"title": "A"},\n{"title": "B"},\n{"tit')
    catalog = read_catalog(path)
    names: list[str] = []

    with pytest.raises(CatalogError):
        names.extend(product["name"] for product in catalog)

    assert catalog.report.products == 2
