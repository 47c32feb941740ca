"""The guide and the answers to frequent questions, in the reader's own installation."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from twinshelf.console import guide as texts
from twinshelf.console.access import ConsoleRequest, Permission, needs


@require_safe
@needs(Permission.VIEW)
def faq(request: ConsoleRequest) -> HttpResponse:
    """The answers, those with all words of the search if there is one, and where the guide has them."""
    text = request.GET.get("q", "").strip()
    return render(
        request,
        "console/faq.html",
        {
            "find": text,
            "answers": texts.find_answers(text),
            "sections": texts.find_sections(text) if text else [],
            "number": len(texts.answers()),
        },
    )


@require_safe
@needs(Permission.VIEW)
def contents(_request: ConsoleRequest) -> HttpResponse:
    """The guide from its beginning."""
    return redirect("guide", texts.PAGES[0])


@require_safe
@needs(Permission.VIEW)
def guide(request: ConsoleRequest, name: str) -> HttpResponse:
    """One page of the guide, and beside it the others."""
    try:
        found = texts.page(name)
    except KeyError as error:
        raise Http404 from error
    return render(request, "console/guide.html", {"found": found, "pages": texts.pages()})
