"""Categories, what each asks of a product, brands, and whom the EU wants named on products."""

from __future__ import annotations

import msgspec

from twinshelf.documents import Attribute, CategoryRules, ShopCategory
from twinshelf.tiktok import categories
from twinshelf.tiktok.categories import Brand, RecommendedCategory, Responsible
from twinshelf.tiktok.client.calls import PAGE, Call, Calls
from twinshelf.tiktok.errors import NoCategory
from twinshelf.tiktok.wire import rows_at


class CategoryCalls(Calls):
    """What products can be listed as."""

    def categories(self, version: str) -> tuple[ShopCategory, ...]:
        """The whole category tree, several thousand rows, named in the shop's language.

        Source: Get Categories, GET /product/202309/categories.
        """
        return self._rows(
            "/product/202309/categories",
            "categories",
            categories.category_from_json,
            query={"category_version": version},
        )

    def attributes(self, category_id: str, version: str) -> tuple[Attribute, ...]:
        """What a leaf category asks and allows to say.

        Source: Get Attributes, GET /product/202309/categories/{category_id}/attributes.
        """
        return self._rows(
            "/product/202309/categories/{}/attributes",
            "attributes",
            categories.attribute_from_json,
            ids=(category_id,),
            query={"category_version": version},
        )

    def rules(self, category_id: str, version: str) -> CategoryRules:
        """The rules of a leaf category. Source: GET /product/202309/categories/{category_id}/rules."""
        return self._get(
            "/product/202309/categories/{}/rules",
            categories.rules_from_json,
            ids=(category_id,),
            query={"category_version": version},
        )

    def recommend_category(self, title: str, *, version: str, description: str = "") -> RecommendedCategory | None:
        """The leaf category that TikTok would choose; None if nothing fits.

        Source: Recommend Category, POST /product/202309/categories/recommend.
        """
        body = categories.recommendation_to_json(title, description, version)
        try:
            return self._post("/product/202309/categories/recommend", categories.recommendation_from_json, body)
        except NoCategory:
            return None

    def find_brands(self, prefix: str, *, category_id: str = "", version: str = "") -> tuple[Brand, ...]:
        """Up to 100 brands whose name begins with `prefix`; with `category_id`, `authorized` is for that category.

        Source: Get Brands, GET /product/202309/brands.
        """
        return self._rows(
            "/product/202309/brands",
            "brands",
            categories.brand_from_json,
            query={
                "brand_name": prefix,
                "category_id": category_id,
                "category_version": version,
                "page_size": str(PAGE),
            },
        )

    def find_manufacturers(self, text: str) -> tuple[Responsible, ...]:
        """Up to 100 manufacturers of the seller with `text` in what is said of them; "" for any.

        Source: Search Manufacturers, POST /product/202501/compliance/manufacturers/search.
        """
        path = "/product/202501/compliance/manufacturers/search"
        return self._find_responsible(path, "manufacturers", text)

    def find_responsible_persons(self, text: str) -> tuple[Responsible, ...]:
        """Up to 100 responsible persons of the seller with `text` in what is said of them; "" for any.

        Source: Search Responsible Persons, POST /product/202501/compliance/responsible_persons/search.
        """
        path = "/product/202501/compliance/responsible_persons/search"
        return self._find_responsible(path, "responsible_persons", text)

    def _find_responsible(self, path: str, key: str, text: str) -> tuple[Responsible, ...]:
        body = msgspec.json.encode({"keyword": text} if text else {})
        call = Call("POST", path, query={"page_size": str(PAGE)}, body=body, in_shop=False)
        return self._call(call, lambda data: rows_at(data, key, categories.responsible_from_json))
