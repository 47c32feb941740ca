"""From bytes to rows: encodings, delimiters, JSON that is read piece by piece, and limits that keep memory flat.

A row is a line number and either cells, a JSON object, or a `Torn` row that could not be read. What rows mean is the
business of `formats`.
"""

import codecs
import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from twinshelf_sandbox.catalogs.documents import CatalogError

MAX_LINE = 4_000_000
"""Characters of one line, one record or one JSON element; a product with 600 variants takes about a tenth."""
MAX_COLUMNS = 1_000
MAX_CELL = csv.field_size_limit()
"""Characters of one CSV cell: the csv module's own limit, left alone because it is shared by the whole process."""
_CHUNK = 1 << 18
_LISTS = ("data", "products", "items", "results")
"""Names under which JSON documents keep their list of products."""


@dataclass(frozen=True)
class Torn:
    """A row that cannot be read, with the cell (counted from 0) or the field that is to blame, if it is known."""

    reason: str
    column: int | None = None
    field: str = ""


Json = dict[str, Any]
CsvRow = tuple[int, list[str] | Torn]
JsonRow = tuple[int, Json | Torn]


@dataclass(frozen=True)
class Sniffed:
    """What a file looks like from its first lines; `delimiters` are candidates, the likeliest first."""

    path: Path
    encoding: str
    kind: str
    """csv, jsonl or json."""
    first_line: str = ""
    delimiters: tuple[str, ...] = ()


def sniff(path: Path) -> Sniffed:
    """Find encoding and kind of a file by its content; its name plays no part.

    Reads the file through once, in pieces, to learn whether all of it is UTF-8; what is not and has no byte order mark
    is taken as cp1252. Raises CatalogError for what is no text.
    """
    try:
        encoding = _encoding(path)
    except OSError as error:
        raise CatalogError(path.name, None, f"cannot be read: {error.strerror}") from error
    with _open(path, encoding) as text:
        head = text.read(1 << 16)
    start = head.lstrip()
    if not start:
        raise CatalogError(path.name, None, "is empty")
    if start[0] == "[":
        return Sniffed(path, encoding, "json")
    if start[0] == "{":
        return Sniffed(path, encoding, _json_kind(start))
    first = next(line for line in _lines(path, encoding) if line.strip())
    counts = {mark: first.count(mark) for mark in ",;\t|"}
    delimiters = sorted(counts, key=lambda mark: -counts[mark])
    return Sniffed(path, encoding, "csv", first, tuple(delimiters))


def csv_rows(sniffed: Sniffed, delimiter: str) -> Iterator[CsvRow]:
    """Yield every non-blank row, the header first, with the number of the line it starts on.

    Each row has as many cells as the header; one that has not is Torn. Raises CatalogError where a line, a cell or the
    number of columns passes its limit, so that a broken file cannot fill the memory.
    """
    if sniffed.first_line.count(delimiter) >= MAX_COLUMNS:
        raise CatalogError(sniffed.path.name, 1, f"has more than {MAX_COLUMNS:,} columns")
    feed = _Feed(sniffed)
    reader = csv.reader(feed, delimiter=delimiter)
    width = 0
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise CatalogError(sniffed.path.name, feed.start, _csv_reason(error)) from error
        if any(map(str.strip, cells)):
            width = width or len(cells)
            yield (
                feed.start,
                (feed.torn(cells[:width]) or (cells if len(cells) == width else feed.fitted(cells, width))),
            )


def json_rows(sniffed: Sniffed) -> Iterator[JsonRow]:
    """Yield every product of a JSON Lines file or a JSON document, with the number of the line it starts on.

    A JSON Lines row that cannot be read is a Torn row, and the next line goes on; a document that breaks off raises
    CatalogError, because nothing after the break can be trusted. Numbers with a point come as Decimal.
    """
    if sniffed.kind == "jsonl":
        yield from _json_lines(sniffed)
    else:
        yield from _JsonDocument(sniffed).rows()


def decode_json(text: str) -> Any:
    """Decode JSON with exact decimals. Raises ValueError for what is none."""
    try:
        return _DECODER.decode(text)
    except (ArithmeticError, RecursionError) as error:
        raise ValueError(_json_reason(error)) from error


