"""Reading the next pages of a scan while one is stored."""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import connections

from twinshelf.documents import ProductPage
from twinshelf.kit import clock

ReadPage = Callable[[str, Callable[[str], object]], ProductPage]
"""(id after which the page begins, who is told where to go on) → the page."""


class ReadAhead:
    """Reads the next pages on threads while one is stored: a scan waits for the platform or for the disk, never both.

    A page is asked for as soon as the one before it tells where to go on, before that is made into documents.
    """

    PAGES, FRESH_SECONDS = 2, 3.0

    def __init__(self, read_page: ReadPage, last_id: str) -> None:
        self._read_page = read_page
        self._lock = threading.Lock()
        self._pages: deque[_Coming] = deque()
        self._due: str | None = last_id
        self._begin()

    def take(self) -> tuple[datetime, ProductPage]:
        """The next page, and the time before it was read. Raises what reading it raised."""
        page = self._pages[0].page.result()
        self._pages.popleft()
        self._begin()
        return page

    def next_after(self) -> str | None:
        """The id after which the next page begins; None if none is on its way or it is not fresh any more."""
        if not self._pages or clock.monotonic() - self._pages[0].begun > self.FRESH_SECONDS:
            return None
        return self._pages[0].after

    def _begin(self, last_id: str | None = None) -> None:
        with self._lock:
            self._due = last_id or self._due
            if self._due is not None and len(self._pages) < self.PAGES:
                coming = _Coming(self._due, clock.monotonic())
                self._pages.append(coming)
                self._due = None
                # Scopes live in context variables, which threads do not inherit.
                work = partial(contextvars.copy_context().run, self._read, coming)
                threading.Thread(target=work, daemon=True, name="read ahead").start()

    def _read(self, coming: _Coming) -> None:
        try:
            coming.page.set_result((clock.now(), self._read_page(coming.after, self._begin)))
        except BaseException as error:  # noqa: BLE001 - raised to whoever takes the page
            coming.page.set_exception(error)
        finally:
            connections.close_all()  # this thread's own


@dataclass
class _Coming:
    """A page on its way: the one after an id, since when."""

    after: str
    begun: float
    page: Future[tuple[datetime, ProductPage]] = field(default_factory=Future)
