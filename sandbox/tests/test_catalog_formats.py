"""What each format of catalog file becomes: small files, exact products."""

import json
from decimal import Decimal

import pytest

from twinshelf_sandbox.catalogs import CatalogError, read_catalog


@pytest.fixture
def catalog(tmp_path):
    """Write a file and read it: the products and the report."""

    def read(content, *, name="catalog", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        found = read_catalog(path, **options)
        return list(found), found.report

    return read


def variants_of(product):
    """SKU, price and labels of each variant."""
    return [
        (v["sku"], v["price"], [value["label"] for value in v["option_values"]], v["inventory_level"])
        for v in product["variants"]
    ]


def options_of(product):
    return [(o["display_name"], o["type"], [v["label"] for v in o["option_values"]]) for o in product["options"]]


# V3 API products

V3_MUG = {
    "id": 77,
    "name": "Mug",
    "type": "physical",
    "sku": "MUG",
    "description": "<p>Round.</p>",
    "weight": 1.1,
    "width": 4,
    "depth": 5,
    "height": 0,
    "price": 12.3,
    "sale_price": 0,
    "categories": [2],
    "brand_id": 5,
    "inventory_level": 9,
    "inventory_tracking": "variant",
    "gtin": "",
    "date_created": "2024-10-04T05:38:26+00:00",
    "variants": [
        {
            "id": 1,
            "sku": "MUG-R",
            "price": 13.05,
            "inventory_level": 4,
            "image_url": "https://cdn.invalid/r.jpg",
            "option_values": [{"label": "Red", "option_display_name": "Color"}],
        },
        {
            "id": 2,
            "sku": "MUG-B",
            "price": None,
            "inventory_level": 5,
            "option_values": [{"label": "Blue", "option_display_name": "Color"}],
        },
    ],
    "images": [
        {
            "id": 3,
            "url_zoom": "https://cdn.invalid/2.jpg",
            "is_thumbnail": False,
            "sort_order": 1,
            "description": "side",
        },
        {"id": 4, "url_zoom": "https://cdn.invalid/1.jpg", "is_thumbnail": True, "sort_order": 0, "description": ""},
    ],
    "custom_fields": [{"id": 6, "name": "Material", "value": "Clay"}],
    "_source": "somewhere",
}
V3_WRAPPINGS = [
    ("a page of the API", json.dumps({"data": [V3_MUG], "meta": {"pagination": {"total": 1}}})),
    ("a page, meta first, indented", json.dumps({"meta": {"pagination": {}}, "data": [V3_MUG]}, indent=2)),
    ("a bare list", json.dumps([V3_MUG])),
    ("a bare list, indented, with a byte order mark", "\ufeff" + json.dumps([V3_MUG], indent=1)),
    ("JSON Lines", json.dumps(V3_MUG) + "\n"),
    ("JSON Lines of pages", json.dumps({"data": [V3_MUG]}) + "\n" + json.dumps({"data": []})),
    ("one product", json.dumps(V3_MUG, indent=4)),
]


@pytest.mark.parametrize(("_case", "text"), V3_WRAPPINGS)
def test_a_v3_product_comes_as_it_is_with_names_for_ids(catalog, tmp_path, _case, text):
    (tmp_path / "categories.json").write_text(
        json.dumps(
            [
                {"category_id": 2, "parent_id": 1, "name": "Mugs"},
                {"category_id": 1, "parent_id": 0, "name": "Kitchen"},
            ]
        )
    )
    (tmp_path / "brands.json").write_text(json.dumps({"data": [{"id": 5, "name": "Millbrook"}]}))

    (mug,), report = catalog(text)

    assert report.dialect == "V3 API products"
    assert (report.rows, report.products, report.variants, report.made_up) == (1, 1, 2, {})
    assert (mug["id"], mug["name"], mug["sku"]) == (77, "Mug", "MUG")
    assert (mug["_category_paths"], mug["brand_name"]) == (["Kitchen > Mugs"], "Millbrook")
    assert not mug.keys() & {"_source", "categories", "brand_id"}
    assert (mug["price"], mug["weight"], mug["height"]) == (Decimal("12.3"), Decimal("1.1"), 0)
    assert mug["date_created"] == "2024-10-04T05:38:26+00:00"
    assert variants_of(mug) == [("MUG-R", Decimal("13.05"), ["Red"], 4), ("MUG-B", None, ["Blue"], 5)]
    assert options_of(mug) == [("Color", "rectangles", ["Red", "Blue"])]
    assert mug["variants"][0]["_original_image_url"] == "https://cdn.invalid/r.jpg"
    assert [(i["_original_image_url"], i["is_thumbnail"], i["description"]) for i in mug["images"]] == [
        ("https://cdn.invalid/1.jpg", True, ""),
        ("https://cdn.invalid/2.jpg", False, "side"),
    ]
    assert len({i["_picture"] for i in mug["images"]}) == 2
    assert mug["custom_fields"] == [{"id": 6, "name": "Material", "value": "Clay"}]


def test_ids_that_nothing_explains_get_a_made_up_name(catalog):
    (mug,), report = catalog(json.dumps([V3_MUG]))

    assert (mug["_category_paths"], mug["brand_name"]) == (["Category 2"], "Brand 5")
    assert report.made_up == {"category": 1, "brand": 1}


def test_what_a_v3_product_leaves_blank_stays_blank_and_what_it_lacks_is_made_up(catalog):
    bare = {"name": "Cup", "type": "physical", "price": 3, "inventory_tracking": "none", "images": [], "weight": None}

    (cup,), report = catalog(json.dumps([bare]))

    assert (cup["images"], cup["weight"], cup["sku"], cup["inventory_level"]) == ([], 0, "", 0)
    assert report.made_up == {"dimensions": 1}
    assert variants_of(cup) == [("", None, [], 0)]


# BigCommerce's own exports

EXPORT_COLUMNS = (
    "Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Price,Sale Price,Brand ID,Categories,Description,"
    "Custom Fields,UPC/EAN,Global Trade Number,Weight,Width,Height,Depth,Is Visible,Variant Image URL,"
    "Internal Image URL (Export),Image URL (Import),Image Description,Image is Thumbnail"
)


def export_row(**cells):
    """A row of an export; a column is named by its words up to the first bracket."""
    row = dict.fromkeys(EXPORT_COLUMNS.split(","), "")
    for name, value in cells.items():
        (column,) = [c for c in row if c.replace(" ", "_").replace("/", "_").split("_(")[0] == name]
        row[column] = f'"{value}"'
    return ",".join(row.values())


TEE = {"Item": "Product", "ID": 1, "Name": "Tee", "Type": "physical", "SKU": "TEE", "Inventory_Tracking": "variant"}
TEE |= {
    "Current_Stock": 0,
    "Price": 10,
    "Sale_Price": 8,
    "Brand_ID": 35,
    "Categories": "12;13",
    "Weight": 1,
    "Width": 2,
}
TEE |= {"Height": 3, "Depth": 4, "Is_Visible": "TRUE", "Custom_Fields": "Material=Wool;Care=Cold"}
RED_TEE = {"Item": "Variant", "SKU": "TEE-R-M", "Current_Stock": 3, "Price": 12, "Global_Trade_Number": "4006381333931"}
RED_TEE |= {"Options": "Type=Swatch|Name=Color|Value=Red[#ff0000]|Type=Rectangle|Name=Size|Value=M"}
RED_TEE |= {"Variant_Image_URL": "https://cdn.invalid/v.jpg"}
BLUE_TEE = {"Item": "Variant", "SKU": "TEE-B-M", "Current_Stock": 4}
BLUE_TEE |= {"Options": "Type=Swatch|Name=Color|Value=BlueType=Rectangle|Name=Size|Value=M"}
PLAIN_CUP = {"Item": "Product", "Name": "Cup", "Type": "digital", "Inventory_Tracking": "none", "Price": 3}
PLAIN_CUP |= {"Is_Visible": "FALSE"}


def test_a_bigcommerce_export_brings_variants_and_images_on_rows_of_their_own(catalog, tmp_path):
    tees = {"id": 13, "parent_id": 12, "name": "Tees"}
    tops = {"id": 12, "parent_id": 0, "name": "Tops", "children": [tees]}
    (tmp_path / "categories.json").write_text(json.dumps({"data": [tops]}))
    rows = [
        EXPORT_COLUMNS,
        export_row(**TEE),
        export_row(**RED_TEE),
        export_row(**BLUE_TEE),
        export_row(Item="Image", Internal_Image_URL="https://cdn.invalid/1.jpg", Image_is_Thumbnail="FALSE"),
        export_row(Item="Image", Image_URL="https://cdn.invalid/2.jpg", Image_is_Thumbnail="TRUE"),
        export_row(Item="Video"),
        export_row(**PLAIN_CUP),
    ]

    (tee, cup), report = catalog("\r\n".join(rows))

    assert report.dialect == "BigCommerce export"
    assert (report.rows, report.taken, report.skipped) == (7, 6, {"Video": 1})
    assert (tee["_category_paths"], tee["brand_name"]) == (["Tops", "Tops > Tees"], "Brand 35")
    assert (tee["price"], tee["sale_price"], tee["depth"]) == (10, 8, 4)
    assert (tee["inventory_tracking"], tee["inventory_level"]) == ("variant", 7)
    assert options_of(tee) == [("Color", "swatch", ["Red", "Blue"]), ("Size", "rectangles", ["M"])]
    assert variants_of(tee) == [("TEE-R-M", 12, ["Red", "M"], 3), ("TEE-B-M", None, ["Blue", "M"], 4)]
    assert tee["variants"][0]["gtin"] == "4006381333931"
    assert tee["variants"][0]["_original_image_url"] == "https://cdn.invalid/v.jpg"
    assert [(i["_original_image_url"], i["is_thumbnail"]) for i in tee["images"]] == [
        ("https://cdn.invalid/2.jpg", True),
        ("https://cdn.invalid/1.jpg", False),
    ]
    assert tee["custom_fields"] == [{"name": "Material", "value": "Wool"}, {"name": "Care", "value": "Cold"}]
    assert (cup["type"], cup["sku"], cup["inventory_tracking"], cup["is_visible"]) == ("digital", "", "none", False)
    assert (cup["weight"], cup["images"]) == (0, [])
    assert report.made_up == {"brand": 1}


def test_a_legacy_export_brings_skus_below_their_product_and_rules_that_are_skipped(catalog):
    text = (
        "Item Type,Product ID,Product Name,Product Type,Product Code/SKU,Brand Name,Price,Product Weight,Product Width,"
        "Product Height,Product Depth,Allow Purchases?,Product Visible?,Track Inventory,Current Stock Level,"
        "Product Description,Category,Product Image File - 1,Product Image Is Thumbnail - 1,Product Image File - 2,"
        "Product Image Is Thumbnail - 2,Product UPC/EAN,GTIN\n"
        'Product,10,Shirt,P,SH,Acme,20.00,1.5,2,3,4,Y,Y,by option,0,<p>x</p>,"Shop/Shirts;Sale",a.jpg,N,b.jpg,Y,0123,\n'
        '  SKU,,"[S]Color=Red,[RB]Size=M",,SH-R-M,,[ADD]2.50,[FIXED]2,,,,,,,5,,,r.jpg,,,,,401\n'
        'SKU,,"[CS]Color=Blue:#0000ff,[RB]Size=M",,SH-B-M,,,,,,,N,,,6,,,,,,,,\n'
        '  Rule,,"[S]Color=Red",,,,[ADD]1,,,,,,,,,,,,,,,,\n'
        'Product,12,Pan,P,,Acme,9,1,1,1,1,N,N,by product,7,,"Category Name: Pans, Category Path: Kitchen/Pans",,,,,,\n'
        "Product,13,Song,D,S-1,,0.99,0,0,0,0,Y,Y,none,0,,,,,,,,\n"
    )

    (shirt, pan, song), report = catalog(text)

    assert report.dialect == "BigCommerce export (legacy)"
    assert (report.rows, report.taken, report.skipped, report.made_up) == (6, 5, {"Rule": 1}, {})
    assert (shirt["_category_paths"], shirt["brand_name"], shirt["upc"]) == (["Shop > Shirts", "Sale"], "Acme", "0123")
    assert options_of(shirt) == [("Color", "swatch", ["Red", "Blue"]), ("Size", "radio_buttons", ["M"])]
    red, blue = variants_of(shirt)
    assert (red, blue) == (("SH-R-M", Decimal("22.50"), ["Red", "M"], 5), ("SH-B-M", None, ["Blue", "M"], 6))
    assert [v["purchasing_disabled"] for v in shirt["variants"]] == [False, True]
    assert [v["weight"] for v in shirt["variants"]] == [2, None]
    assert [i["_original_image_url"] for i in shirt["images"]] == ["b.jpg", "a.jpg"]
    assert (pan["sku"], pan["availability"], pan["is_visible"], pan["inventory_level"]) == ("", "disabled", False, 7)
    assert pan["_category_paths"] == ["Kitchen > Pans"]
    assert (song["type"], song["inventory_tracking"], song["price"]) == ("digital", "none", Decimal("0.99"))


# Recognized columns


def test_columns_go_by_their_usual_names(catalog):
    text = (
        "Item Code;Product Name;Regular Price;Special_Price;qty;Weight (kg);Length cm;width;height;Manufacturer;"
        "Department;EAN;Body HTML;Image URL;colour;nonsense\n"
        'B-1;"Mug; large";"1.299,00";"999,50";1,200;2;25.4;3;4;Mill;Kitchen > Mugs;4006381333931;<b>x</b>;'
        "https://cdn.invalid/a.jpg|https://cdn.invalid/b.jpg;red;zzz\n"
    )

    (mug,), report = catalog(text)

    assert (mug["sku"], mug["name"], mug["brand_name"]) == ("B-1", "Mug; large", "Mill")
    assert (mug["price"], mug["sale_price"]) == (Decimal("1299.00"), Decimal("999.50"))
    assert (mug["inventory_level"], mug["inventory_tracking"]) == (1200, "product")
    assert (mug["weight"], mug["depth"], mug["width"]) == (Decimal("4.4092"), Decimal("10.0000"), 3)
    assert (mug["gtin"], mug["description"]) == ("4006381333931", "<b>x</b>")
    assert mug["_category_paths"] == ["Kitchen > Mugs"]
    assert [i["_original_image_url"][-5:] for i in mug["images"]] == ["a.jpg", "b.jpg"]
    assert mug["custom_fields"] == [{"name": "Color", "value": "red"}]
    assert variants_of(mug) == [("B-1", None, [], 1200)]
    assert (report.delimiter, report.ignored_columns, report.made_up) == (";", ["nonsense"], {})


def test_named_columns_go_before_recognized_ones(catalog):
    text = "Bezeichnung\tname\tPreis\tStoff\nTasse\tx\t12,50\tTon\n"

    (cup,), report = catalog(text, columns={"title": "Bezeichnung", "price": "Preis", "attribute.Material": "Stoff"})

    assert (cup["name"], cup["price"]) == ("Tasse", Decimal("12.50"))
    assert cup["custom_fields"] == [{"name": "Material", "value": "Ton"}]
    assert report.columns["title"] == ["Bezeichnung", "name"]


def test_several_columns_of_levels_make_one_category(catalog):
    text = "title,master_category,sub_category,article_type\nTee,Apparel,Topwear,Tshirts\nHat,Apparel,Apparel,\n"

    (tee, hat), _ = catalog(text)

    assert (tee["_category_paths"], hat["_category_paths"]) == (["Apparel > Topwear > Tshirts"], ["Apparel"])


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ("Kitchen", ["Kitchen"]),
        ("Kitchen > Mugs", ["Kitchen > Mugs"]),
        ("Men/Tops/Hoodies & Sweatshirts", ["Men > Tops > Hoodies & Sweatshirts"]),
        ("A > B; C|D/E", ["A > B", "C", "D > E"]),
        ("Clothing > Tees, Sale", ["Clothing > Tees", "Sale"]),
        ("Food, Beverages > Tea", ["Food, Beverages > Tea"]),
        ("en:beverages|en:teas|en:green-teas", ["Beverages > Green teas"]),
        ("", []),
    ],
)
def test_a_category_is_a_path(catalog, given, paths):
    (product,), _ = catalog(f'title,category\nTea,"{given}"\n')

    assert product["_category_paths"] == paths


