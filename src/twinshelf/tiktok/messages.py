"""Which of our messages TikTok Shop's codes mean. Their texts and remedies are in `twinshelf.messages`.

A code that is not in the table keeps the platform's own words. What the *program* does about a code (wait, refresh,
give up) is `errors.py`'s business.
"""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "E-PLATFORM"

# Our code, and TikTok Shop's that mean it. Source: TikTok Shop docs, "Common errors" and the error tables of the
# endpoints; docs/platforms/tiktok-shop.md sections 4.3, 8, 12, 15.8, 16.8 and 17.9.
_ROWS: Final[tuple[tuple[str, tuple[int, ...]], ...]] = (
    # -- the gateway and the authorization
    ("E-PLT-BUSY", (36009002, 36009037)),
    ("E-PLT-DOWN", (36009003, 36009007)),
    ("E-PLT-KEY", (36009004,)),
    ("E-PLT-CALL", (36009009, 36009010, 36009014, 36009022, 36009023, 106013, 98001004, 11050001)),
    ("E-PLT-SIZE", (36009021,)),
    ("E-PLT-IP", (36009033,)),
    ("E-CON-SHOP", (36009043, 36009044)),
    ("E-CON-AUTH", (101000, 105002)),
    ("E-CON-GRANT", (105005,)),
    ("E-CON-SECRET", (106001,)),
    ("E-CON-CODE", (36004001, 36004004)),
    # -- orders
    ("E-PLT-DOWN", (10002014, 10002015, *range(10037002, 10037005))),
    ("E-ORD-FOREIGN", (10006402, 21008111, 21011028, 21011029, 21011031)),
    # -- listings: whole calls
    ("E-PLT-DOWN", (12001000, 12052881, 33001002)),
    ("E-LST-CHECK", (12052910, 12052990)),
    ("E-PLT-CALL", (12019120, 12019027, 12019087, 12052180, 12052486, 12052487, 12052902)),
    ("E-LST-GONE", (12052030, 12052031, 12052032, 12052034, 12052048, 12052260, 12019150)),
    ("E-LST-VERSION", (12052547,)),
    ("E-LST-SKUGONE", (12052553, 12052556, 12052557)),
    ("E-LST-STATE", (12019113, 12052901)),
    ("E-LST-APPEAL", (12052308,)),
    ("E-LST-MERGE", (12052332,)),
    ("E-LST-SUBMITTED", (12052488,)),
    ("E-LST-CAP", (12052093,)),
    ("E-LST-TWICE", (12052996,)),
    # -- listings: texts
    ("E-LST-CHECK", (12052051,)),
    ("E-LST-TITLE", (12052261,)),
    ("E-LST-TITLELANG", (12052262, 12052266)),
    ("E-LST-TITLECHAR", (12052263, 12052931)),
    ("E-LST-DESC", (
        12019006, 12052015, 12052013, 12052056, 12052324, *range(12052340, 12052344), 12052344, 12052345,
        *range(12052347, 12052351), 12052352, 12052932,
    )),
    ("E-LST-DESCLANG", (12052346, 12052351)),
    # -- listings: category and what it asks
    ("E-CAT-UNKNOWN", (12052002, *range(12052023, 12052026), 12052230, 12052217)),
    ("E-CAT-CLOSED", (12052220, 12052446)),
    ("E-CAT-PERMIT", (12052221, 12052223, *range(12052225, 12052228), 12052912)),
    ("E-CAT-NONE", (12019064, 12052913)),
    ("E-CAT-UPGRADE", (12052234,)),
    ("E-LST-COD", (12052222,)),
    ("E-LST-ATTRCHECK", (12052104, 12052182, 12052183, *range(12052240, 12052257), 12052935)),
    ("E-LST-CERTFILE", (12052105, *range(12052650, 12052659), 12052385)),
    ("E-LST-SIZECHART", (12052128, *range(12052670, 12052674))),
    ("E-LST-BRAND", (
        12019013, 12052026, 12052200, 12052201, 12052207, 12052208, 12052202, 12052203, 12052205,
        *range(12052189, 12052193),
    )),
    ("E-LST-COMPL", (*range(12052282, 12052291), 12052295, 12052296)),
    ("E-LST-UNITPRICE", (12052574,)),
    # -- listings: pictures
    ("E-LST-IMG", (12052028,)),
    ("E-LST-IMGLOST", (12052300, 12052722)),
    ("E-LST-IMGSIZE", (12052301, 12052302, 12052305, 12052306, 12038005, 12038014, 12019116)),
    ("E-LST-IMGFORM", (12052304, 12038002, 12038004, 12038015)),
    ("E-LST-IMGVAR", (12052356, 12052357, *range(12052520, 12052525), 12052528)),
    # -- listings: variations and SKUs
    ("E-LST-VAR", (12019117, 12052550)),
    ("E-LST-OPTIONS", (12052525,)),
    ("E-LST-OPTREFUSED", (12052526, 12052527, 12052529, 12052933, 12052934)),
    ("E-LST-VARFIXED", (12019056, 12019057)),
    ("E-LST-CHECK", (12052050, 12052558, 12019059, 12052054)),
    ("E-LST-GTINREFUSED", (*range(12052591, 12052595), 12052598, 12052600)),
    ("E-LST-BUNDLE", (*range(12052831, 12052865),)),
    ("E-LST-PRESALE", (12052273, 12052314, 12052315, 12052329, *range(12019094, 12019101))),
    # -- listings: package
    ("E-LST-PACKAGE", (12019011, 12052006, 12052181, 12019012, *range(12052003, 12052006), 12052116)),
    ("E-LST-UNITS", (12019060, 12019061, 12052915, 12052916)),
    # -- prices
    ("E-PRC-REFUSED", (12052073, 12052092, *range(12052570, 12052573), 12052424)),
    ("E-PRC-CUR", (12052084,)),
    ("E-PRC-LOCKED", (12019045, 12052038)),
    ("E-PRC-LIST", (12052375, 12052376, 12052383)),
    # -- stock and warehouses
    ("E-INV-RANGE", (12019024, 12052055)),
    ("E-INV-WHS", (12019028, 12052516)),
    ("E-INV-SHARED", (12052037, 12052141, 12052503, 12052921)),
    ("E-INV-LOCKED", (12052145, 12052146, 12052393)),
    ("E-WHS-STATUS", (
        12019016, 12019022, *range(12052094, 12052098), 12052115, 12052364, 12052403, 12052420,
        *range(12052530, 12052534),
    )),
    ("E-WHS-RETURN", (12052535,)),
    ("E-WHS-DELIVERY", (12052404, 12052405)),
    # -- sellers and cross-border
    ("E-CON-SELLER", (12052700, 12052704)),
    ("E-CON-TAX", (12052703,)),
    ("E-GLOBAL-READONLY", (12052701, 12052705)),
    ("E-GLOBAL-SHARED", (*range(12052508, 12052516),)),
    # -- fulfillment
    ("E-PLT-CALL", (21001001, 21011005, 11001002)),
    ("E-PLT-DOWN", (
        11001027, 11001031, 11006005, 11006026, 21001003, 21001008, 21001011, 21022026, 21022029, 21022030,
        21042001,
    )),
    ("E-FUL-GONE", (21011001,)),
    ("E-FUL-STATE", (21011003, 21011012, 21011013, 21032001)),
    ("E-FUL-SHIPPED", (21008099, 21011006, 21011020, 21011040, 11006021, 21042056, 21023046)),
    ("E-FUL-DELIVERED", (21011027, 21011030)),
    ("E-FUL-CANCELLED", (21011041, 21011042, 21023059)),
    ("E-FUL-HOLD", (21011044,)),
    ("E-FUL-REQUEST", (21011007, 21008044, 21021010)),
    ("E-FUL-TIKTOK", (21011004, 21008025, 21008043, 21008117)),
    ("E-FUL-OPTION", (21008116,)),
    ("E-FUL-REGION", (21004010, 21008106)),
    ("E-FUL-NUMBER", (21004012, 21004015, 21004016, 21011022, 11028006)),
    ("E-FUL-REUSED", (21011025, 21011026, 21034012)),
    ("E-FUL-LATE", (10007002, 21011043, *range(21011049, 21011053))),
    ("E-FUL-SPLIT", (21003002, 21004024, 21011033, 21011035, 21011036, 21011046, 10007014)),
    ("E-FUL-LINES", (21011048,)),
    ("E-FUL-ADDRESS", (21011037, 11021009, *range(11021012, 11021026))),
    ("E-FUL-SLOT", (21004017, 21011053, 21011054)),
    ("E-FUL-INVOICE", (21004006, 21004019, 21004020)),
    ("E-FUL-LABELWAIT", (11034023, 11034037)),
    ("E-FUL-LABEL", (11034002, 11034009, 21008017, 21008109, 21023035, 21042102, 21042104)),
    # -- requests of buyers
    ("E-PLT-CALL", (25001001,)),
    ("E-PLT-DOWN", (25001028, 25001058, 25007002)),
    ("E-CAN-REFUSED", (
        25001003, 25001044, 25001051, 25011011, 25011012, 25011013, 25011014, 25011035, 25020003, 25020004,
    )),
    ("E-CAN-DONE", (25001010, 25001011, *range(25020009, 25020013))),
    ("E-CAN-REASONS", (25001014, 25001015, 25001016, 25001020, 25001021, 25001057)),
    ("E-CAN-SHIPPED", (25001045,)),
    ("E-CAN-RISK", (25001046,)),
    ("E-RET-AMOUNT", (25005005,)),
    ("E-CAN-LINES", (25005010, 25005011)),
    ("E-ORD-GONE", (25007006,)),
    ("E-RET-TALKS", (25007007,)),
    ("E-RET-PLATFORM", (25011010,)),
    ("E-RET-RULE", (25011023, 25011025, 25011026)),
    ("E-CON-GRANT", (25020005,)),
)  # fmt: skip