def _encoding(path: Path) -> str:
    with path.open("rb") as raw:
        head = raw.read(1 << 16)
        if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise CatalogError(path.name, None, "is UTF-32; save it as UTF-8")
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if head.startswith(b"PK\x03\x04"):
            raise CatalogError(path.name, None, "is a spreadsheet or a zip file; save it as CSV")
        if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
            raise CatalogError(path.name, None, "is compressed; unpack it first")
        if head.count(0) * 10 > len(head):
            raise CatalogError(path.name, None, "is no text, or UTF-16 without a byte order mark")
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            piece = head
            while piece:
                decoder.decode(piece)
                piece = raw.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8"


def _open(path: Path, encoding: str) -> TextIO:
    # Five bytes mean nothing in cp1252: they become lone surrogates here, and their rows are refused later.
    errors = "surrogateescape" if encoding == "cp1252" else "strict"
    return path.open(encoding=encoding, errors=errors, newline="")


def _lines(path: Path, encoding: str) -> Iterator[str]:
    number = 0
    with _open(path, encoding) as text:
        while True:
            number += 1
            try:
                line = text.readline(MAX_LINE + 1)
            except UnicodeDecodeError as error:
                raise CatalogError(path.name, number, f"is no {encoding} from here on") from error
            if not line:
                return
            if len(line) > MAX_LINE:
                raise CatalogError(path.name, number, f"is longer than {MAX_LINE:,} characters")
            yield line


class _Feed:
    """Lines for the csv reader, which counts neither where a record starts nor how long it has become."""

    def __init__(self, sniffed: Sniffed) -> None:
        self._name, self._lines = sniffed.path.name, _lines(sniffed.path, sniffed.encoding)
        self.start, self._line, self._length, self._nul, self._lone = 0, 0, 0, False, sniffed.encoding == "cp1252"

    def begin(self) -> None:
        """Start counting a new record."""
        self.start, self._length, self._nul = self._line + 1, 0, False

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._line += 1
        if self._length == 0 and not line.strip():
            self.start = self._line + 1
        self._length += len(line)
        if self._length > MAX_LINE:
            reason = f"starts a row longer than {MAX_LINE:,} characters: a quote that is never closed?"
            raise CatalogError(self._name, self.start, reason)
        self._nul = self._nul or "\0" in line
        return line

    def fitted(self, cells: list[str], width: int) -> list[str] | Torn:
        """A row of another length: surplus cells are dropped when they are blank, else the row is torn."""
        if len(cells) > width and not any(map(str.strip, cells[width:])):
            return cells[:width]
        lines = "" if self._line == self.start else f" (it runs to line {self._line}: a quote that is never closed?)"
        return Torn(f"has {len(cells)} cells where the header has {width}{lines}")

    def torn(self, cells: list[str]) -> Torn | None:
        """Why the row just read cannot be used, if so."""
        if self._nul:
            return Torn("contains a NUL byte", next((i for i, cell in enumerate(cells) if "\0" in cell), None))
        if self._lone:
            for index, cell in enumerate(cells):
                if not cell.isascii() and _LONE.search(cell):
                    return Torn("contains a byte that is no text in cp1252", index)
        return None


_LONE = re.compile("[\ud800-\udfff]")


def _csv_reason(error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"has a cell longer than {MAX_CELL:,} characters: a quote that is never closed?"
    return str(error)


def _json_constant(name: str) -> Decimal:
    return Decimal("NaN") if name == "NaN" else Decimal(name)


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_json_constant)
_PLAIN_LIST = re.compile(r'\{\s*"(?:' + "|".join(_LISTS) + r')"\s*:\s*\[')


def _json_kind(start: str) -> str:
    """Tell JSON Lines, where a line is an object, from one document."""
    if _PLAIN_LIST.match(start):
        return "json"
    first, *others = start.splitlines()
    if (document := _object_in(first)) is not None:
        return "json" if any(isinstance(document.get(name), list) for name in _LISTS) else "jsonl"
    torn_first_line = first.rstrip()[-1] not in "{[,:" and any(_object_in(other) for other in others[:5])
    return "jsonl" if torn_first_line else "json"


def _object_in(line: str) -> Json | None:
    try:
        value = decode_json(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _json_reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} at character {error.pos + 1}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return "has a number that cannot be read"


