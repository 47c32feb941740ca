"""A product as it should be in a shop, as the shop has it, and what the shop asks of it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from twinshelf.documents.goods import OptionValue
from twinshelf.documents.money import Dimensions, Document, Money, Weight


class ListingStatus(StrEnum):
    """TikTok's words for the state of a product. It may send others: a listing keeps the word as text."""

    DRAFT = "DRAFT"
    PENDING = "PENDING"
    FAILED = "FAILED"
    ACTIVATE = "ACTIVATE"
    SELLER_DEACTIVATED = "SELLER_DEACTIVATED"
    PLATFORM_DEACTIVATED = "PLATFORM_DEACTIVATED"
    FREEZE = "FREEZE"
    DELETED = "DELETED"


class SyncField(StrEnum):
    """The fields of a listing that may follow the store or be left to the shop."""

    NAME = "name"
    DESCRIPTION = "description"
    PRICE = "price"
    MEDIA = "media"
    BARCODE = "barcode"
    STOCK = "stock"
    WEIGHT = "weight"
    """Weight and sides of the package."""


class AuditStatus(StrEnum):
    """TikTok's words for the state of a review, those of them that decide something here."""

    AUDITING = "AUDITING"
    FAILED = "FAILED"


class ListingState(StrEnum):
    """Our states of a listing (docs/reference/behavior.md 7.1)."""

    NOT_UPLOADED = "not_uploaded"
    IN_PROGRESS = "in_progress"
    REVIEWING = "reviewing"
    LIVE = "live"
    FAILED = "failed"
    INACTIVE_SELLER = "inactive_seller"
    INACTIVE_SYSTEM = "inactive_system"
    INACTIVE_PLATFORM = "inactive_platform"


class AttributeValue(Document, frozen=True, kw_only=True):
    """A product attribute of a TikTok category: by ids from its list, or by own words where it takes them."""

    id: str
    value_ids: tuple[str, ...] = ()
    value_names: tuple[str, ...] = ()


class ListingSku(Document, frozen=True, kw_only=True):
    """One SKU as it should be in the shop."""

    variant_id: str
    seller_sku: str
    options: tuple[OptionValue, ...] = ()
    price: Money
    quantity: int = 0
    levels: tuple[tuple[str, int], ...] = ()
    """(warehouse id, units) of `quantity`; (): all of it in the warehouse of the listing."""
    gtin: str = ""
    image_url: str = ""


FileKind = Literal["image", "pdf"]


class ListingFile(Document, frozen=True, kw_only=True):
    """A file that goes with a product, kept here by the digest of its bytes."""

    digest: str
    name: str
    kind: FileKind = "image"

    @property
    def address(self) -> str:
        """What it is called among the pictures of a listing."""
        return f"file:{self.digest}"


class ListingCertificate(Document, frozen=True, kw_only=True):
    """A certificate that the category takes, with its papers. `expires` None: it does not."""

    id: str
    name: str = ""
    files: tuple[ListingFile, ...]
    expires: date | None = None


class Listing(Document, frozen=True, kw_only=True):
    """One product as it should be in one shop."""

    product_id: str
    title: str
    description: str
    category_id: str
    brand_id: str = ""
    attributes: tuple[AttributeValue, ...] = ()
    image_urls: tuple[str, ...]
    weight: Weight
    dimensions: Dimensions
    warehouse_id: str
    minimum_quantity: int = 0
    """The least and the most that one order may have of it; 0 where the store says nothing."""
    maximum_quantity: int = 0
    cash_on_delivery: bool | None = None
    """None: as somebody set it in the shop."""
    sales_attributes: tuple[tuple[str, str], ...] = ()
    """(name, id) of variation attributes of the category; options of these names are sent by their id."""
    certificates: tuple[ListingCertificate, ...] = ()
    manufacturer_id: str = ""
    responsible_person_id: str = ""
    """Whom the EU wants named; "": as somebody set it in the shop."""
    size_chart: ListingFile | None = None
    skus: tuple[ListingSku, ...]


class ShopSku(Document, frozen=True, kw_only=True):
    """One SKU as the shop has it. `stock` is the available quantity per warehouse id; `price` None if not told."""

    id: str
    seller_sku: str
    price: Money | None = None
    stock: tuple[tuple[str, int], ...] = ()


class ShopListing(Document, frozen=True, kw_only=True):
    """One product as the shop has it. `status` and `audit_status` are TikTok's words, unknown ones included."""

    id: str
    title: str
    status: str
    audit_status: str = ""
    audit_reasons: tuple[str, ...] = ()
    has_draft: bool = False
    external_product_id: str = ""
    category_id: str = ""
    description: str = ""
    skus: tuple[ShopSku, ...] = ()
    updated_at: datetime


