"""The calls that faults strike, and the way of webhooks into the product: for simulations and flow tests alike."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from twinshelf.wsgi import application

CREATE_ORDER = {"platform": "bigcommerce", "method": "POST", "path": "/stores/*/v2/orders"}
CREATE_LISTING = {"platform": "tiktok", "method": "POST", "path": "/product/202309/products"}
EDIT_LISTING = {"platform": "tiktok", "method": "PUT", "path": "/product/*/products/*"}
SHIP = {"platform": "tiktok", "method": "POST", "path": "/fulfillment/*/orders/*/packages"}
SET_PRICES = {"platform": "tiktok", "method": "POST", "path": "/product/*/prices/update"}
SET_STOCK = {"platform": "tiktok", "method": "POST", "path": "/product/*/inventory/update"}
CANCEL = {"platform": "tiktok", "method": "POST", "path": "/return_refund/*/cancellations"}
SET_ORDER = {"platform": "bigcommerce", "method": "PUT", "path": "/stores/*/v2/orders/*"}


def post(url: str, headers: Mapping[str, str], body: bytes, _timeout: float = 10.0) -> int:
    """Post to the product's WSGI application, as a web server would. Returns the status of its answer."""
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": httpx2.URL(url).path,
        "SERVER_NAME": httpx2.URL(url).host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": httpx2.URL(url).host,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "https",
        **{name: value for name, value in sent.items() if name not in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}},
    }
    answers: list[str] = []

    def start(status: str, _headers: Any, _error: Any = None, /) -> Callable[[bytes], object]:
        answers.append(status)
        return io.BytesIO().write

    answer = application(environ, start)
    try:
        b"".join(answer)
    finally:
        answer.close()
    return int(answers[0][:3])
