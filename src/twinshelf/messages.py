"""Every message a person may read about a product, an order or a connection: one row per code. Pure.

What is found or refused carries a code and facts only; its text is made here, where it is shown. A code begins with
what it does: `E-` stops the work it belongs to until somebody acts, `W-` warns, `N-` notices, `I-` says why nothing is
done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

Severity = Literal["error", "warning", "notice", "information"]
Page = Literal[
    "", "bigcommerce", "categories", "connection", "order", "partner_center", "preferences", "problem", "product",
    "seller_center", "settings", "template",
]  # fmt: skip

_SEVERITIES: Final[Mapping[str, Severity]] = {"E": "error", "W": "warning", "N": "notice", "I": "information"}
_EITHER: Final = re.compile(r"(\w+)\|(\w+)")


class Said(Protocol):
    """What has a message: a `documents.Finding`, an `errors.NeedsPerson`, a stored problem."""

    @property
    def code(self) -> str:
        """The row of this module's table."""
        ...

    @property
    def facts(self) -> Mapping[str, str]:
        """What the text of that row names, by name."""
        ...


@dataclass(frozen=True)
class Control:
    """What a person uses to follow a remedy: the page it is on, and its label there; "" where it is not one of ours."""

    page: Page
    label: str = ""
    at: str = ""
    """The part of the page that it is in, as its address names it; "" for the page as a whole."""


CONTROLS: Final[Mapping[str, Control]] = {
    "": Control(""),
    "categories.map": Control("categories", "Category map"),
    "connection.authorize": Control("connection", "Reauthorize the shop"),
    "connection.name": Control("connection", "Name of the connection"),
    "connection.pair": Control("connection", "Connect them"),
    "connection.shop": Control("connection", "Authorize:"),
    "connection.store": Control("connection", "Test and connect"),
    "order.cancel": Control("order", "Cancel order"),
    "order.link": Control("order", "Link SKU"),
    "order.retry": Control("order", "Retry"),
    "order.store": Control("order", "Open in BigCommerce"),
    "order.sync": Control("order", "Sync"),
    "partner_center": Control("partner_center"),
    "preferences.catalog": Control("preferences", "Catalog direction", "catalog_direction"),
    "preferences.carriers": Control("preferences", "Carriers", "carriers"),
    "preferences.delete": Control("preferences", "Delete products by itself", "auto_delete"),
    "preferences.gtin": Control("preferences", "Product codes are required", "gtin_required"),
    "preferences.market": Control("preferences", "List products in this market", "push_opt_in"),
    "preferences.package": Control("preferences", "Package where a product has none", "package.weight"),
    "preferences.rate": Control("preferences", "Exchange rate", "exchange_rate"),
    "preferences.rule": Control("preferences", "Price rule", "price_rule.kind"),
    "preferences.scope": Control("preferences", "Only these SKUs", "sku_scope"),
    "preferences.strict": Control("preferences", "Strict SKU matching", "strict_sku_match"),
    "preferences.tax": Control("preferences", "Tax on top", "tax_percent"),
    "preferences.unpurchasable": Control("preferences", "Sync unpurchasable products", "include_unpurchasable"),
    "problem.confirm": Control("problem"),
    "problem.details": Control("problem", "Details for support"),
    "problem.retry": Control("problem", "Try again"),
    "product.brand": Control("product", "Brand"),
    "product.channel": Control("product", "Channel SKU"),
    "product.edit": Control("product", "Edit"),
    "product.list": Control("product", "List or update"),
    "product.store": Control("product", "Open in BigCommerce"),
    "seller_center": Control("seller_center"),
    "settings.app": Control("settings", "TWINSHELF_TIKTOK_APP_SECRET"),
    "template.attributes": Control("template", "Attributes"),
    "template.category": Control("template", "TikTok category"),
    "template.cod": Control("template", "Cash on delivery"),
    "template.package": Control("template", "Package"),
}
"""The controls that remedies name. A test holds each label against the pages, and each remedy against its label."""


@dataclass(frozen=True)
class Message:
    """One row: `plural` counts what has it, `text` names its facts in braces, `control` is what `remedy` speaks of."""

    code: str
    title: str
    plural: str
    """`{n} product(s) has|have no title`: the first of two words, and no s, where it is one."""
    text: str
    remedy: str
    control: str
    icon: str
    confirm: str = ""
    """The button that lets through what is held back until somebody says that it is meant; "" where nothing is."""

    @property
    def severity(self) -> Severity:
        """What it does, by the first letter of its code."""
        return _SEVERITIES[self.code[0]]

    @property
    def page(self) -> Page:
        """The page on which it is put right; "" where there is nothing to do."""
        return CONTROLS[self.control].page

    def counted(self, number: int) -> str:
        """For grouped problems: `3 products have no title`."""
        one = number == 1
        sentence = self.plural.replace("(s)", "" if one else "s")
        return _EITHER.sub(r"\1" if one else r"\2", sentence).replace("{n}", f"{number:,}")


_WAIT: Final = "Nothing to do: it is tried again by itself."
_REPORT: Final = "This is a defect of Twinshelf. Report it with what “Details for support” shows."
_IN_SELLER_CENTER: Final = "Put it right in Seller Center; it is tried again after the next change or with “Try again”."
_AFTER: Final = "; then press “Try again”."
_ITS_OWN: Final = " If the product has its own in this shop, press “Edit” on it and change that."

