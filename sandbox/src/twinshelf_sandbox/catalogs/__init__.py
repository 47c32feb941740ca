"""What the sandbox store is filled with: the demo shop, a file, or any number of products for benchmarks."""

from twinshelf_sandbox.catalogs.demo import DEMO_FAULTS, demo_categories, demo_shop, scaled
from twinshelf_sandbox.catalogs.documents import CatalogError, Refusal, Report, SourceProduct
from twinshelf_sandbox.catalogs.formats import Catalog, read_catalog
from twinshelf_sandbox.catalogs.pictures import picture

__all__ = [
    "DEMO_FAULTS",
    "Catalog",
    "CatalogError",
    "Refusal",
    "Report",
    "SourceProduct",
    "demo_categories",
    "demo_shop",
    "picture",
    "read_catalog",
    "scaled",
]
