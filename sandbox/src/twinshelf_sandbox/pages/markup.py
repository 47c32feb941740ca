"""HTML as nested calls: whatever is not markup already is escaped, so that no value can break out of its place."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})


class Html(str):
    """Markup. Only functions of this module make it, from names they know and values they escaped."""

    __slots__ = ()


def markup(child: Any) -> Html:
    """`child` as markup: text is escaped, a list is joined, None is nothing."""
    if isinstance(child, Html):
        return child
    if child is None:
        return Html()
    if isinstance(child, Iterable) and not isinstance(child, str | bytes | Mapping):
        return Html("".join(markup(one) for one in child))
    return Html(html.escape(str(child)))


def tag(name: str, /, *children: Any, **attributes: Any) -> Html:
    """An element. `class_` is class, `aria_label` aria-label; True is a bare attribute, None and False are none."""
    written = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        shown = key.rstrip("_").replace("_", "-")
        written.append(shown if value is True else f'{shown}="{html.escape(str(value))}"')
    opening = f"<{' '.join(written)}>"
    return Html(opening if name in _VOID else f"{opening}{markup(children)}</{name}>")


def path(*parts: object, **query: object) -> str:
    """An address on this site; empty query values are left out."""
    asked = {name.rstrip("_"): str(value) for name, value in query.items() if value not in ("", None)}
    return "/" + "/".join(quote(str(part), safe="") for part in parts) + (f"?{urlencode(asked)}" if asked else "")


def link(to: str, /, *children: Any, **attributes: Any) -> Html:
    """A link inside this site; `to` is made by `path`."""
    return tag("a", *children, href=to, **attributes)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str = "Nothing here.") -> Html:
    """A table that becomes a list of cards on a narrow screen; without rows, the sentence `empty`.

    A head that begins with `#` is a column of numbers; one in brackets is read out but not shown.
    """
    kinds = ["n" if head.startswith("#") else None for head in heads]
    names = [head.lstrip("#") for head in heads]
    body = [
        tag(
            "tr",
            [
                tag("td", cell, class_=kind, data_label=None if name.startswith("(") else name)
                for cell, kind, name in zip(row, kinds, names, strict=True)
            ],
        )
        for row in rows
    ]
    if not body:
        return tag("p", empty, class_="empty")
    head = [
        tag("th", tag("span", name[1:-1], class_="unseen") if name.startswith("(") else name, scope="col", class_=kind)
        for name, kind in zip(names, kinds, strict=True)
    ]
    return tag("table", tag("caption", caption, class_="unseen"), tag("thead", tag("tr", head)), tag("tbody", body))


def facts(pairs: Iterable[tuple[str, Any]]) -> Html:
    """Names with values."""
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs], class_="facts")


def card(title: str, *children: Any, wide: bool = False) -> Html:
    """A section with a heading."""
    return tag("section", tag("h2", title), *children, class_="card wide" if wide else "card")


def badge(word: str, kind: str = "") -> Html:
    """A state in a word; `kind` is good, bad, wait or nothing."""
    return tag("span", word, class_=f"badge {kind}".rstrip())


def form(to: str, /, *children: Any, **attributes: Any) -> Html:
    """A form that is posted."""
    return tag("form", *children, method="post", action=to, **attributes)


def hidden(**values: Any) -> list[Html]:
    """Hidden fields; None leaves one out."""
    return [tag("input", type="hidden", name=name, value=value) for name, value in values.items() if value is not None]


def field(
    name: str,
    label: str,
    *,
    value: Any = "",
    kind: str = "text",
    quiet: bool = False,
    size: int | None = None,
    **more: Any,
) -> Html:
    """An input with its label; a `quiet` one is labelled for those who do not see the table around it."""
    entry = {"name": name, "value": value, "type": kind, "size": size, "autocomplete": "off", **more}
    if quiet:
        return tag("input", aria_label=label, **entry)
    return tag("label", tag("span", label), tag("input", **entry))


def check(name: str, label: str, *, checked: bool = False) -> Html:
    """A box to tick. The field says false when it is not ticked: name it `…:bool`."""
    return tag(
        "label",
        tag("input", type="hidden", name=name, value="false"),
        tag("input", type="checkbox", name=name, value="true", checked=checked),
        tag("span", label),
        class_="check",
    )


def choice(name: str, label: str, options: Iterable[tuple[Any, str]], *, chosen: Any = "") -> Html:
    """A list to choose from: (value, text) each."""
    shown = [tag("option", text, value=value, selected=str(value) == str(chosen)) for value, text in options]
    return tag("label", tag("span", label), tag("select", shown, name=name))


def button(label: str, kind: str = "", *, about: str = "") -> Html:
    """What sends a form; `about` tells those who do not see the row what it is for."""
    return tag("button", label, tag("span", f" {about}", class_="unseen") if about else None, class_=kind or None)


def act(
    action: str, label: str, *fields: Any, kind: str = "", about: str = "", then: str | None = None, **arguments: Any
) -> Html:
    """A button that does one action of the world, with fixed `arguments` and what the person enters in `fields`.

    An argument is named as in `forms.arguments`, with two underscores for the colon: `product_id__int=7`. `then` is
    the address to go to afterwards, where `{result}` stands for what the action returned; None comes back.
    """
    fixed = {name.replace("__", ":"): value for name, value in arguments.items()}
    return form(
        path("world", "act", action),
        hidden(**fixed, _label=label, _then=then),
        *fields,
        button(label, kind, about=about),
    )


def pager(at: int, size: int, total: int, **query: Any) -> Html:
    """Where in a list we are, with the ways to the pages beside; `query` is what else the address says."""
    if total <= size:
        return tag("p", f"{total:,} in all", class_="pager")
    last = (total - 1) // size + 1
    ways = [
        tag("a", text, href=f"?{urlencode({**{k: v for k, v in query.items() if v}, 'page': page})}", rel=rel)
        for text, page, rel in (
            ("First", 1, None),
            ("Previous", at - 1, "prev"),
            ("Next", at + 1, "next"),
            ("Last", last, None),
        )
        if 1 <= page <= last and page != at
    ]
    shown = f"{(at - 1) * size + 1:,} to {min(at * size, total):,} of {total:,}"
    return tag("nav", tag("span", shown), *ways, class_="pager", aria_label="Pages")


def more(title: str, *children: Any) -> Html:
    """What is folded away until someone wants it."""
    return tag("details", tag("summary", title), *children)