def test_rows_that_share_a_parent_are_one_product_wherever_they_stand(catalog):
    text = (
        "id,item_group_id,title,price,color,size,gtin,image_link,material\n"
        "1,G1,Tee red,12.00 USD,Red,S,123,https://cdn.invalid/a.jpg,Wool\n"
        "3,,Box,9 USD,Gray,,,,\n"
        "2,G1,Tee blue,13.00 USD,Blue,S,124,https://cdn.invalid/b.jpg,Wool\n"
    )

    (box, tee), report = catalog(text)

    assert (tee["name"], tee["price"], tee["sku"]) == ("Tee red", 12, "")
    assert options_of(tee) == [("Color", "rectangles", ["Red", "Blue"]), ("Size", "rectangles", ["S"])]
    assert [(v["gtin"], v["price"], v["_original_image_url"][-5:]) for v in tee["variants"]] == [
        ("123", None, "a.jpg"),
        ("124", 13, "b.jpg"),
    ]
    assert tee["custom_fields"] == [{"name": "Material", "value": "Wool"}]
    assert (box["options"], box["custom_fields"]) == ([], [{"name": "Color", "value": "Gray"}])
    assert (report.rows, report.taken, report.products, report.variants) == (3, 3, 2, 3)


def test_a_row_that_others_call_their_parent_heads_them(catalog):
    text = (
        "ID,Type,SKU,Name,Stock,Sale price,Regular price,Categories,Images,Parent,"
        "Attribute 1 name,Attribute 1 value(s)\n"
        '1,variable,TEE,Tee,,,,Tees,https://cdn.invalid/a.jpg,,Size,"S, M"\n'
        "2,variation,TEE-S,Tee - S,5,8,10,,,TEE,Size,S\n"
        "3,simple,CAP,Cap,2,,9.5,Hats,,,,\n"
        "4,variation,TEE-M,Tee - M,1,,11,,,id:1,Size,M\n"
    )

    (cap, tee), report = catalog(text)

    assert (cap["name"], variants_of(cap)) == ("Cap", [("CAP", None, [], 2)])
    assert (tee["sku"], tee["price"], tee["_category_paths"]) == ("TEE", 10, ["Tees"])
    assert variants_of(tee) == [("TEE-S", None, ["S"], 5), ("TEE-M", 11, ["M"], 1)]
    assert tee["variants"][0]["sale_price"] == 8
    assert (report.taken, report.made_up) == (4, {"weight": 2, "dimensions": 2, "images": 1})