_ROWS: Final = (
    # the engine, and platforms that say no in words of their own
    Message("E-BUG", "Twinshelf failed", "Twinshelf failed on {n} item(s)",
            "Twinshelf failed here: {place}.",
            "Nothing was lost. Press “Try again”; if it stays, report it with the time.", "problem.retry", "stop"),
    Message("E-CRASHED", "It ends Twinshelf's worker", "{n} item(s) ends|end Twinshelf's worker",
            "Twinshelf's worker ended {times} times in a row while it worked on this, so it is left alone.",
            "Report it with the time. Press “Try again” after an update of Twinshelf.", "problem.retry", "stop"),
    Message("E-PLT-AWAY", "The platform does not answer", "{n} part(s) of the work waits|wait for a platform",
            "It fails for everything that was tried: {why}",
            "Twinshelf goes on trying and closes this once it gets through.", "", "clock"),
    Message("E-OLD-VERSION", "A newer version of Twinshelf is needed", "{n} kind(s) of work needs|need a newer version",
            "A newer version of Twinshelf left work of the kind “{kind}”, which this version does not know.",
            "Start the newer version. Nothing is lost: the work waits for it.", "", "clock"),
    Message("E-GAVE-UP", "Given up after several tries", "{n} item(s) was|were given up after several tries",
            "Given up after {tries} tries: {why}",
            "Press “Try again”.", "problem.retry", "stop"),
    Message("E-PLATFORM", "The platform refused it", "{n} item(s) was|were refused by a platform",
            "{platform} refused: {answer}",
            "Fix what the platform names" + _AFTER, "problem.retry", "stop"),
    Message("E-PLT-BUSY", "TikTok takes no more calls for now", "{n} item(s) waits|wait for TikTok Shop",
            "TikTok Shop takes no more calls for now.",
            _WAIT, "", "clock"),
    Message("E-PLT-DOWN", "TikTok could not answer", "{n} item(s) waits|wait for TikTok Shop",
            "TikTok Shop could not answer just now.",
            _WAIT, "", "clock"),
    Message("E-PLT-KEY", "TikTok did not accept the app's key", "{n} item(s) failed because of the app's key",
            "TikTok Shop did not accept the credentials or the form of the call.",
            "Check the app key and TWINSHELF_TIKTOK_APP_SECRET, and that this machine's clock is right.",
            "settings.app", "stop"),
    Message("E-PLT-CALL", "TikTok did not understand the call", "{n} call(s) was|were not understood by TikTok Shop",
            "TikTok Shop did not understand the call: {answer}",
            _REPORT, "problem.details", "stop"),
    Message("E-PLT-SIZE", "A file is too large", "{n} file(s) is|are too large for TikTok Shop",
            "The file is too large for TikTok Shop.",
            "Use a smaller file" + _AFTER, "problem.retry", "box"),
    Message("E-PLT-IP", "TikTok does not accept this machine's address",
            "{n} item(s) failed: TikTok blocks the address",
            "TikTok Shop does not accept calls from this machine's address.",
            "Add the address to the app's allow-list in Partner Center.", "partner_center", "stop"),

    # connections
    Message("E-CON-AUTH", "Access has ended", "Access to {n} shop(s) or store(s) has|have ended",
            "{platform} rejected the credentials: {answer}",
            "On the Connections page: for a shop, “Reauthorize the shop”; for a store, enter its API account again.",
            "connection.authorize", "link"),
    Message("E-CON-SCOPE", "The credentials do not cover this", "{n} connection(s) lacks|lack a scope",
            "The credentials of {platform} do not cover: {operation}.",
            "Add the scope. Then “Reauthorize the shop”, or enter the store's API account again.",
            "connection.authorize", "link"),
    Message("E-CON-GRANT", "The authorization does not cover this", "{n} connection(s) lacks|lack a permission",
            "The authorization does not cover this operation.",
            "Press “Reauthorize the shop” and grant all permissions.", "connection.authorize", "link"),
    Message("E-CON-SECRET", "The app's secret is wrong", "{n} connection(s) signs|sign with a wrong secret",
            "The signature of the call is wrong.",
            "Check that TWINSHELF_TIKTOK_APP_SECRET belongs to the app key.", "settings.app", "link"),
    Message("E-CON-CODE", "The authorization was too late", "{n} authorization(s) was|were too late",
            "The authorization code is invalid, used or too old.",
            "Start the authorization again: “Authorize:” and the market, on the Connections page.",
            "connection.shop", "link"),
    Message("E-CON-STATE", "The authorization did not begin here", "{n} authorization(s) did not begin here",
            "This authorization did not begin here, or took too long.",
            "Start the authorization again: “Authorize:” and the market, on the Connections page.",
            "connection.shop", "link"),
    Message("E-CON-DECLINED", "The authorization was declined", "{n} authorization(s) was|were declined",
            "TikTok Shop was not authorized: it was declined on TikTok's page. Nothing was changed here.",
            "To authorize the shop after all, press “Authorize:” and the market, on the Connections page.",
            "connection.shop", "link"),
    Message("E-CON-NOAPP", "No TikTok app yet", "{n} shop(s) cannot be authorized without a TikTok app",
            "This installation has no TikTok app yet, so no shop can be authorized.",
            "Its operator sets TWINSHELF_TIKTOK_APP_KEY, TWINSHELF_TIKTOK_APP_SECRET and TWINSHELF_TIKTOK_SERVICE_ID.",
            "settings.app", "link"),
    Message("E-CON-SHOP", "The shop is disabled", "{n} shop(s) is|are disabled",
            "TikTok Shop has disabled the shop or its seller.",
            "Ask TikTok Shop's support; then press “Reauthorize the shop”.", "connection.authorize", "stop"),
    Message("E-CON-SELLER", "The seller is not active", "{n} seller(s) is|are not active",
            "The seller is not active.",
            "Finish the seller's registration in Seller Center.", "seller_center", "stop"),
    Message("E-CON-TAX", "The seller's tax number is invalid", "{n} seller(s) has|have an invalid tax number",
            "The seller's tax number is invalid.",
            "Correct it in Seller Center.", "seller_center", "stop"),
    Message("E-CON-HASH", "Not a BigCommerce store", "{n} address(es) is|are not a BigCommerce store",
            "That is not a BigCommerce store hash or control-panel address.",
            "Paste the address of the store's control panel, then “Test and connect”.", "connection.store", "link"),
    Message("E-CON-STORE", "The credentials are another store's", "{n} API account(s) belongs|belong to another store",
            "These credentials belong to store {theirs}, not {ours}.",
            "Enter the API account of this store, then “Test and connect”.", "connection.store", "link"),
    Message("E-CON-NAME", "The name is taken", "{n} name(s) is|are taken",
            "A connection named “{name}” already exists.",
            "Change “Name of the connection”.", "connection.name", "link"),
    Message("E-CON-NAMELESS", "The connection has no name", "{n} connection(s) has|have no name",
            "A connection needs a name.",
            "Fill in “Name of the connection”.", "connection.name", "link"),
    Message("E-CON-CUR", "The store takes no orders in the shop's currency",
            "{n} item(s) waits|wait for a currency of the store",
            "BigCommerce takes orders in {store}, but not in {shop}, in which the shop sells.",
            "In BigCommerce, add the currency as a transactional one (Settings → Currencies); then press “Try again”.",
            "problem.retry", "alert"),
    Message("E-TEN-TAKEN", "The shop belongs to another account", "{n} shop(s) belongs|belong to another account",
            "This TikTok Shop ({shop}) is already connected to another account.",
            "Ask the operator to remove it there; then “Authorize:” and the market, on the Connections page.",
            "connection.shop", "link"),
    Message("E-TEN-STORE", "The store belongs to another account", "{n} store(s) belongs|belong to another account",
            "This BigCommerce store ({store}) is already connected to another account of this installation.",
            "Ask the operator to remove it there; then “Test and connect”. Two accounts would sell units twice.",
            "connection.store", "link"),
    Message("E-REG-UNSUPPORTED", "The market is not supported", "{n} shop(s) is|are in a market that is not supported",
            "Region {region} is not supported.",
            "Connect a shop of another market: “Authorize:” on the Connections page.", "connection.shop", "stop"),
    Message("E-REG-PUSH", "Products are not sent to this market", "{n} product(s) is|are in a market we do not list in",
            "Products are sent to TikTok Shop in the US and UK only; here its catalog is kept in TikTok Shop.",
            "Switch on “List products in this market” in the settings of the connection, or list it in Seller Center "
            "with the same SKUs: orders and stock are kept in step by them.",
            "preferences.market", "stop"),
    Message("E-REG-CB", "A cross-border seller cannot list this", "{n} product(s) needs|need the Global Store",
            "A cross-border seller cannot make this listing directly.",
            "Publish it through the Global Store in Seller Center.", "seller_center", "stop"),
    Message("E-GLOBAL-READONLY", "The product is shared by several markets",
            "{n} product(s) is|are shared by several markets",
            "The change has to go to all markets of this replicated product.",
            _IN_SELLER_CENTER, "problem.retry", "stop"),

    # products as BigCommerce has them
    Message("E-PRODUCT-READ", "BigCommerce sent it incompletely", "{n} product(s) could not be read",
            "BigCommerce sent a product that cannot be read: {why}",
            "“Open in BigCommerce” and correct the product.", "product.store", "box"),
    Message("E-PRD-GONE", "Products vanished from BigCommerce", "{n} product(s) vanished from BigCommerce",
            "BigCommerce no longer shows this product and {others} others that were there before.",
            "Confirm it if they were removed on purpose. What is there again is noticed by itself.",
            "problem.confirm", "box", confirm="It was removed"),
    Message("E-INV-EMPTIED", "Stock of many products fell to 0", "The stock of {n} product(s) fell to 0",
            "BigCommerce shows 0 units of this product and {others} others that had stock before; TikTok Shop still "
            "offers what was there.",
            "Confirm it if they are sold out. Stock that is there again is noticed by itself.",
            "problem.confirm", "stock", confirm="They are sold out"),
    Message("I-NOT-PURCHASABLE", "Not purchasable in BigCommerce", "{n} product(s) is|are not purchasable",
            "Skipped: not purchasable in BigCommerce.",
            "“Open in BigCommerce” and make it available for purchase, or switch on “Sync unpurchasable products” in "
            "the settings of the connection.",
            "preferences.unpurchasable", "box"),
    Message("W-PRD-OFFSALE", "Off sale in BigCommerce", "{n} product(s) is|are off sale in BigCommerce",
            "Not for sale in BigCommerce, so TikTok Shop offers 0 of it: {skus}.",
            "To sell it again, “Open in BigCommerce” and make it available for purchase.", "product.store", "box"),
    Message("W-PRD-DELETED", "Deleted in BigCommerce", "{n} product(s) was|were deleted in BigCommerce",
            "BigCommerce does not have it any more; TikTok Shop keeps it with 0 units.",
            "Nothing to do. To remove it from TikTok Shop as well, switch on “Delete products by itself”.",
            "preferences.delete", "box"),
    Message("W-PRD-VARGONE", "A variant was deleted in BigCommerce",
            "{n} product(s) has|have a variant that was deleted in BigCommerce",
            "BigCommerce does not have it any more; TikTok Shop keeps it with 0 units: {skus}.",
            "Nothing to do. To remove it from TikTok Shop as well, delete the SKU in Seller Center.",
            "seller_center", "box"),

    # listings as a whole
    Message("I-CAT-OFF", "The catalog is kept apart", "{n} product(s) is|are not sent: the catalog is off",
            "Not sent: this connection keeps both catalogs apart.",
            "Choose another “Catalog direction” in the settings of the connection.", "preferences.catalog", "pause"),
    Message("I-SKU-SCOPE", "Out of scope", "{n} product(s) is|are out of scope",
            "Out of scope: “Only these SKUs” does not name {skus}.",
            "Add the SKU to “Only these SKUs” in the settings of the connection, or empty the list.",
            "preferences.scope", "pause"),
    Message("I-LST-NOTOFF", "It is not off", "{n} listing(s) is|are not off",
            "The product is not off.",
            "Nothing to do.", "", "check"),
    Message("I-LST-LOW", "Its stock is low", "{n} listing(s) has|have low stock",
            "Stock is at or below the low-stock limit, so the product stays off sale: {skus}.",
            "Raise the stock in BigCommerce, or press “Edit” to exclude it from the limit.",
            "product.edit", "stock"),
    Message("I-LST-NOTTHERE", "It is not on TikTok Shop", "{n} product(s) is|are not on TikTok Shop",
            "The product is not on TikTok Shop.",
            "Nothing to do.", "", "box"),
    Message("I-LST-NOTDELETED", "It was not deleted", "{n} product(s) was|were not deleted",
            "The product was not deleted on TikTok Shop, or is there again.",
            "Nothing to do.", "", "box"),
    Message("I-LST-NOTLIVE", "It is not live", "{n} listing(s) is|are not live",
            "The product is not live.",
            "Nothing to do.", "", "pause"),
    Message("E-LST-CHECK", "TikTok's check of the listing failed", "{n} listing(s) failed TikTok's check",
            "TikTok Shop's check of the listing failed: {answer}",
            "Fix what TikTok Shop names" + _AFTER, "problem.retry", "stop"),
    Message("E-LST-GONE", "TikTok does not know the listing", "{n} listing(s) is|are not known to TikTok Shop",
            "TikTok Shop has no such listing in this shop.",
            "If it should still be sold, press “List or update”.", "product.list", "stop"),
    Message("E-LST-VERSION", "No version is in review", "{n} listing(s) has|have no version in review",
            "No version of the listing is in review.",
            "Press “Try again”: its status is read again.", "problem.retry", "clock"),
    Message("E-LST-SKUGONE", "A SKU is gone from TikTok", "{n} product(s) lost a listing or SKU on TikTok",
            "The listing, or one of its SKUs, was deleted in TikTok Shop.",
            "If it should still be sold, press “List or update”: it is made again.", "product.list", "stop"),
    Message("E-LST-STATE", "The listing's status does not allow this",
            "{n} listing(s) has|have a status that forbids it",
            "The listing's status on TikTok Shop does not allow this.",
            "Activate or recover the listing in Seller Center" + _AFTER, "problem.retry", "stop"),
    Message("E-LST-APPEAL", "An appeal is open", "{n} listing(s) has|have an open appeal",
            "An appeal for the listing is open.",
            "Wait for its end or withdraw it in Seller Center" + _AFTER, "problem.retry", "clock"),
    Message("E-LST-MERGE", "Shops are being merged", "{n} listing(s) waits|wait for a merger of shops",
            "Shops are being merged: only stock and price can be changed.",
            "Wait until it has ended" + _AFTER, "problem.retry", "clock"),
    Message("E-LST-SUBMITTED", "The listing is submitted already", "{n} listing(s) is|are submitted already",
            "The listing was submitted and cannot become a draft again.",
            "Press “List or update”.", "product.list", "stop"),
    Message("E-LST-CAP", "The shop's listings for today are used up", "{n} product(s) waits|wait for tomorrow",
            "The shop has used up the listings it may make today.",
            "Nothing to do: the rest follows tomorrow. New shops may list 100 products a day.", "", "clock"),
    Message("E-LST-TWICE", "It is listed already", "{n} product(s) is|are listed already",
            "This product is already listed in the shop.",
            "Give the listing in Seller Center the same SKUs; it is then linked by itself.", "seller_center", "link"),
    Message("E-LST-REVIEW", "TikTok's review refused it", "TikTok's review refused {n} product(s)",
            "TikTok's review refused the product: {reasons}",
            "Fix the items listed, then press “Try again”.", "problem.retry", "stop"),
    Message("E-LST-EDIT", "TikTok's review refused the edit", "TikTok's review refused {n} edit(s)",
            "TikTok's review refused the edit; the old content stays live: {reasons}",
            "Fix the items listed, then press “Try again”.", "problem.retry", "stop"),
    Message("E-LST-STOPPED", "TikTok stopped it", "TikTok stopped {n} product(s)",
            "TikTok stopped the product: {reasons}",
            "Only Seller Center can lift it: appeal or correct the product there.", "seller_center", "stop"),

    # the texts of listings
    Message("E-LST-TITLE", "There is no title", "{n} product(s) has|have no title",
            "The product has no title.",
            "“Open in BigCommerce” and set a title.", "product.store", "tag"),
    Message("E-LST-TITLELEN", "The title is too long or too short",
            "{n} product(s) has|have a title of the wrong length",
            "The title has {length} characters; {region} takes {limits}.",
            "“Open in BigCommerce” and change the title." + _ITS_OWN, "product.store", "tag"),
    Message("E-LST-TITLECHAR", "The title has characters that TikTok refuses",
            "{n} product(s) has|have a title with characters that TikTok refuses",
            "The title has characters or repetitions that TikTok Shop does not allow.",
            "“Open in BigCommerce”; take out emoji, markup and one character more than 9 times in a row." + _ITS_OWN,
            "product.store", "tag"),
    Message("E-LST-TITLELANG", "The title is in another language",
            "{n} product(s) has|have a title in another language",
            "The title is not in the market's language.",
            "“Open in BigCommerce” and translate the title." + _ITS_OWN, "product.store", "tag"),
    Message("W-LST-TITLE", "The title is changed for TikTok", "{n} title(s) is|are changed for TikTok",
            "The title is sent without what TikTok Shop does not allow: “{sent}”.",
            "To choose the words, “Open in BigCommerce” and change the title." + _ITS_OWN, "product.store", "tag"),
    Message("W-LST-DESC", "The description is empty", "{n} product(s) has|have no description",
            "The description is empty; the title is used as description.",
            "“Open in BigCommerce” and write a description.", "product.store", "note"),
    Message("W-LST-DESCCUT", "The description is cut", "{n} description(s) is|are cut",
            "The description is cut to 10,000 characters.",
            "“Open in BigCommerce” and shorten the description." + _ITS_OWN, "product.store", "note"),
    Message("E-LST-DESC", "The description cannot be used", "{n} product(s) has|have a description that cannot be used",
            "TikTok Shop does not accept the description: {answer}",
            "“Open in BigCommerce”; use plain paragraphs, lists and headings." + _ITS_OWN,
            "product.store", "note"),
    Message("E-LST-DESCLANG", "The description is in another language",
            "{n} product(s) has|have a description in another language",
            "The description is not in the market's language.",
            "“Open in BigCommerce” and translate the description." + _ITS_OWN, "product.store", "note"),

    Message("E-LST-ORDERQTY", "It is sold in quantities that TikTok cannot ask for",
            "{n} product(s) is|are sold in quantities that TikTok cannot ask for",
            "BigCommerce sells {limits} in one order. TikTok Shop cannot ask for more than 20, nor for more than the"
            " most; it would sell what BigCommerce then refuses.",
            "“Open in BigCommerce” and change the minimum or maximum purchase quantity.", "product.store", "tag"),

    # category templates
    Message("E-TPL-NAME", "The name cannot be used", "{n} template(s) has|have a name that cannot be used",
            "Category template name must be unique and should not exceed 80 characters.",
            "Give it another name.", "", "tag"),
    Message("E-TPL-CATEGORY", "The listing category is missing", "{n} template(s) has|have no listing category",
            "Select the listing category of the template.",
            "Choose a “TikTok category” in the template.", "template.category", "list"),
    Message("E-TPL-ATTR", "A required attribute is not mapped", "{n} template(s) does|do not map a required attribute",
            "Map the required attribute {name}.",
            "Choose under “Attributes” where it comes from.", "template.attributes", "tag"),
    Message("E-TPL-PAIR", "A field looks mismatched", "{n} template(s) has|have a field that looks mismatched",
            "This looks mismatched: {pairs}.",
            "Choose another field under “Attributes”, or confirm that it is meant.", "template.attributes", "tag"),
    Message("E-TPL-DEFAULT", "The default template stays", "{n} default template(s) cannot be deleted",
            "The default template cannot be deleted.",
            "Nothing to do.", "", "tag"),

    # listings: category, and what it asks for
    Message("E-CAT-KEY", "It needs a TikTok category", "{n} product(s) needs|need a category",
            "The product has no TikTok category, and no template gives it one.",
            "Choose one for its category in BigCommerce in the “Category map”, or one for everything else in the "
            "template.",
            "categories.map", "list"),
    Message("E-CAT-NONE", "TikTok suggests no category", "{n} product(s) gets|get no suggestion for a category",
            "TikTok Shop has no category to suggest for these products.",
            "Choose one in the “Category map”.", "categories.map", "list"),
    Message("E-CAT-UNKNOWN", "TikTok does not know the category",
            "{n} product(s) has|have a category that TikTok does not know",
            "TikTok Shop does not know the category, or it is not a final one.",
            "Choose another “TikTok category” in the template, or in “Edit” on the product; or for its category in "
            "BigCommerce in the “Category map”.",
            "template.category", "list"),
    Message("E-CAT-CLOSED", "The category is closed", "{n} product(s) has|have a category that is closed",
            "The category is prohibited or closed in this market.",
            "Choose another “TikTok category” in the template, or in “Edit” on the product; or for its category in "
            "BigCommerce in the “Category map”.",
            "template.category", "list"),
    Message("E-CAT-PERMIT", "The category is closed to this shop",
            "{n} product(s) needs|need a permit for their category",
            "The seller may not sell in this category.",
            "Apply for it in Seller Center's Qualification Center. Or choose another “TikTok category” in the "
            "template, or in “Edit” on the product; or for its category in BigCommerce in the “Category map”.",
            "template.category", "list"),
    Message("E-CAT-UPGRADE", "TikTok moves the shop to new categories", "{n} product(s) waits|wait for new categories",
            "TikTok Shop is moving the shop to a new category tree.",
            "Nothing to do: it can take two hours, then the listing is sent again.", "", "clock"),
    Message("E-LST-COD", "Cash on delivery is not allowed", "{n} product(s) cannot be paid on delivery",
            "The category does not allow cash on delivery.",
            "Set “Cash on delivery” to No in the template; where that says nothing of it, switch it off in Seller "
            "Center" + _AFTER, "template.cod", "list"),
    Message("E-LST-ATTR", "A required attribute is missing", "{n} product(s) misses|miss a required attribute",
            "Missing required attributes: {names}.",
            "Fill in “Attributes” in the template or in “Edit” on the product, for its category in BigCommerce in the "
            "“Category map”, or custom fields of these names on the product.",
            "template.attributes", "tag"),
    Message("E-LST-ATTRVALUE", "A value is not in TikTok's list",
            "{n} product(s) has|have a value that TikTok does not offer",
            "TikTok Shop does not take: {values}.",
            "Under “Attributes” in the template or in “Edit” on the product, or in the “Category map”, use a value of "
            "TikTok's list, or a number where it asks for one.",
            "template.attributes", "tag"),
    Message("E-LST-ATTRCHECK", "TikTok refuses an attribute",
            "{n} product(s) has|have an attribute that TikTok refuses",
            "TikTok Shop does not accept the attributes: {answer}",
            "Correct “Attributes” in the template or in “Edit” on the product, or the values in the “Category map”.",
            "template.attributes", "tag"),
    Message("E-LST-CERT", "A certificate is missing", "{n} product(s) misses|miss a certificate",
            "The category requires a certificate, and the product has none: {names}.",
            "Press “Edit” on the product and upload it under Product and shipping warranty.",
            "product.edit", "note"),
    Message("E-LST-CERTDATE", "A certificate has ended", "{n} product(s) has|have a certificate that has ended",
            "A certificate has ended, or the day on which it ends is missing: {names}.",
            "Press “Edit” on the product and upload one that is valid.", "product.edit", "note"),
    Message("W-LST-CERT", "A certificate is not sent", "{n} product(s) has|have a certificate that is not sent",
            "The category does not take these certificates: {names}.",
            "Press “Edit” on the product and remove them, or choose the category that takes them.",
            "product.edit", "note"),
    Message("E-LST-CERTFILE", "A certificate is not accepted", "{n} product(s) misses|miss a valid certificate",
            "A required certificate is missing, unreadable or expired.",
            "Press “Edit” on the product and upload it again.", "product.edit", "note"),
    Message("E-LST-SIZECHART", "The size chart is missing", "{n} product(s) misses|miss a size chart",
            "The size chart is missing or not accepted.",
            "Press “Edit” on the product and upload it under Image and media.", "product.edit", "note"),
    Message("W-LST-SIZECHART", "The size chart is not sent", "{n} product(s) has|have a size chart that is not sent",
            "The category takes no size chart.",
            "Press “Edit” on the product and remove it.", "product.edit", "note"),
    Message("E-LST-BRAND", "The brand cannot be used", "{n} product(s) has|have a brand that cannot be used",
            "TikTok Shop does not accept the brand: {answer}",
            "Choose another “Brand” in “Edit” on the product, or correct its number in the “Category map”, or apply "
            "for the brand in Seller Center's Qualification Center" + _AFTER, "product.brand", "tag"),
    Message("E-LST-COMPL", "Manufacturer or responsible person is missing",
            "{n} product(s) misses|miss a manufacturer or responsible person",
            "Manufacturer or responsible person is missing or unknown.",
            "Enter both in Seller Center and choose them for the listing" + _AFTER, "problem.retry", "note"),
    Message("E-LST-UNITPRICE", "The unit price is incomplete", "{n} product(s) has|have an incomplete unit price",
            "The unit price of the listing is incomplete.",
            _IN_SELLER_CENTER, "problem.retry", "alert"),

    # the images of listings
    Message("E-LST-IMG", "There is no image", "{n} product(s) has|have no image",
            "At least one image is required.",
            "“Open in BigCommerce” and add an image.", "product.store", "box"),
    Message("W-LST-IMG", "Not all images are sent", "{n} product(s) has|have more images than are sent",
            "Of {number} images the first {limit} are sent.",
            "“Open in BigCommerce” and put the best ones first.", "product.store", "box"),
    Message("E-LST-IMGURL", "An image cannot be used", "{n} product(s) has|have an image that cannot be used",
            "The image {image} cannot be read: {why}.",
            "“Open in BigCommerce” and replace the image.", "product.store", "box"),
    Message("E-LST-IMGFORM", "TikTok cannot read an image", "{n} product(s) has|have an image that TikTok cannot read",
            "An image cannot be read or has an unsupported format.",
            "“Open in BigCommerce” and replace it with a JPEG, PNG or WebP.", "product.store", "box"),
    Message("E-LST-IMGSIZE", "An image has the wrong size", "{n} product(s) has|have an image of the wrong size",
            "TikTok Shop does not take an image of this size or number: {answer}",
            "“Open in BigCommerce”; use images close to a square, 300 to 4,000 pixels a side, at most 10 MB.",
            "product.store", "box"),
    Message("E-LST-IMGLOST", "TikTok lost an image", "TikTok lost images of {n} product(s)",
            "TikTok Shop does not know an uploaded image any more.",
            "Press “Try again”: it is uploaded again.", "problem.retry", "box"),
    Message("E-LST-IMGVAR", "The variants' images cannot be used",
            "{n} product(s) has|have images of variants that cannot be used",
            "The images of the variations are not accepted: {answer}",
            "“Open in BigCommerce”; give images to one option only, such as the color.", "product.store", "box"),

    # the variants and SKUs of listings
    Message("E-LST-VAR", "The variants do not have the same options",
            "{n} product(s) has|have variants with different options",
            "The SKUs of this product do not all have the same options, or write one option or value in several ways,"
            " which TikTok Shop takes for one: {answer}",
            "“Open in BigCommerce”; give every variant a value of every option, each written in one way.",
            "product.store", "list"),
    Message("E-LST-VARMAP", "No variation attribute is mapped", "{n} product(s) has|have variants that are not mapped",
            "Map at least one variation attribute; “{title}” has {number} variants.",
            "Under “Attributes” in the template, choose the option for one of its variation attributes.",
            "template.attributes", "list"),
    Message("E-LST-OPTIONS", "There are too many options", "{n} product(s) has|have too many options",
            "The product has more options than TikTok Shop takes; it takes three.",
            "“Open in BigCommerce”; split the product, or combine options.", "product.store", "list"),
    Message("E-LST-OPTION", "An option is too long or has no plain words",
            "{n} product(s) has|have an option that cannot be used",
            "Options or values that are too long, or have no plain words: {words}.",
            "“Open in BigCommerce”; use at most 20 characters for an option, 50 for a value.", "product.store", "list"),
    Message("E-LST-OPTREFUSED", "TikTok refuses an option", "{n} product(s) has|have an option that TikTok refuses",
            "TikTok Shop does not accept an option or its value: {answer}",
            "“Open in BigCommerce”; use plain short names.", "product.store", "list"),
    Message("E-LST-VARTWICE", "Two variants have the same options",
            "{n} product(s) has|have variants with the same options",
            "SKUs with the same options as another SKU: {skus}.",
            "“Open in BigCommerce” and give them different values.", "product.store", "list"),
    Message("E-LST-VARFIXED", "SKUs cannot be added or removed", "{n} listing(s) cannot get or lose SKUs",
            "SKUs of this listing cannot be added or removed.",
            _IN_SELLER_CENTER, "problem.retry", "list"),
    Message("E-LST-NOSKU", "There is no SKU to sell", "{n} product(s) has|have no SKU to sell",
            "The product has no SKU to sell.",
            "“Open in BigCommerce”; add a variant, or make one purchasable.", "product.store", "list"),
    Message("E-LST-SKUS", "There are too many variants", "{n} product(s) has|have too many variants",
            "The product has {number} SKUs; {region} takes {limit}.",
            "“Open in BigCommerce” and split the product.", "product.store", "list"),
    Message("E-LST-SKU", "TikTok does not take the SKU", "{n} product(s) has|have a SKU that TikTok does not take",
            "TikTok Shop takes SKUs of 1 to 50 characters without spaces; not: {skus}.",
            "“Open in BigCommerce” and change the SKU.", "product.store", "tag"),
    Message("E-LST-SKUSTRICT", "TikTok does not take the SKU here",
            "{n} product(s) has|have a SKU that this market does not take",
            "This market takes SKUs of 6 to 50 letters, digits, - and _; not: {skus}.",
            "“Open in BigCommerce” and change the SKU.", "product.store", "tag"),
    Message("E-SKU-MISSING", "A variant has no SKU", "{n} product(s) has|have a variant without SKU",
            "Variants without SKU: {variants}.",
            "“Open in BigCommerce” and set a SKU.", "product.store", "tag"),
    Message("E-SKU-STRICT", "SKUs must be equal", "{n} SKU(s) is|are not equal",
            "This connection matches SKUs strictly: TikTok's SKU must equal that of BigCommerce.",
            "Switch off “Strict SKU matching”, or give both the same SKU.", "preferences.strict", "link"),
    Message("E-SKU-CHANNEL", "The Channel SKU is taken", "{n} Channel SKU(s) is|are taken",
            "Another variant of the store has the SKU {sku}.",
            "Give another SKU under “Channel SKU”.", "product.channel", "tag"),
    Message("E-SKU-DUP", "A SKU is used by several products", "{n} product(s) has|have a SKU that is used twice",
            "More than one product of the store uses SKU {skus}; it is not linked automatically.",
            "“Open in BigCommerce” and make the SKUs unique.", "product.store", "tag"),
    Message("E-SKU-SHOP", "The shop has its SKUs in several listings",
            "{n} product(s) has|have SKUs that are in several listings of the shop",
            "The shop has SKU {skus} in more than one listing already; none of them is linked, and no other is made.",
            "Delete all but one of these listings in Seller Center" + _AFTER, "problem.retry", "tag"),
    Message("E-SKU-TWICE", "A SKU is used twice in the product", "{n} product(s) has|have a SKU that is used twice",
            "More than one variant of the product uses SKU {skus}; it is not linked automatically.",
            "“Open in BigCommerce” and make the SKUs unique.", "product.store", "tag"),
    Message("E-LST-GTIN", "A barcode is missing", "{n} product(s) misses|miss a barcode",
            "No product identifier code: SKU {skus}.",
            "“Open in BigCommerce” and add the code, or switch off “Product codes are required” in the settings of the "
            "connection.",
            "preferences.gtin", "tag"),
    Message("E-LST-GTINREFUSED", "TikTok refuses a barcode", "{n} product(s) has|have a barcode that TikTok refuses",
            "TikTok Shop does not accept a product identifier code: {answer}",
            "“Open in BigCommerce” and correct the code. Once submitted it cannot be changed.", "product.store", "tag"),
    Message("W-LST-GTIN", "A barcode is left out", "{n} product(s) is|are sent without a barcode",
            "Sent without product identifier code: {codes}.",
            "“Open in BigCommerce” and correct the code.", "product.store", "tag"),
    Message("W-LST-GTINTWICE", "A barcode is used twice", "{n} product(s) has|have a barcode that is used twice",
            "Sent without product identifier code, since another SKU has it: {codes}.",
            "“Open in BigCommerce” and give each variant its own code.", "product.store", "tag"),
    Message("E-LST-BUNDLE", "The bundle is not accepted", "{n} bundle(s) is|are not accepted",
            "The bundle is not accepted: {answer}",
            _IN_SELLER_CENTER, "problem.retry", "box"),
    Message("E-LST-PRESALE", "The pre-order terms are not accepted",
            "{n} product(s) has|have pre-order terms not accepted",
            "The pre-order terms cannot be combined or changed like this.",
            _IN_SELLER_CENTER, "problem.retry", "clock"),

    # the packages of listings
    Message("E-LST-WEIGHT", "The weight is missing", "{n} product(s) has|have no weight",
            "The product cannot be listed without a weight.",
            "Set it on the product, in “Package” of the template, or in “Package where a product has none” in the "
            "settings of the connection.",
            "preferences.package", "box"),
    Message("E-LST-HEAVY", "The weight is too high", "{n} product(s) is|are too heavy",
            "The weight of {weight} is more than {limit}.",
            "“Open in BigCommerce” and check the unit: grams are easily typed as kilograms.", "product.store", "box"),
    Message("E-LST-DIM", "The package size is missing", "{n} product(s) has|have no package size",
            "The product cannot be listed without {sides}.",
            "Set it on the product, in “Package” of the template, or in “Package where a product has none” in the "
            "settings of the connection.",
            "preferences.package", "box"),
    Message("E-LST-PACKAGE", "TikTok refuses the package", "{n} product(s) has|have a package that TikTok refuses",
            "TikTok Shop does not accept weight or size of the package: {answer}",
            "Correct “Package” in the template, or weight and size on the product.", "template.package", "box"),
    Message("N-PKG-ROUND", "The package size is rounded up", "{n} package(s) is|are rounded up",
            "Rounded up to whole units: {sides}.",
            "Nothing to do.", "", "box"),
    Message("W-LST-DIM", "The package size is rounded up", "{n} package(s) is|are rounded up",
            "The package size is rounded up to {size}.",
            "Nothing to do.", "", "box"),
    Message("E-LST-UNITS", "The units do not fit the market",
            "{n} product(s) has|have units that do not fit the market",
            "Weight and size are in units that this market does not take.",
            _REPORT, "problem.details", "box"),

    # prices
    Message("E-PRC-RATE", "The currencies differ", "{n} product(s) waits|wait for an exchange rate",
            "BigCommerce uses {store}, TikTok Shop {shop}, and no exchange rate is confirmed.",
            "Confirm the “Exchange rate” in the settings of the connection.",
            "preferences.rate", "alert"),
    Message("E-PRC-TAX", "Prices lack the tax", "{n} product(s) has|have a price without tax",
            "BigCommerce's prices are entered without tax; in this market a price is what buyers pay, tax included.",
            "Fill in “Tax on top” in the settings of the connection: it is added to every price. 0 if there is none.",
            "preferences.tax", "alert"),
    Message("E-PRC-MIN", "The price rule gives no valid price", "The price rule gives {n} product(s) no price",
            "There is no valid price: {skus}.",
            "“Open in BigCommerce” and set a price, or correct the “Price rule” in the settings of the connection.",
            "preferences.rule", "alert"),
    Message("E-PRC-DECIMALS", "A price has too many decimals", "{n} product(s) has|have a price with too many decimals",
            "Prices with too many decimals: {skus}.",
            "“Open in BigCommerce” and correct the price.", "product.store", "alert"),
    Message("E-PRC-RANGE", "TikTok does not take this price",
            "{n} product(s) has|have a price that TikTok does not take",
            "TikTok Shop takes prices {limits}; not: {skus}.",
            "“Open in BigCommerce” and correct the price.", "product.store", "alert"),
    Message("E-PRC-REFUSED", "TikTok refuses the price", "{n} product(s) has|have a price that TikTok refuses",
            "TikTok Shop does not accept the price: {answer}",
            "“Open in BigCommerce” and correct the price.", "product.store", "alert"),
    Message("E-PRC-CUR", "The price is in another currency", "{n} product(s) has|have a price in another currency",
            "The price is not in the shop's currency.",
            "Pair the shop with a store that sells in the shop's currency (“Connect them” on the Connections page).",
            "connection.pair", "alert"),
    Message("E-PRC-LOCKED", "A promotion holds the price", "{n} price(s) is|are held by a promotion",
            "The price is locked while the product is in a promotion.",
            "Nothing to do: the price follows when the promotion ends. To change it now, end the promotion.",
            "seller_center", "clock"),
    Message("E-PRC-LIST", "The list price is not accepted", "{n} product(s) has|have a list price that is not accepted",
            "The list price is not accepted.",
            "Correct or remove it in Seller Center" + _AFTER, "problem.retry", "alert"),
    Message("E-PRC-GUARD", "A price change is held for you to check",
            "{n} price change(s) is|are held for you to check",
            "Price changes of more than {percent} %: {prices}.",
            "Check the price in BigCommerce; confirm the change here if it is meant.",
            "problem.confirm", "alert", confirm="Send this price"),

    # stock and warehouses
    Message("E-INV-PRODUCTLEVEL", "Stock is tracked for the product, not its variants",
            "{n} product(s) counts|count its|their stock for all variants together",
            "Stock is tracked on the product level, so no stock is sent.",
            "“Open in BigCommerce” → Track inventory → On the variant level.", "product.store", "stock"),
    Message("W-INV-PRODUCTLEVEL", "No stock of it is offered", "{n} product(s) is|are listed without stock",
            "Stock is tracked on the product level, so every variant is listed with 0.",
            "“Open in BigCommerce” → Track inventory → On the variant level.", "product.store", "stock"),
    Message("W-INV-MOST", "TikTok shows less stock than there is",
            "{n} product(s) has|have more stock than TikTok takes",
            "TikTok Shop takes at most {most} units of a SKU and shows that many; BigCommerce has more: {skus}.",
            "Nothing to do. From {most} units down, TikTok Shop shows what there is.", "", "stock"),
    Message("W-INV-LOW", "Off sale for its low stock", "{n} product(s) is|are off sale for low stock",
            "Stock is at or below the low-stock limit, so the whole product is off sale: {skus}.",
            "Nothing to do: it goes on sale again by itself once all its SKUs are above the limit.", "", "stock"),
    Message("E-INV-RANGE", "TikTok does not take the quantity",
            "{n} product(s) has|have a quantity TikTok does not take",
            "The quantity is outside TikTok Shop's limits.",
            "“Open in BigCommerce” and set a smaller quantity.", "product.store", "stock"),
    Message("E-INV-WHS", "Not all warehouses were named", "{n} product(s) was|were sent without all warehouses",
            "Not all warehouses of the SKU were named.",
            _REPORT, "problem.details", "stock"),
    Message("E-INV-SHARED", "TikTok shares the stock", "{n} product(s) has|have stock that TikTok shares",
            "The stock is shared or allocated by TikTok Shop.",
            "Change it in the source shop or in Seller Center.", "seller_center", "stock"),
    Message("E-INV-LOCKED", "TikTok holds more stock", "{n} product(s) has|have more stock held than was sent",
            "A promotion or open orders hold more stock than was sent.",
            "Raise the stock in BigCommerce, or end the promotion in Seller Center.", "seller_center", "stock"),
    Message("E-WHS-STATUS", "The warehouse cannot be used", "{n} product(s) has|have a warehouse that cannot be used",
            "Invalid platform warehouse status.",
            "Check in Seller Center that the warehouse is enabled and sells for this shop" + _AFTER,
            "problem.retry", "stock"),
    Message("E-WHS-NONE", "The shop has no warehouse", "{n} shop(s) has|have no warehouse",
            "{shop} has no sales warehouse that is switched on.",
            "Add a warehouse in Seller Center; then press “Connect them” again.", "connection.pair", "stock"),
    Message("E-WHS-MISSING", "No warehouse is chosen", "{n} product(s) has|have no warehouse",
            "No warehouse is chosen.",
            _REPORT, "problem.details", "stock"),
    Message("E-WHS-RETURN", "There is no return warehouse", "{n} shop(s) has|have no return warehouse",
            "The shop has no return warehouse.",
            "Set one in Seller Center" + _AFTER, "problem.retry", "stock"),
    Message("E-WHS-DELIVERY", "The delivery option is not offered", "{n} product(s) has|have a delivery not offered",
            "The warehouse does not offer the chosen delivery option.",
            "Choose the delivery options in Seller Center" + _AFTER, "problem.retry", "truck"),

    # orders
    Message("E-ORD-SKU", "Not in BigCommerce: a SKU is not linked", "{n} order(s) could not be created in BigCommerce",
            "Not created in BigCommerce: no linked product for SKU {skus}.",
            "Press “Link SKU” at the item on the order's page and choose the product; the order is then created by "
            "itself. Giving the variant in BigCommerce exactly this SKU does it too.",
            "order.link", "link"),
    Message("E-ORD-MADE", "The order is in BigCommerce already", "{n} order(s) is|are in BigCommerce already",
            "The order is in BigCommerce already, as number {number}: linking changes nothing about it.",
            "“Open in BigCommerce” and correct the order there.", "order.store", "link"),
    Message("E-ORD-VARIANT", "There is no such variant", "{n} order(s) cannot be linked to what was chosen",
            "BigCommerce does not have what was chosen, or the order does not have this SKU.",
            "Press “Link SKU” at the item on the order's page and choose another one.", "order.link", "link"),
    Message("E-ORD-CREATE", "BigCommerce refused the order", "BigCommerce refused {n} order(s)",
            "BigCommerce refused the order: {why}. Given up after {retries} retries.",
            "Fix what BigCommerce names, then press “Retry” on the order.", "order.retry", "stop"),
    Message("E-ORD-REFUSED", "BigCommerce will not take the order", "BigCommerce will not take {n} order(s)",
            "BigCommerce refused the order: {answer}.",
            "Fix what it names, then press “Retry” on the order.", "order.retry", "stop"),
    Message("E-ORD-CURRENCY", "The store takes no orders in this currency",
            "{n} order(s) is|are in a currency the store does not take",
            "BigCommerce refused the order: {answer}.",
            "In BigCommerce under Settings, Currencies, let buyers pay in it; then press “Retry” on the order.",
            "order.retry", "tag"),
    Message("E-ORD-QUANTITY", "BigCommerce does not sell this quantity",
            "{n} order(s) has|have a quantity that BigCommerce does not sell",
            "BigCommerce refused the order: {answer}.",
            "Change the least or the most quantity of the product in BigCommerce; then press “Retry” on the order.",
            "order.retry", "box"),
    Message("E-ORD-PLACE", "BigCommerce does not take the address", "{n} order(s) has|have an address not taken",
            "BigCommerce refused the order: {answer}.",
            "Settle the address with the buyer at TikTok Shop; then press “Retry” on the order.",
            "order.retry", "truck"),
    Message("E-ORD-DOUBLE", "BigCommerce has the order twice", "{n} order(s) is|are in BigCommerce more than once",
            "BigCommerce has the order more than once: {orders}.",
            "“Open in BigCommerce”, cancel there the one that is not to be shipped, then press “Sync” on the order.",
            "order.store", "alert"),
    Message("W-ORD-DOUBLE", "A double of the order was cancelled", "{n} double order(s) was|were cancelled by itself",
            "BigCommerce had the order twice. {orders} was cancelled by itself: nothing of it was shipped.",
            "Make sure that it is not packed (“Open in BigCommerce”), then press “Sync” on the order.",
            "order.sync", "alert"),
    Message("E-ORD-GONE", "TikTok does not know the order", "{n} order(s) is|are not known to TikTok Shop",
            "TikTok Shop does not know the order.",
            "Check in Seller Center which shop the order belongs to.", "seller_center", "stop"),
    Message("E-ORD-FOREIGN", "The order is another shop's", "{n} order(s) belongs|belong to another shop",
            "The order or package is not this shop's.",
            "Check in Seller Center which shop the order belongs to, and connect that one.", "seller_center", "stop"),
    Message("W-ORD-ADDRESS", "The address changed too late", "{n} order(s) got a new address after shipping",
            "The buyer changed the address after the order was shipped.",
            "Settle it with the carrier or the buyer.", "", "truck"),

    # shipments
    Message("E-FUL-CARRIER", "TikTok does not know the carrier",
            "{n} shipment(s) has|have a carrier TikTok does not know",
            "No TikTok carrier is mapped to “{carrier}” (nearest: “{nearest}”).",
            "Add it to “Carriers” in the settings of the connection; the shipment is then sent by itself.",
            "preferences.carriers", "truck"),
    Message("E-FUL-TRACK", "The shipment has no tracking number", "{n} shipment(s) has|have no tracking number",
            "The shipment has no tracking number.",
            "“Open in BigCommerce” and add it to the shipment.", "order.store", "truck"),
    Message("E-FUL-UNITS", "The shipment covers nothing", "{n} shipment(s) covers|cover nothing that is not shipped",
            "The shipment covers nothing of the TikTok order that is not shipped already.",
            "“Open in BigCommerce” and check the quantities of the shipments.", "order.store", "truck"),
    Message("E-FUL-NUMBER", "The tracking number does not fit", "{n} shipment(s) has|have a number that does not fit",
            "The tracking number does not fit the carrier.",
            "“Open in BigCommerce” and correct the tracking number or the carrier.", "order.store", "truck"),
    Message("E-FUL-REUSED", "The tracking number was used before",
            "{n} shipment(s) has|have a number that was used before",
            "The tracking number was already used for another order.",
            "“Open in BigCommerce” and enter the parcel's own tracking number.", "order.store", "truck"),
    Message("E-FUL-GONE", "TikTok does not know the package", "{n} package(s) is|are not known to TikTok Shop",
            "TikTok Shop has no such package.",
            "Press “Sync” on the order.", "order.sync", "truck"),
    Message("E-FUL-STATE", "The order's state does not allow this", "{n} order(s) cannot be shipped in their state",
            "The order's state does not allow this.",
            "Press “Sync” on the order.", "order.sync", "truck"),
    Message("E-FUL-SHIPPED", "It was shipped with other details", "{n} order(s) was|were shipped with other details",
            "The order was already shipped with other details.",
            "Compare the tracking number with Seller Center and correct it there.", "seller_center", "truck"),
    Message("E-FUL-DELIVERED", "The package is already delivered", "{n} package(s) is|are already delivered",
            "The package is already delivered.",
            "Nothing to do.", "", "truck"),
    Message("E-FUL-CANCELLED", "The order is cancelled on TikTok", "{n} shipped order(s) is|are cancelled on TikTok",
            "The order is cancelled on TikTok Shop.",
            "Stop the parcel if you can; cancel the order in the store (“Open in BigCommerce”).", "order.store", "x"),
    Message("E-FUL-HOLD", "The order is on hold", "{n} order(s) is|are on hold",
            "The order is on hold: the buyer may still cancel it.",
            "Nothing to do: it is sent when the hold ends, about an hour after payment.", "", "pause"),
    Message("E-FUL-REQUEST", "The buyer asked to cancel or return",
            "{n} order(s) waits|wait for an answer to the buyer",
            "The buyer asked to cancel or return; that comes first.",
            "Answer the request in Seller Center; then the shipment is sent again.", "seller_center", "alert"),
    Message("E-FUL-TIKTOK", "TikTok ships this order itself", "{n} order(s) is|are shipped by TikTok",
            "TikTok ships this order itself.",
            "Nothing to do.", "", "truck"),
    Message("E-FUL-OPTION", "The delivery option is not subscribed", "{n} order(s) has|have a delivery not subscribed",
            "The shop has not subscribed to this delivery option.",
            _IN_SELLER_CENTER, "problem.retry", "truck"),
    Message("E-FUL-REGION", "TikTok does not offer this here", "{n} order(s) cannot be shipped like this here",
            "TikTok Shop does not offer this in the shop's region.",
            _REPORT, "problem.details", "truck"),
    Message("E-FUL-LATE", "The tracking number is final", "{n} shipment(s) has|have a number that is final",
            "The tracking number cannot be changed any more.",
            "A number can be corrected once, within 72 hours; ask TikTok Shop's support.", "seller_center", "truck"),
    Message("E-FUL-SPLIT", "The order has to be split differently", "{n} order(s) has|have to be split differently",
            "The order has to be split or combined differently before it is shipped.",
            _IN_SELLER_CENTER, "problem.retry", "truck"),
    Message("E-FUL-LINES", "Several packages could be meant", "{n} shipment(s) could be several packages",
            "Several packages could be meant.",
            _REPORT, "problem.details", "truck"),
    Message("E-FUL-ADDRESS", "No carrier takes this address", "{n} order(s) has|have an address that no carrier takes",
            "No shipping service accepts this address or package.",
            "Correct weight and address in Seller Center, or cancel the order there.", "seller_center", "truck"),
    Message("E-FUL-SLOT", "The pickup time is not available", "{n} pickup(s) has|have no time",
            "The pickup time is not available.",
            "Choose another one in Seller Center.", "seller_center", "clock"),
    Message("E-FUL-INVOICE", "The invoice is missing", "{n} order(s) misses|miss an invoice",
            "The invoice has to be uploaded and accepted first.",
            "Upload the invoice in Seller Center" + _AFTER, "problem.retry", "note"),
    Message("E-FUL-LABELWAIT", "The label is being made", "{n} label(s) is|are being made",
            "The shipping label is still being made.",
            _WAIT, "", "clock"),
    Message("E-FUL-LABEL", "There is no shipping label", "{n} package(s) has|have no shipping label",
            "There is no shipping label for this package now.",
            "Arrange the shipment in Seller Center first; labels of your own carrier come from the carrier.",
            "seller_center", "note"),

    # requests to cancel or return
    Message("E-CAN-STATE", "TikTok does not allow the cancellation", "{n} order(s) cannot be cancelled on TikTok",
            "TikTok does not allow cancelling an order that is {status}.",
            "Settle it with the buyer in Seller Center; the status in BigCommerce stays as you set it.",
            "seller_center", "x"),
    Message("E-CAN-REASON", "A reason is missing", "{n} cancellation(s) has|have no reason",
            "Choose a cancellation reason.",
            "Press “Cancel order” and choose one of the reasons offered.", "order.cancel", "x"),
    Message("E-CAN-REASONS", "TikTok does not accept the reason",
            "{n} cancellation(s) has|have a reason TikTok refuses",
            "TikTok Shop does not accept this reason here.",
            "Press “Cancel order” and choose one of the reasons offered.", "order.cancel", "x"),
    Message("E-CAN-REFUSED", "The request's state does not allow this",
            "{n} request(s) cannot be answered in their state",
            "The request's or order's state on TikTok Shop does not allow this.",
            "Press “Sync” on the order.", "order.sync", "x"),
    Message("E-CAN-DONE", "It is already cancelled or returned", "{n} order(s) is|are already cancelled or returned",
            "A cancellation or return is already done or under way.",
            "Press “Sync” on the order.", "order.sync", "x"),
    Message("E-CAN-SHIPPED", "The order is already shipped", "{n} order(s) is|are shipped and cannot be cancelled",
            "The order is already shipped and the carrier cannot be stopped.",
            "Ask the buyer to refuse the parcel or to return it.", "", "truck"),
    Message("E-CAN-RISK", "TikTok's risk control stopped it", "{n} request(s) was|were stopped by risk control",
            "TikTok Shop's risk control stopped the request.",
            "Ask TikTok Shop's support.", "seller_center", "stop"),
    Message("E-CAN-PART", "TikTok cancelled a part of the order",
            "{n} order(s) was|were cancelled in part on TikTok",
            "TikTok cancelled {units}, and the order in BigCommerce still asks for it.",
            "Do not ship it. “Open in BigCommerce” and take it out of the order, or refund it there.",
            "order.store", "x"),
    Message("E-CAN-LINES", "Only the whole order can be cancelled", "{n} order(s) can only be cancelled as a whole",
            "These lines cannot be cancelled or returned on their own.",
            "Cancel the whole order in Seller Center.", "seller_center", "x"),
    Message("E-RET-AMOUNT", "The refund is too high", "{n} refund(s) is|are too high",
            "The amount is higher than what can be refunded.",
            "Enter a lower amount in Seller Center.", "seller_center", "alert"),
    Message("E-RET-TALKS", "Buyer and seller are negotiating", "{n} return(s) is|are being negotiated",
            "Buyer and seller are still negotiating.",
            "Finish the negotiation in Seller Center.", "seller_center", "clock"),
    Message("E-RET-PLATFORM", "TikTok decides the request", "{n} request(s) is|are decided by TikTok",
            "TikTok Shop decides this request itself.",
            "Nothing to do: wait for its decision.", "", "clock"),
    Message("E-RET-RULE", "TikTok handles the return", "{n} return(s) is|are handled by TikTok",
            "TikTok Shop handles this kind of return itself.",
            "Nothing to do.", "", "clock"),
)  # fmt: skip

