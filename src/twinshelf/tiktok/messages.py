"""TikTok Shop's codes in plain words of our own: what each means here, and what a person does about it.

A code that is not in the table keeps the platform's own words. What the *program* does about a code (wait, refresh,
give up) is `errors.py`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final

UNKNOWN: Final = "E-PLATFORM"
_UNKNOWN_REMEDY: Final = "See what TikTok Shop answered and correct the value it names."

_WAIT = "Nothing to do: it is tried again by itself. If it stays, give the request id to TikTok Shop's support."
_DEFECT = "This is a defect of Twinshelf. Please report it with the request id."
_RELINK = "Refresh the listing from TikTok Shop, then link it again or push it as new."
_SELLER_CENTER = "Open Seller Center, put it right there and push again."

# (codes, catalog code, what it means, what to do). Source: TikTok Shop docs, "Common errors" and the error tables of
# the endpoints; docs/platforms/tiktok-shop.md sections 4.3, 8, 12, 15.8, 16.8 and 17.9.
_ROWS: Final[tuple[tuple[Iterable[int], str, str, str], ...]] = (
    # -- the gateway and the authorization
    ((36009002,), "E-PLT-BUSY", "Too many calls in a short time.", _WAIT),
    ((36009037,), "E-PLT-BUSY", "The development shop has used up its calls of this hour.", _WAIT),
    ((36009003, 36009007), "E-PLT-DOWN", "TikTok Shop had an internal error or took too long.", _WAIT),
    ((36009004,), "E-PLT-CALL", "TikTok Shop did not accept the credentials or the form of the call.",
     "Check app key and app secret in the settings, and that this machine's clock is right."),
    ((36009009, 36009010, 36009014, 36009022, 36009023, 106013, 98001004, 11050001), "E-PLT-CALL",
     "TikTok Shop did not understand the call.", _DEFECT),
    ((36009021,), "E-PLT-SIZE", "The file is too large for TikTok Shop.", "Use a smaller file."),
    ((36009033,), "E-PLT-IP", "TikTok Shop does not accept calls from this machine's address.",
     "Add the address to the app's allow-list in Partner Center."),
    ((36009043,), "E-CON-SHOP", "The shop is disabled.",
     "Ask TikTok Shop's support about the shop, then re-authorize."),
    ((36009044,), "E-CON-SHOP", "The seller's account is disabled.", "Ask TikTok Shop's support, then re-authorize."),
    ((101000, 105002), "E-CON-AUTH", "The authorization is no longer valid for this shop.",
     "Re-authorize the connection."),
    ((105005,), "E-CON-SCOPE", "The authorization does not cover this operation.", "Add the scope and re-authorize."),
    ((106001,), "E-CON-SECRET", "The signature of the call is wrong.",
     "Check that the app secret in the settings belongs to the app key."),
    ((36004001, 36004004), "E-CON-CODE", "The authorization code is invalid, used or too old.",
     "Start the authorization again."),
    # -- orders
    ((10002014, 10002015, *range(10037002, 10037005)), "E-PLT-DOWN", "TikTok Shop could not read the order just now.",
     _WAIT),
    ((10006402, 21008111, 21011028, 21011029, 21011031), "E-ORD-FOREIGN", "The order or package is not this shop's.",
     "Check which shop the order belongs to, and that this connection is authorized for it."),
    # -- listings: whole calls
    ((12001000, 12052881, 33001002), "E-PLT-DOWN", "TikTok Shop had an internal error.", _WAIT),
    ((12052910, 12052990), "E-LST-CHECK", "TikTok Shop's check of the listing failed.",
     "See what TikTok Shop answered and correct the value it names."),
    ((12019120, 12019027, 12019087, 12052180, 12052486, 12052487, 12052902), "E-PLT-CALL",
     "TikTok Shop did not understand the call.", _DEFECT),
    ((12052030, 12052031, 12052032, 12052034, 12052048, 12052260, 12019150), "E-LST-GONE",
     "TikTok Shop has no such listing in this shop.", _RELINK),
    ((12052547,), "E-LST-VERSION", "No version of the listing is in review.",
     "Refresh the listing from TikTok Shop."),
    ((12052553, 12052556, 12052557), "E-LST-SKUGONE", "A SKU of the listing no longer exists on TikTok Shop.",
     _RELINK),
    ((12019113, 12052901), "E-LST-STATE", "The listing's status on TikTok Shop does not allow this.",
     "Refresh its status; activate or recover the listing first."),
    ((12052308,), "E-LST-STATE", "An appeal for the listing is open.",
     "Wait for its end or withdraw it in Seller Center."),
    ((12052332,), "E-LST-STATE", "Shops are being merged: only stock and price can be changed.",
     "Wait until it has ended."),
    ((12052488,), "E-LST-STATE", "The listing was submitted and cannot become a draft again.", "Push it instead."),
    ((12052093,), "E-LST-CAP", "The shop has used up the listings it may make today.",
     "Nothing to do: the rest follows tomorrow. New shops may list 100 products a day."),
    ((12052996,), "E-LST-TWICE", "This product is already listed in the shop.", "Link the existing listing instead."),
    # -- listings: texts
    ((12052051,), "E-LST-TITLE", "The title is too long or too short for this market.", "Change the title."),
    ((12052261,), "E-LST-TITLE", "The product has no title.", "Set a title."),
    ((12052262, 12052266), "E-LST-TITLE", "The title is not in the market's language.", "Translate the title."),
    ((12052263, 12052931), "E-LST-TITLE", "The title has characters or a beginning that TikTok Shop does not allow.",
     "Take out emoji, markup and runs of one character."),
    ((12019006, 12052015), "E-LST-DESC", "The description is missing or invalid.", "Write a description."),
    ((12052013,), "E-LST-DESC", "The description is longer than 10,000 characters.", "Shorten it."),
    ((12052056, 12052324, *range(12052340, 12052344)), "E-LST-DESC", "A picture in the description is not accepted.",
     "Take the pictures out of the description; the gallery keeps them."),
    ((12052346, 12052351), "E-LST-DESC", "The description is not in the market's language.",
     "Translate the description."),
    ((12052344, 12052345, *range(12052347, 12052351), 12052352, 12052932), "E-LST-DESC",
     "The description's markup is not accepted.", "Simplify the description to paragraphs, lists and headings."),
    # -- listings: category and what it asks
    ((12052002, *range(12052023, 12052026), 12052230), "E-CAT-KEY", "The category is unknown or not a final one.",
     "Choose a final category in the template."),
    ((12052217,), "E-CAT-KEY", "The category is from the wrong version of TikTok Shop's tree.",
     "Choose the category again in the template."),
    ((12052220, 12052446), "E-CAT-CLOSED", "The category is prohibited or closed in this market.",
     "Choose another category in the template."),
    ((12052221, 12052223, *range(12052225, 12052228), 12052912), "E-CAT-CLOSED",
     "The seller may not sell in this category.",
     "Apply for it in Seller Center's Qualification Center, or choose another category."),
    ((12019064, 12052913), "E-CAT-NONE", "TikTok Shop has no category to suggest.",
     "Choose the category in the template."),
    ((12052234,), "E-CAT-UPGRADE", "TikTok Shop is moving the shop to a new category tree.",
     "Nothing to do: it can take two hours, then the listing is sent again."),
    ((12052222,), "E-LST-COD", "The category does not allow cash on delivery.", "Switch cash on delivery off."),
    ((12052104, 12052182), "E-LST-ATTR", "A required attribute is missing.",
     "Fill in the attributes in the template."),
    ((12052183, *range(12052240, 12052257), 12052935), "E-LST-ATTR", "An attribute's value is not accepted.",
     "Choose the value from TikTok Shop's list in the template."),
    ((12052105, *range(12052650, 12052659), 12052385), "E-LST-CERT",
     "A required certificate is missing, unreadable or expired.", "Upload the certificate, then push again."),
    ((12052128, *range(12052670, 12052674)), "E-LST-SIZECHART", "The size chart is missing or not accepted.",
     "Add a size chart."),
    ((12019013, 12052026), "E-LST-BRAND", "TikTok Shop does not know this brand.", "Choose the brand again."),
    ((12052200, 12052201, 12052207, 12052208), "E-LST-BRAND", "The shop is not authorized to sell this brand here.",
     "Apply for the brand in Seller Center's Qualification Center, or list without it."),
    ((12052202, 12052203), "E-LST-BRAND", "The shop may create no more brands for now.", "Use an existing brand."),
    ((12052205,), "E-LST-BRAND", "The brand exists already.", "Choose it from the list."),
    ((*range(12052189, 12052193),), "E-LST-BRAND", "The brand's name is not accepted.",
     "Use 2 to 30 letters, without emoji and long numbers."),
    ((*range(12052282, 12052291), 12052295, 12052296), "E-LST-COMPL",
     "Manufacturer or responsible person is missing or unknown.",
     "Enter both in Seller Center and choose them for the listing."),
    ((12052574,), "E-LST-COMPL", "The unit price of the listing is incomplete.", _SELLER_CENTER),
    # -- listings: pictures
    ((12052028,), "E-LST-IMG", "At least one image is required.", "Add an image."),
    ((12052300, 12052722), "E-LST-IMG", "TikTok Shop does not know an uploaded image any more.",
     "Push again: it is uploaded again."),
    ((12052301,), "E-LST-IMG", "An image is too small.", "Use images of at least 300 by 300 pixels."),
    ((12052302,), "E-LST-IMG", "An image file is too large.", "Use images of at most 10 MB."),
    ((12052304, 12038002, 12038004, 12038015), "E-LST-IMGURL",
     "An image cannot be read or has an unsupported format.", "Replace it with a JPEG, PNG or WebP."),
    ((12052305,), "E-LST-IMG", "An image is too wide or too tall.", "Use images close to a square."),
    ((12052306,), "E-LST-IMG", "The listing has too many images.", "Keep nine of them."),
    ((12038005,), "E-LST-IMGURL", "An image file is larger than 10 MB.", "Use a smaller file."),
    ((12038014, 12019116), "E-LST-IMGURL", "An image has too few or too many pixels.",
     "Use 300 to 4,000 pixels a side."),
    ((12052356, 12052357), "E-LST-IMG", "The additional images of a variation are not accepted.", _SELLER_CENTER),
    ((*range(12052520, 12052525), 12052528), "E-LST-IMG", "The images of the variations are not accepted.",
     "Give images to one option only, such as the color, and in a common format."),
    # -- listings: variations and SKUs
    ((12019117, 12052550), "E-LST-VAR", "SKUs lack an option that tells them apart.",
     "Give every variant a value of every option."),
    ((12052525,), "E-LST-VAR", "The listing has more than three options.", "Split the product, or combine options."),
    ((12052526, 12052527, 12052529, 12052933, 12052934), "E-LST-VAR", "An option or its value is not accepted.",
     "Use plain short names: 20 characters for an option, 50 for a value."),
    ((12019056, 12019057), "E-LST-VAR", "SKUs of this listing cannot be added or removed.", _SELLER_CENTER),
    ((12052050, 12052558), "E-LST-SKUS", "The product has more SKUs than TikTok Shop takes.", "Split the product."),
    ((12019059, 12052054), "E-LST-SKU", "A SKU's code is not accepted.", "Use up to 50 characters without spaces."),
    ((*range(12052591, 12052595), 12052598, 12052600), "E-LST-GTIN", "A product identifier code is not accepted.",
     "Correct the code. Once submitted it cannot be changed."),
    ((*range(12052831, 12052865),), "E-LST-BUNDLE", "The bundle is not accepted.", _SELLER_CENTER),
    ((12052273, 12052314, 12052315, 12052329, *range(12019094, 12019101)), "E-LST-PRESALE",
     "The pre-order terms cannot be combined or changed like this.", _SELLER_CENTER),
    # -- listings: package
    ((12019011, 12052006, 12052181), "E-LST-WEIGHT", "The package weight is missing, zero or out of range.",
     "Set the weight on the product, the template or the connection."),
    ((12019012, *range(12052003, 12052006), 12052116), "E-LST-DIM", "The package size is missing or out of range.",
     "Set length, width and height on the product, the template or the connection."),
    ((12019060, 12019061, 12052915, 12052916), "E-LST-UNITS",
     "Weight and size are in units that this market does not take.", _DEFECT),
    # -- prices
    ((12052073, 12052092, *range(12052570, 12052573), 12052424), "E-PRC-RANGE",
     "A price is missing, invalid or out of the market's range.", "Correct the price or the price rule."),
    ((12052084,), "E-PRC-CUR", "The price is not in the shop's currency.",
     "Confirm the exchange rate of the connection."),
    ((12019045, 12052038), "E-PRC-LOCKED", "The price is locked while the product is in a promotion.",
     "Nothing to do: the price follows when the promotion ends. To change it now, end the promotion."),
    ((12052375, 12052376, 12052383), "E-PRC-LIST", "The list price is not accepted.",
     "Correct the list price or leave it out."),
    # -- stock and warehouses
    ((12019024, 12052055), "E-INV-RANGE", "The quantity is outside TikTok Shop's limits.", "Set a smaller quantity."),
    ((12019028, 12052516), "E-INV-WHS", "Not all warehouses of the SKU were named.", _DEFECT),
    ((12052037, 12052141, 12052503, 12052921), "E-INV-SHARED", "The stock is shared or allocated by TikTok Shop.",
     "Change it in the source shop or in Seller Center."),
    ((12052145, 12052146, 12052393), "E-INV-LOCKED", "A promotion or open orders hold more stock than was sent.",
     "Raise the stock, or end the promotion."),
    ((12019016, 12019022, *range(12052094, 12052098), 12052115, 12052364, 12052403, 12052420,
      *range(12052530, 12052534)),
     "E-WHS-STATUS", "Invalid platform warehouse status.",
     "Synchronize the warehouses, then choose an enabled sales warehouse of this shop."),
    ((12052535,), "E-WHS-RETURN", "The shop has no return warehouse.", "Set one in Seller Center."),
    ((12052404, 12052405), "E-WHS-DELIVERY", "The warehouse does not offer the chosen delivery option.",
     "Choose the delivery options in Seller Center."),
    # -- sellers and cross-border
    ((12052700, 12052704), "E-CON-SHOP", "The seller is not active.",
     "Finish the seller's registration in Seller Center."),
    ((12052703,), "E-CON-SHOP", "The seller's tax number is invalid.", "Correct it in Seller Center."),
    ((12052701, 12052705), "E-REG-CB", "A cross-border seller cannot make this listing directly.",
     "Publish it through the Global Store in Seller Center."),
    ((*range(12052508, 12052516),), "E-GLOBAL-READONLY",
     "The change has to go to all markets of this replicated product.", _SELLER_CENTER),
    # -- fulfillment
    ((21001001, 21011005, 11001002), "E-PLT-CALL", "TikTok Shop did not understand the call.", _DEFECT),
    ((11001027, 11001031, 11006005, 11006026, 21001003, 21001008, 21001011, 21022026, 21022029, 21022030, 21042001),
     "E-PLT-DOWN", "TikTok Shop's logistics asked to try again later.", _WAIT),
    ((21011001,), "E-FUL-GONE", "TikTok Shop has no such package.", "Refresh the order."),
    ((21011003, 21011012, 21011013, 21032001), "E-FUL-STATE", "The order's state does not allow this.",
     "Refresh the order."),
    ((21008099, 21011006, 21011020, 21011040, 11006021, 21042056, 21023046), "E-FUL-SHIPPED",
     "The order was already shipped with other details.",
     "Compare the tracking number with Seller Center and correct it there."),
    ((21011027, 21011030), "E-FUL-DELIVERED", "The package is already delivered.", "Nothing to do."),
    ((21011041, 21011042, 21023059), "E-FUL-CANCELLED", "The order is cancelled on TikTok Shop.",
     "Stop the parcel if you can; cancel the order in the store."),
    ((21011044,), "E-FUL-HOLD", "The order is on hold: the buyer may still cancel it.",
     "Nothing to do: it is sent when the hold ends, about an hour after payment."),
    ((21011007, 21008044, 21021010), "E-FUL-REQUEST", "The buyer asked to cancel or return; that comes first.",
     "Answer the buyer's request, then the shipment is sent again."),
    ((21011004, 21008025, 21008043, 21008117), "E-FUL-TIKTOK", "TikTok ships this order itself.", "Nothing to do."),
    ((21008116,), "E-FUL-OPTION", "The shop has not subscribed to this delivery option.", _SELLER_CENTER),
    ((21004010, 21008106), "E-FUL-REGION", "TikTok Shop does not offer this in the shop's region.", _DEFECT),
    ((21004012, 21004015, 21004016, 21011022, 11028006), "E-FUL-TRACK",
     "The tracking number does not fit the carrier.", "Correct the tracking number or the carrier of the shipment."),
    ((21011025, 21011026, 21034012), "E-FUL-TRACK", "The tracking number was already used for another order.",
     "Enter the parcel's own tracking number."),
    ((10007002, 21011043, *range(21011049, 21011053)), "E-FUL-LATE",
     "The tracking number cannot be changed any more.",
     "A number can be corrected once, within 72 hours; ask TikTok Shop's support."),
    ((21003002, 21004024, 21011033, 21011035, 21011036, 21011046, 10007014), "E-FUL-SPLIT",
     "The order has to be split or combined differently before it is shipped.", _SELLER_CENTER),
    ((21011048,), "E-FUL-LINES", "Several packages could be meant.", _DEFECT),
    ((21011037, 11021009, *range(11021012, 11021026)), "E-FUL-ADDRESS",
     "No shipping service accepts this address or package.",
     "Correct weight and address, or cancel with the reason that the address cannot be reached."),
    ((21004017, 21011053, 21011054), "E-FUL-SLOT", "The pickup time is not available.",
     "Choose another one in Seller Center."),
    ((21004006, 21004019, 21004020), "E-FUL-INVOICE", "The invoice has to be uploaded and accepted first.",
     "Upload the invoice in Seller Center."),
    ((11034023, 11034037), "E-FUL-LABEL", "The shipping label is still being made.", _WAIT),
    ((11034002, 11034009, 21008017, 21008109, 21023035, 21042102, 21042104), "E-FUL-LABEL",
     "There is no shipping label for this package now.",
     "Arrange the shipment first; labels of your own carrier come from the carrier."),
    # -- requests of buyers
    ((25001001,), "E-PLT-CALL", "TikTok Shop did not understand the call.", _DEFECT),
    ((25001028, 25001058, 25007002), "E-PLT-DOWN", "TikTok Shop is busy with another change of this order.", _WAIT),
    ((25001003, 25001044, 25001051, 25011011, 25011012, 25011013, 25011014, 25011035, 25020003, 25020004),
     "E-CAN-STATE", "The request's or order's state on TikTok Shop does not allow this.", "Refresh the order."),
    ((25001010, 25001011, *range(25020009, 25020013)), "E-CAN-DONE",
     "A cancellation or return is already done or under way.", "Refresh the order."),
    ((25001014, 25001015, 25001016, 25001020, 25001021, 25001057), "E-CAN-REASON",
     "TikTok Shop does not accept this reason here.",
     "Choose a reason from the list that TikTok Shop offers for this order."),
    ((25001045,), "E-CAN-SHIPPED", "The order is already shipped and the carrier cannot be stopped.",
     "Ask the buyer to refuse the parcel or to return it."),
    ((25001046,), "E-CAN-RISK", "TikTok Shop's risk control stopped the request.", "Ask TikTok Shop's support."),
    ((25005005,), "E-RET-AMOUNT", "The amount is higher than what can be refunded.", "Enter a lower amount."),
    ((25005010, 25005011), "E-CAN-LINES", "These lines cannot be cancelled or returned on their own.",
     "Use the whole order."),
    ((25007006,), "E-ORD-GONE", "TikTok Shop does not know the order.", "Check which shop the order belongs to."),
    ((25007007,), "E-RET-TALKS", "Buyer and seller are still negotiating.",
     "Finish the negotiation in Seller Center."),
    ((25011010,), "E-RET-PLATFORM", "TikTok Shop decides this request itself.", "Wait for its decision."),
    ((25011023, 25011025, 25011026), "E-RET-RULE", "TikTok Shop handles this kind of return itself.",
     "Nothing to do."),
    ((25020005,), "E-CON-SCOPE", "The authorization does not cover this order.", "Re-authorize the connection."),
)  # fmt: skip

_BY_CODE: Final = {code: (catalog_code, text, remedy) for codes, catalog_code, text, remedy in _ROWS for code in codes}

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


def explain(code: int, message: str) -> tuple[str, str, str]:
    """The message of our catalog for a platform code: (catalog code, text, remedy).

    A code that we do not know keeps the platform's own `message` as its text.
    """
    known = _BY_CODE.get(code)
    if known is not None:
        return known
    return UNKNOWN, message.strip() or f"code {code}", _UNKNOWN_REMEDY


def known_codes() -> frozenset[int]:
    """Every platform code that has words of our own."""
    return frozenset(chain(_BY_CODE))


def operation(method: str, path: str) -> str:
    """What a call is for and the scope it needs, for the merchant: `reading orders (seller.order.info)`."""
    for beginning, purpose, scope in _SCOPES:
        if (f"{method} {path}" if " " in beginning else path).startswith(beginning):
            return f"{purpose} ({scope})"
    return f"{method} {path}"