def test_a_shopify_export_has_further_variants_and_images_below_the_first_row(catalog):
    text = (
        "Handle,Title,Body (HTML),Vendor,Type,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,"
        "Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src\n"
        "mug,Mug,<p>Hi</p>,Mill,Mugs,TRUE,Color,Red,M-R,500,3,12.00,15.00,https://cdn.invalid/1.jpg\n"
        "mug,,,,,,,Blue,M-B,500,4,12.00,,https://cdn.invalid/2.jpg\n"
        "mug,,,,,,,,,,,,,https://cdn.invalid/3.jpg\n"
        "pot,Pot,,Mill,Pots,FALSE,Title,Default Title,P1,1000,0,20,,\n"
    )

    (mug, pot), report = catalog(text)

    assert (report.rows, report.taken, report.refused) == (4, 4, [])
    assert options_of(mug) == [("Color", "rectangles", ["Red", "Blue"])]
    assert [(v["sku"], v["price"], v["sale_price"]) for v in mug["variants"]] == [("M-R", None, 12), ("M-B", 12, None)]
    assert (mug["price"], mug["weight"], len(mug["images"])) == (15, Decimal("1.1023"), 3)
    assert (pot["sku"], pot["options"], pot["is_visible"], pot["inventory_level"]) == ("P1", [], False, 0)