class ShopVariant(Document, frozen=True, kw_only=True):
    """What a SKU of the shop is beside its price and stock."""

    sku_id: str
    options: tuple[OptionValue, ...] = ()
    gtin: str = ""
    image_url: str = ""


class ShopProduct(Document, frozen=True, kw_only=True):
    """One product as the shop has it, whole: read one by one, for making one of the store of it."""

    listing: ShopListing
    brand: str = ""
    image_urls: tuple[str, ...] = ()
    weight: Weight | None = None
    dimensions: Dimensions | None = None
    variants: tuple[ShopVariant, ...] = ()
    """As many as the listing has SKUs, in their order."""


class Attribute(Document, frozen=True, kw_only=True):
    """What a TikTok category asks. `sales` attributes tell SKUs apart; the others describe the product."""

    id: str
    name: str
    sales: bool
    required: bool
    multiple: bool = False
    customizable: bool = False
    numeric: bool = False
    """Own words must be a number above 0."""
    required_with: tuple[tuple[str, str], ...] = ()
    """(attribute id, value id) of other attributes with whose values this one is required too."""
    values: tuple[tuple[str, str], ...] = ()
    """(value id, name); empty where the attribute takes free text."""


class CertificateRule(Document, frozen=True, kw_only=True):
    """A certificate that a category takes. Required by itself, or with one of these attribute values."""

    id: str
    name: str
    required: bool = False
    required_with: tuple[tuple[str, str], ...] = ()
    """(attribute id, value id)."""
    expires: bool = False
    """It needs the day on which it ends."""


class CategoryRules(Document, frozen=True, kw_only=True):
    """The rules of one TikTok leaf category that decide whether a product can be listed."""

    certifications: tuple[tuple[str, str], ...] = ()
    """(id, name) of the certificates it requires."""
    certificates: tuple[CertificateRule, ...] = ()
    """Every certificate it takes."""
    size_chart_supported: bool = False
    size_chart_required: bool = False
    package_dimension_required: bool = True
    cod_supported: bool = False
    seller_sku_required: bool = False
    manufacturer_required: bool = False
    responsible_person_required: bool = False

    @property
    def papers(self) -> tuple[CertificateRule, ...]:
        """Every certificate that is known of; where they were read before all were kept, those that it requires."""
        return self.certificates or tuple(CertificateRule(id=i, name=n, required=True) for i, n in self.certifications)


class ShopCategory(Document, frozen=True, kw_only=True):
    id: str
    parent_id: str
    name: str
    leaf: bool
    available: bool = True


class WarehouseStatus(StrEnum):
    """Whether TikTok takes stock for a warehouse and sells from it."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    RESTRICTED = "RESTRICTED"
    """Holiday mode, or a limit of orders: it takes stock, and nothing is sold from it for now."""
    UNKNOWN = "UNKNOWN"


class WarehouseKind(StrEnum):
    """Where a warehouse stands, seen from its market."""

    DOMESTIC = "DOMESTIC_WAREHOUSE"
    OVERSEAS = "CB_OVERSEA_WAREHOUSE"
    """A cross-border seller's warehouse in the market."""
    DIRECT = "CB_DIRECT_SHIPPING_WAREHOUSE"
    """A cross-border seller's warehouse abroad, from which parcels go to the buyers: the "Global Warehouse"."""
    UNKNOWN = "UNKNOWN"


class Warehouse(Document, frozen=True, kw_only=True):
    """One warehouse of a shop. `sales`: it is for selling, not for returns; `enabled`: it sells now."""

    id: str
    name: str
    sales: bool
    enabled: bool
    default: bool = False
    status: WarehouseStatus = WarehouseStatus.ENABLED
    kind: WarehouseKind = WarehouseKind.UNKNOWN
    place: str = ""
    """Its city and state, as the shop tells them."""
    region: str = ""
    """The country it stands in, as a code."""


class ListingMethod(StrEnum):
    """How a cross-border seller's shop gets its products."""

    GLOBAL = "GLOBAL_PUBLISHING"
    """Global → Local: they are made in the Global Store and published from there, not by apps."""
    LOCAL = "LOCAL_REPLICATION"
    """Local → Local: they are made in a shop, and may be copied into others."""
    UNKNOWN = ""
    """Not read yet, or a local seller's shop."""


class GlobalProduct(Document, frozen=True, kw_only=True):
    """A product of a Global Store, as its search tells. `status` is TikTok's word, such as PUBLISHED."""

    id: str
    title: str
    status: str
    seller_skus: tuple[str, ...] = ()
    updated_at: datetime


class ShopInfo(Document, frozen=True, kw_only=True):
    """A shop our app is authorized for. `region` is a country code (GB, not UK)."""

    id: str
    name: str
    region: str
    seller_type: str
    cipher: str
    code: str = ""
