"""A browser in which the account's owner is signed in, beside both platforms."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client

from twinshelf.accounts.models import User
from twinshelf.goods.models import StoreProduct


class Browser:
    """Somebody at the console; the account's owner unless another user is named."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        self.client.force_login(user or User.objects.get(email="maya@fernhollow.test"))

    def get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        answer = self.client.get(path, query)
        assert answer.status_code == 200, path
        return answer

    def post(self, path: str, data: dict[str, Any] | None = None) -> list[str]:
        """Send a form and follow it. What the page then says."""
        answer = self.client.post(path, data or {}, follow=True)
        return [re.sub(r"<[^>]+>", "", str(message)) for message in answer.context["messages"]]

    def press(self, path: str, label: str) -> list[str]:
        """Press the button that a page shows under this name, with what its form sends. What the next page says."""
        page = self.get(path).content.decode()
        forms = re.findall(r'<form method="post" action="([^"]*)">(.*?)</form>', page, re.DOTALL)
        [(address, form)] = [each for each in forms if label in {words_of(each[1]), *_NAMED.findall(each[1])}]
        hidden = re.findall(r'<input\s+type="hidden"\s+name="([^"]*)"\s+value="([^"]*)"', form)
        return self.post(html.unescape(address), {name: html.unescape(value) for name, value in hidden})

    def words(self, path: str) -> str:
        """A page as a person reads it."""
        return words_of(self.get(path).content.decode())

    def product(self, product_id: int) -> str:
        """The page of a product of the store, as a person reads it."""
        return self.words(f"/products/{pk_of(product_id)}/")

    def products_by_state(self) -> dict[str, set[str]]:
        """Product ids as each state of the list shows them; states that hold none are left out."""
        pills = self.get("/products/").context["pills"]
        found = {
            name: {
                line.product.product_id
                for line in self.get(f"/products/?state={name}&per=100").context["page"].rows
            }
            for name, _word, _count in pills
        }  # fmt: skip
        return {name: products for name, products in found.items() if products}


_NAMED = re.compile(r'<button[^>]*\saria-label="([^"]*)"')


def words_of(page: str) -> str:
    """The words of HTML, without markup."""
    without = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without)).split())


def pk_of(product_id: int) -> int:
    """The number that the console's addresses have of a product of the store."""
    return StoreProduct.objects.get(product_id=str(product_id)).pk