NESTED = {
    "sku": "H1",
    "name": "Hoodie",
    "type": "configurable",
    "description_html": "<p>x</p>",
    "price": 52.0,
    "weight": None,
    "categories": ["Men/Tops", "Sale"],
    "images": ["/a.jpg", "/b.jpg"],
    "options": [{"name": "size", "values": ["S"]}],
    "variants": [
        {"sku": "H1-S", "option_values": {"size": "S"}, "price": 52.0, "quantity": 3, "images": ["/a.jpg"]},
        {"sku": "H1-M", "option_values": {"size": "M"}, "price": 55.5, "quantity": 0, "images": ["/c.jpg"]},
    ],
    "custom_fields": {"material": "Wool", "blank": "", "long": "x" * 251},
}


def test_variants_may_be_nested(catalog):
    (hoodie,), report = catalog(json.dumps(NESTED))

    assert (hoodie["sku"], hoodie["price"], hoodie["inventory_level"]) == ("H1", 52, 3)
    assert hoodie["_category_paths"] == ["Men > Tops", "Sale"]
    assert options_of(hoodie) == [("Size", "rectangles", ["S", "M"])]
    assert variants_of(hoodie) == [("H1-S", None, ["S"], 3), ("H1-M", Decimal("55.5"), ["M"], 0)]
    assert hoodie["variants"][1]["_original_image_url"] == "/c.jpg"
    assert hoodie["custom_fields"] == [{"name": "material", "value": "Wool"}]
    assert report.left_out == {"custom field over 250 characters": 1}