MESSAGES: Final[Mapping[str, Message]] = {row.code: row for row in _ROWS}

SKIPPED: Final = "I-"
"""How codes begin that say why nothing is done for something."""
NOTICE: Final = "N-"
"""How codes begin of what is told beside a listing, not as a problem."""


def message(code: str) -> Message:
    """The row of a code. One of an older version that is not in the table any more is shown as it is."""
    return MESSAGES.get(code) or Message(
        code if code[:1] in _SEVERITIES else f"E-{code}",
        "Something needs you",
        "{n} item(s) needs|need you",
        code,
        "Press “Try again”.",
        "problem.retry",
        "alert",
    )


def title(code: str) -> str:
    """The heading of one problem: what is wrong, without facts."""
    return message(code).title


def text(said: Said) -> str:
    """The text of a message with its facts, and where a platform refused something what that names."""
    return say(said.code, said.facts)


def remedy(said: Said) -> str:
    """What a person does about it."""
    return message(said.code).remedy


def say(code: str, facts: Mapping[str, str]) -> str:
    """The text of `code` with `facts`. The items that a platform refused follow in parentheses."""
    sentence = message(code).text.format_map(_Facts(facts))
    return f"{sentence} ({facts['items']})" if facts.get("items") else sentence


def joined(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """The facts of two findings of one code as those of one: what differs is told one after the other."""
    both = dict(one)
    for name, value in other.items():
        known = both.get(name)
        if known is None or f", {value}, " not in f", {known}, ":
            both[name] = value if known is None else f"{known}, {value}"
    return both


class _Facts(dict[str, str]):
    """A fact that an older version did not keep leaves a gap instead of breaking the page."""

    def __missing__(self, name: str) -> str:
        return "…"
