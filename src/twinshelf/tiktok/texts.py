"""Titles, descriptions and product codes as TikTok Shop takes them. Cleaning twice changes nothing more.

Keeps out: which text a listing uses, and what happens when nothing is left of it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

import nh3

from twinshelf.errors import DocumentError

DESCRIPTION_MAX: Final = 10_000
LONGEST_RUN: Final = 9

# Pictures among the letters, with what joins and colors them. Wider than the emoji of today, so that tomorrow's fit in.
_EMOJI: Final = re.compile(
    "[\U0001f000-\U0001faff\U0001fc00-\U0001fffd\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u231a\u231b\u23e9-\u23fa"
    "\u20e3\ufe0e\ufe0f\u3030\u303d\u3297\u3299\U000e0000-\U000e007f]"
)
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff]")
_RUN: Final = re.compile(r"(&[a-z]+;|\S)\1{9,}", re.IGNORECASE)
_TAG: Final = re.compile(
    r"<(script|style)\b.*?</\1\s*>|<!--.*?-->|</?(?:a|b|big|br|center|div|em|font|h[1-6]|i|img|li|ol|p|script|small|span"
    r"|strong|style|sub|sup|table|tbody|td|th|tr|u|ul)\b[^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
_ANY_TAG: Final = re.compile(r"<[a-zA-Z/!]")

# "All tags are accepted", says Create Product, while codes 12052344 to 12052352 refuse several: these are the ones that
# nobody refuses. No attribute is kept, so no link, style or address of a foreign host is.
_KEPT_TAGS: Final = frozenset(
    {"b", "br", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "i", "li", "ol", "p", "strong", "table", "tbody", "td"}
    | {"th", "thead", "tr", "u", "ul"}
)
_DROPPED_WITH_CONTENT: Final = frozenset(
    {
        "audio",
        "form",
        "iframe",
        "math",
        "noscript",
        "object",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
    }
    | {"title", "video"}
)
_OTHER_BLOCK: Final = re.compile(
    r"<(/?)(?:address|article|aside|blockquote|caption|center|dd|details|dl|dt|fieldset|figcaption|figure|footer|header"
    r"|hgroup|legend|main|nav|option|pre|section|summary)\b[^<>]*>",
    re.IGNORECASE,
)
_CELL: Final = re.compile(r"<t[dh]\b", re.IGNORECASE)
_RULE: Final = re.compile(r"<hr\b[^<>]*>", re.IGNORECASE)
_EMPTY_ELEMENT: Final = re.compile(r"<(b|div|em|h[1-6]|i|li|ol|p|strong|table|tbody|thead|tr|u|ul)>(?:\s|<br>)*</\1>")
_EDGE_BREAKS: Final = re.compile(r"^(?:\s|<br>)+|(?:\s|<br>)+$")

# Prefixes of 13 digits that no seller may use for goods of an open market: restricted, coupons, periodicals, refunds.
# Source: GS1 prefix list. A 12-digit code has a 0 before it: what begins with 05 is not a coupon, 5 is.
_NOT_FOR_GOODS: Final = re.compile(r"02|04|05|2|977|98|99")
_DUMMIES: Final = frozenset({"1234567890128", "0123456789012"})


def plain(text: str) -> str:
    """`text` without markup, entities, emoji, control and invisible characters, with single spaces."""
    while (once := html.unescape(_TAG.sub(" ", text))) != text:
        text = once
    return " ".join(_visible(text).split())


def same_as(text: str) -> str:
    """What two options or values have in common that TikTok Shop takes for one: compare these, never the texts.

    Capitals, width, ligatures, ways to write an accent, and blanks around or between words do not count;
    "Straße" is "STRASSE".
    """
    folded = text
    while (once := " ".join(unicodedata.normalize("NFKC", plain(folded)).casefold().split())) != folded:
        folded = once
    return folded


def clean_description(markup: str) -> str:
    """`markup` as the description TikTok Shop takes: simple HTML of at most 10,000 characters, "" if nothing is left.

    Images go (TikTok shows only uploaded ones, and those are in the gallery), with scripts, styles, links, attributes,
    comments, emoji and runs of more than nine equal characters. What is too long ends at a word.
    Source: Create Product, `description`; codes 12052340 to 12052352 and 12052932.
    """
    clean = _uncut(markup)
    limit = DESCRIPTION_MAX
    while len(clean) > DESCRIPTION_MAX:
        end = max(clean.rfind(" ", 0, limit), clean.rfind(">", 0, limit) + 1)
        # Closing the tags that were cut open makes it longer again: each try starts from a shorter piece.
        clean = _tidy(_sanitized(clean[: end if end > 0 else limit]))
        limit -= 100
    return clean if has_words(clean) else ""


def is_cut(markup: str) -> bool:
    """Whether `clean_description` leaves out the end of `markup` because it is too long."""
    return len(_uncut(markup)) > DESCRIPTION_MAX


def has_words(text: str) -> bool:
    """Whether there is a letter or digit in `text` outside of tags and entities."""
    return any(char.isalnum() for char in re.sub(r"<[^<>]*>|&[a-z]+;", "", text, flags=re.IGNORECASE))


def has_chinese(text: str) -> bool:
    """Whether `text` has Chinese characters. Japanese is written with the same ones: ask only for other markets."""
    return _HAN.search(text) is not None


def has_run(text: str) -> bool:
    """Whether one character stands more than nine times in a row."""
    return _RUN.search(text) is not None


def identifier_code(text: str) -> tuple[str, str] | None:
    """The product code in `text` and TikTok's name for its kind: `("4006381333931", "EAN")`. None if there is none.

    Takes what people and spreadsheets make of codes: hyphens, spaces, an apostrophe, full-width digits. A ten-digit
    ISBN becomes the 13-digit one. Raises DocumentError telling why a code must not be sent: it can never be changed.
    """
    code = unicodedata.normalize("NFKC", text).strip().lstrip("'’").upper()
    code = re.sub(r"[\s\-\u2010-\u2015]", "", code)
    if not code:
        return None
    if re.fullmatch(r"[0-9]{9}[0-9X]", code):
        return _isbn_13(code), "ISBN"
    kind = {8: "EAN", 12: "UPC", 13: "EAN", 14: "GTIN"}.get(len(code)) if code.isascii() and code.isdigit() else None
    if kind is None:
        raise DocumentError("gtin", f"{text.strip()!r} is not a code of 8, 12, 13 or 14 digits")
    if _check_digit(code[:-1]) != int(code[-1]):
        raise DocumentError("gtin", f"the check digit of {code} is wrong")
    full = code[-13:].zfill(13)
    if len(set(code)) == 1 or full in _DUMMIES:
        raise DocumentError("gtin", f"{code} is a placeholder")
    if _NOT_FOR_GOODS.match(code if len(code) == 8 else full):
        raise DocumentError("gtin", f"{code} is a code for coupons, periodicals or inside a shop")
    if kind == "EAN" and full.startswith(("978", "979")) and not full.startswith("9790"):
        kind = "ISBN"  # 979-0 is printed music
    return code, kind


def _isbn_13(code: str) -> str:
    digits = [10 if char == "X" else int(char) for char in code]
    if sum(weight * digit for weight, digit in zip(range(10, 0, -1), digits, strict=True)) % 11:
        raise DocumentError("gtin", f"the check digit of {code} is wrong")
    stem = "978" + code[:9]
    return f"{stem}{_check_digit(stem)}"


def _check_digit(digits: str) -> int:
    """The last digit of a GTIN of any length: weights 3 and 1 alternate from the right (GS1)."""
    return -sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits))) % 10


def _visible(text: str) -> str:
    """Without emoji; controls become spaces, and what only directs the writing or joins letters goes."""
    kept = []
    for char in _EMOJI.sub(" ", unicodedata.normalize("NFC", text)):
        category = unicodedata.category(char)
        if category == "Cc":
            kept.append(" ")
        elif category not in {"Cf", "Cs", "Co"}:
            kept.append(char)
    return "".join(kept)


def _uncut(markup: str) -> str:
    if not _ANY_TAG.search(markup):
        blocks = re.split(r"\n\s*\n", markup.replace("\r\n", "\n").strip())
        markup = "".join("<p>" + block.strip().replace("\n", "<br>") + "</p>" for block in blocks)
    return _tidy(_sanitized(markup))


def _sanitized(markup: str) -> str:
    # What is dropped keeps a break or a blank in its place: no two words become one.
    markup = _OTHER_BLOCK.sub(lambda tag: f"<{tag[1]}div>", markup)
    markup = _CELL.sub(lambda tag: f" {tag[0]}", _RULE.sub("<br>", markup))
    return nh3.clean(
        markup, tags=set(_KEPT_TAGS), clean_content_tags=set(_DROPPED_WITH_CONTENT), attributes={}, link_rel=None
    )


def _tidy(clean: str) -> str:
    clean = " ".join(_visible(clean.replace("&nbsp;", " ")).split())
    clean = _RUN.sub(lambda run: run[1] * LONGEST_RUN, clean)
    while (once := _EDGE_BREAKS.sub("", _EMPTY_ELEMENT.sub("", clean))) != clean:
        clean = once
    return f"<p>{clean}</p>" if clean and not _ANY_TAG.search(clean) else clean