def test_objects_inside_objects_and_shopifys_numbered_options_are_understood(catalog):
    products = {
        "products": [
            {
                "title": "Tee",
                "vendor": {"name": "Mill"},
                "dimensions": {"width": 2.5, "height": 3, "depth": 4},
                "options": [{"name": "Size", "values": ["S", "M"]}],
                "variants": [
                    {"title": "S", "option1": "S", "sku": "T-S", "price": "10.00", "inventory_quantity": 3},
                    {"title": "M", "option1": "M", "sku": "T-M", "price": "12.00", "inventory_quantity": 0},
                ],
                "images": [{"src": "https://cdn.invalid/1.jpg", "alt": "front"}],
            },
            {"title": "Solo", "variants": [{"option1": "Default Title", "sku": "SO", "price": "5.00", "grams": 1000}]},
        ]
    }

    (tee, solo), _ = catalog(json.dumps(products, indent=1))

    assert (tee["brand_name"], tee["width"]) == ("Mill", Decimal("2.5"))
    assert variants_of(tee) == [("T-S", None, ["S"], 3), ("T-M", 12, ["M"], 0)]
    assert tee["images"][0]["description"] == "front"
    assert (solo["sku"], solo["options"], solo["price"], solo["weight"]) == ("SO", [], 5, Decimal("2.2046"))