_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|[\ud800-\udfff]")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def _unstorable(value: Any, field: str = "") -> Torn | None:
    """Text in a JSON value that no database takes, with the name of the innermost field it is in."""
    match value:
        case str() if found := _UNSTORABLE.search(value):
            what = "contains a NUL character" if found[0] == "\0" else "has half a character in it (a lone surrogate)"
            return Torn(what, field=field)
        case dict():
            parts = [(str(name), name) for name in value] + [(str(name), inner) for name, inner in value.items()]
        case list():
            parts = [(field, inner) for inner in value]
        case _:
            return None
    return next((torn for name, inner in parts if (torn := _unstorable(inner, name))), None)


def _json_row(text: str, value: Any) -> Json | Torn:
    if not isinstance(value, dict):
        return Torn("is not a JSON object")
    try:
        return (_SUSPECT.search(text) and _unstorable(value)) or value
    except RecursionError:
        return Torn("is nested too deeply")


def _json_lines(sniffed: Sniffed) -> Iterator[JsonRow]:
    for number, line in enumerate(_lines(sniffed.path, sniffed.encoding), 1):
        text = line.strip()
        if not text:
            continue
        if "\0" in text:
            yield number, Torn("contains a NUL byte")
            continue
        try:
            value = decode_json(text)
        except ValueError as error:
            yield number, Torn(_json_reason(error) if isinstance(error, json.JSONDecodeError) else str(error))
        else:
            yield number, _json_row(text, value)


class _JsonDocument:
    """A JSON document read element by element: `[…]`, `{"data": […]}`, a single product, or several of them in a row.

    Holds one piece of the text: as much as the element at hand needs.
    """

    def __init__(self, sniffed: Sniffed) -> None:
        self._path, self._encoding = sniffed.path, sniffed.encoding
        self._text, self._at, self._line, self._counted, self._ended = "", 0, 1, 0, False

    def rows(self) -> Iterator[JsonRow]:
        with _open(self._path, self._encoding) as self._source:
            while mark := self._peek():
                yield from self._elements() if mark == "[" else self._object()

    def _object(self) -> Iterator[JsonRow]:
        """A document object: the list under one of the known names, or the object itself if it has none."""
        start = self._here()
        self._expect("{")
        fields: Json = {}
        listed = False
        while self._peek() != "}":
            key, _ = self._value()
            self._expect(":")
            if key in _LISTS and self._peek() == "[":
                listed = True
                yield from self._elements()
            else:
                fields[str(key)], _ = self._value()
            if self._peek() != "}":
                self._expect(",")
        self._expect("}")
        if not listed:
            yield start, fields

    def _elements(self) -> Iterator[JsonRow]:
        self._expect("[")
        while self._peek() != "]":
            line = self._here()
            value, text = self._value()
            yield line, _json_row(text, value)
            if self._peek() != "]":
                self._expect(",")
        self._expect("]")

    def _value(self) -> tuple[Any, str]:
        self._peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, ArithmeticError, RecursionError) as error:
                if not isinstance(error, json.JSONDecodeError):
                    raise self._broken(_json_reason(error)) from error
                if not self._more(len(self._text) - self._at):
                    self._at = error.pos
                    raise self._broken(f"is not JSON: {error.msg}") from error
                continue
            if end == len(self._text) and self._more(_CHUNK):  # a number may go on in the next piece
                continue
            text, self._at = self._text[self._at : end], end
            return value, text

    def _peek(self) -> str:
        """The next character that is no white space; "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(_CHUNK):
                return ""

    def _expect(self, mark: str) -> None:
        found = self._peek()
        if found != mark:
            raise self._broken(f'has "{found}" where "{mark}" should be' if found else "ends too early")
        self._at += 1

    def _more(self, size: int) -> bool:
        """Read on, dropping what is done with. False at the end; raises CatalogError when one element is too long."""
        if self._ended:
            return False
        if len(self._text) - self._at > MAX_LINE:
            raise self._broken(f"starts an element longer than {MAX_LINE:,} characters, or is not JSON")
        self._here()
        try:
            piece = self._source.read(max(size, _CHUNK))
        except UnicodeDecodeError as error:
            raise self._broken(f"is no {self._encoding} from here on") from error
        self._text, self._at, self._counted = self._text[self._at :] + piece, 0, 0
        self._ended = not piece
        return bool(piece)

    def _here(self) -> int:
        self._peek_only()
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _peek_only(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _broken(self, reason: str) -> CatalogError:
        return CatalogError(self._path.name, self._here(), reason)


_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