_BY_NUMBER: Final = {number: code for code, numbers in _ROWS for number in numbers}

# (how a call's path begins, what it is for, the scope it needs); the first that fits counts.
# Source: scopes on the pages of the endpoints.
_SCOPES: Final = (
    ("/authorization", "reading the shops", "seller.authorization.info"),
    ("/event", "setting up notifications", "seller.authorization.info"),
    ("DELETE /product", "deleting listings", "seller.product.delete"),
    ("/product/202309/products/recover", "deleting listings", "seller.product.delete"),
    ("PUT /product", "changing listings", "seller.product.write"),
    ("POST /product/202309/products/{}", "changing listings", "seller.product.write"),
    ("/product/202309/products", "changing listings", "seller.product.write"),
    ("/product", "reading listings and categories", "seller.product.basic"),
    ("/order/202406", "noting the store's order numbers", "seller.order.ext_ref.write"),
    ("/order", "reading orders", "seller.order.info"),
    ("/fulfillment", "reporting shipments", "seller.fulfillment.basic"),
    ("/logistics", "reading warehouses and carriers", "seller.logistics"),
    ("/return_refund", "cancellations and returns", "seller.return_refund.basic"),
)


def code_of(number: int) -> str:
    """Our code for TikTok Shop's; `UNKNOWN`, whose text is in the platform's own words, if there is none of ours."""
    return _BY_NUMBER.get(number, UNKNOWN)


def known_codes() -> frozenset[int]:
    """Every platform code that has words of our own."""
    return frozenset(_BY_NUMBER)


def operation(method: str, path: str) -> str:
    """What a call is for and the scope it needs, for the merchant: `reading orders (seller.order.info)`."""
    for beginning, purpose, scope in _SCOPES:
        if (f"{method} {path}" if " " in beginning else path).startswith(beginning):
            return f"{purpose} ({scope})"
    return f"{method} {path}"