def test_stock_on_the_product_alone_is_counted_there(catalog):
    product = {
        "title": "Sign",
        "stock": 64,
        "price": 3,
        "variants": [{"sku": "1", "size": "1"}, {"sku": "2", "size": "2"}],
    }

    (sign,), _ = catalog(json.dumps([product]))

    assert (sign["inventory_tracking"], sign["inventory_level"]) == ("product", 64)
    assert variants_of(sign) == [("1", None, ["1"], 0), ("2", None, ["2"], 0)]


@pytest.mark.parametrize(
    ("_case", "text", "stock", "content"),
    [
        ("pieces", "title,quantity\nEggs,\nHam,12\n", 12, None),
        ("contents", "title,quantity\nEggs,\nHam,250 g\n", None, "250 g"),
    ],
)
def test_the_first_quantity_tells_pieces_from_contents(catalog, _case, text, stock, content):
    (_, ham), report = catalog(text)

    fields = [field["value"] for field in ham["custom_fields"] if field["name"] == "Net Content"]
    assert fields == ([content] if content else [])
    assert report.made_up["stock"] == (1 if stock else 2)
    assert stock is None or ham["inventory_level"] == stock


# Gaps and repetitions


def test_gaps_are_filled_the_same_way_every_time_and_counted(catalog):
    text = "title,category\nOak chair,Furniture\nRed lipstick,Beauty\n"

    first, report = catalog(text)
    second, _ = catalog(text)

    assert first == second
    assert report.made_up == {"price": 2, "stock": 2, "sku": 2, "weight": 2, "dimensions": 2, "images": 2}
    chair, lipstick = first
    assert chair["price"] > lipstick["price"]
    assert chair["weight"] > 10 > lipstick["weight"] > 0
    assert all(product[side] > 0 for product in first for side in ("depth", "width", "height"))
    assert chair["sku"].startswith("OAK-")
    assert all(1 <= len(product["images"]) <= 4 for product in first)
    assert [image["is_thumbnail"] for image in chair["images"]].count(True) == 1


