"""Review changes: what a bulk write would send, shown before it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.console import words
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.views.answers import csv_answer, page_size, started, whole
from twinshelf.documents import Finding
from twinshelf.listings import queries as catalog
from twinshelf.listings.reviews import actions, queries
from twinshelf.listings.reviews.plan import Verdict
from twinshelf.sync import queries as sync

if TYPE_CHECKING:
    from twinshelf.listings.models import Review, ReviewLine


@require_safe
@needs(Permission.VIEW)
def review(request: ConsoleRequest, review_id: int) -> HttpResponse:
    """What a bulk write would send, as far as it is worked out."""
    found = queries.review_or_404(review_id)
    if found.ready_at is None:
        return render(
            request,
            "console/review.html",
            {"review": found, "progress": sync.progress(found.task) if found.task else None},
        )
    verdict = request.GET.get("show", "")
    verdict = verdict if verdict in words.REVIEWED else ""
    text = request.GET.get("q", "").strip()
    page = queries.lines(
        found, verdict=verdict, text=text, number=whole(request.GET, "page", 1), size=page_size(request.GET)
    )
    summary = queries.summary(found)
    return render(
        request,
        "console/review.html",
        {
            "review": found,
            "shop": found.connection.name,
            "summary": summary,
            "pills": [
                (name, word, summary.products.get(name, 0)) for name, (_tint, _icon, word) in words.REVIEWED.items()
            ],
            "show": verdict,
            "text": text,
            "page": page.of(lambda rows: _shown(found, rows)),
            "kinds": [(words.LANES[kind], number) for kind, number in summary.changes.items()],
        },
    )


def _shown(found: Review, rows: Sequence[ReviewLine]) -> list[tuple[Any, ...]]:
    """(line, its look, its fields, its findings in words, the key of its page)."""
    pks = catalog.pks_of(found.connection.store_id, {row.key for row in rows})
    return [
        (
            row,
            words.REVIEWED[Verdict(row.verdict)],
            _fields(row),
            [texts.text(each) for each in _findings(row)],
            pks.get(row.key),
        )
        for row in rows
    ]


def _fields(row: ReviewLine) -> list[dict[str, str]]:
    return [
        {"name": str(words.LISTING_FIELDS.get(name, name)), "sku": sku, "before": before, "after": after}
        for name, sku, before, after in row.rows
    ]


def _findings(row: ReviewLine) -> list[Finding]:
    return [msgspec.convert(each, Finding) for each in row.findings]


@require_POST
@needs(Permission.OPERATE)
def send(request: ConsoleRequest, review_id: int) -> HttpResponse:
    """Send what a review shows, and nothing else."""
    found = queries.review_or_404(review_id)
    try:
        task = actions.send(found, by=Actor.of(request.user))
    except actions.NotReady:
        messages.error(request, _("This review is not ready to be sent, or was sent already."))
        return redirect("review", found.id)
    return started(request, [task], "products", follow=True)


@require_POST
@needs(Permission.OPERATE)
def again(request: ConsoleRequest, review_id: int) -> HttpResponse:
    """Work the same products out once more, as both sides are now."""
    found = queries.review_or_404(review_id)
    fresh = actions.begin(found.connection, found.products, by=Actor.of(request.user))
    return redirect("review", fresh.id)


_COLUMNS = ("product", "sku", "title", "what", "field", "sku of the field", "before", "after", "findings")


@require_safe
@needs(Permission.VIEW)
def as_file(request: ConsoleRequest, review_id: int) -> HttpResponse:
    """Every line of a review as a file."""
    found = queries.review_or_404(review_id)
    rows = _rows(list(queries.all_lines(found)))
    return csv_answer(request.account, f"twinshelf-review-{found.id}.csv", _COLUMNS, rows)


def _rows(rows: Sequence[ReviewLine]) -> Iterator[Sequence[str]]:
    for row in rows:
        told = " ".join(texts.text(each) for each in _findings(row))
        fields: Sequence[Mapping[str, str]] = _fields(row) or [{"name": "", "sku": "", "before": "", "after": ""}]
        for field in fields:
            yield (
                row.key, row.sku, row.title, str(words.REVIEWED[Verdict(row.verdict)][2]), field["name"], field["sku"],
                field["before"], field["after"], told,
            )  # fmt: skip