def test_a_blank_cell_is_a_gap_too(catalog):
    (_, filled), report = catalog("title,price,sku,stock\nA,1,a,1\nB,,,\n")

    assert filled["price"] > 0
    assert (report.made_up["price"], report.made_up["sku"], report.made_up["stock"]) == (1, 1, 1)


def test_what_is_made_up_for_a_row_does_not_depend_on_the_rows_around_it(catalog):
    (alone,), _ = catalog("id,title\n7,Oak chair\n")
    (_, among), _ = catalog("id,title\n6,Pan\n7,Oak chair\n")

    assert alone == among


def test_a_repeated_name_gets_the_sku_behind_it(catalog):
    products, report = catalog("name,sku\nMug,A-1\nMUG,A-2\nMug ,A-3\n")

    assert [product["name"] for product in products] == ["Mug", "MUG (A-2)", "Mug (A-3)"]
    assert report.made_up["name suffix"] == 2


def test_a_wrong_check_digit_is_the_merchants_business(catalog):
    (mug,), report = catalog("title,barcode\nMug,4006381333930\n")

    assert (mug["gtin"], report.refused) == ("4006381333930", [])


def test_only_so_many_products_are_read_as_asked_for(catalog):
    products, report = catalog("title\nA\nB\nC\n", limit=2)

    assert [product["name"] for product in products] == ["A", "B"]
    assert (report.rows, report.products) == (2, 2)
    assert catalog("title\nA\n", limit=0)[0] == []


def test_the_summary_is_for_a_person(catalog):
    header = "title,price,sku,weight,length,width,height,stock,image,shelf"
    _, report = catalog(f"{header}\nMug,1,A,1,1,1,1,1,a.jpg,x\nPot,abc,B,1,1,1,1,1,b.jpg,y\n")

    assert report.summary() == (
        "Read 2 rows as recognized columns (utf-8, commas): 1 products, 1 variants.\n"
        "Columns not used: shelf.\n"
        "Refused 1 rows:\n"
        '  line 3: price "abc" is not a number'
    )


@pytest.mark.parametrize(
    ("_case", "columns", "reason"),
    [
        ("no title", None, "has no column known as a title; name it (title=…). Its columns are: foo, bar"),
        ("no such column", {"title": "name"}, 'has no column "name"; its columns are: foo, bar'),
    ],
)
def test_a_table_without_a_title_says_what_columns_it_has(catalog, _case, columns, reason):
    with pytest.raises(CatalogError) as error:
        catalog("foo,bar\n1,2\n", columns=columns)

    assert (error.value.line, error.value.reason) == (1, reason)


def test_a_field_that_there_is_none_of_is_named(catalog):
    with pytest.raises(CatalogError, match='there is no field "prize" to read a column into'):
        catalog("title\nA\n", columns={"prize": "title"})
