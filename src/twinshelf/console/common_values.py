"""What many products have alike, as the forms of templates and of the category map show and take it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from twinshelf.documents import CategoryRules, ListingCertificate, ListingFile
from twinshelf.errors import DocumentError
from twinshelf.listings import files
from twinshelf.rules.common import NAMED, CommonValues

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.console.access import ConsoleRequest

LABELS: Final[Mapping[str, Any]] = {
    "brand": gettext_lazy("Brand"),
    "manufacturer": gettext_lazy("Manufacturer"),
    "responsible_person": gettext_lazy("Responsible person"),
}


@dataclass
class CommonForm:
    """What was said, and what is wrong with it by field; `asked` is what the categories of the form ask."""

    values: CommonValues
    asked: CategoryRules
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def posted(cls, request: ConsoleRequest, connection: Connection, asked: CategoryRules) -> CommonForm:
        """What a person sent. A file that is accepted is kept, so that showing the form anew does not lose it."""
        form = cls(CommonValues(), asked)
        values: dict[str, Any] = {}
        for what in NAMED:
            values |= form._named(request, what)
        certificates = tuple(form._certificates(request, connection))
        form.values = msgspec.structs.replace(form.values, **values, certificates=certificates)
        return form

    def _named(self, request: ConsoleRequest, what: str) -> dict[str, str]:
        name, number = (request.POST.get(f"{what}_{part}", "").strip()[:120] for part in ("name", "id"))
        if not name:
            return {}
        if name.isdecimal():  # a number, as Seller Center shows it
            number = name
        if not number.isdecimal():
            self.errors[what] = _("Choose one from the list, or write its number in TikTok Shop.")
        return {f"{what}_id": number, f"{what}_name": name}

    def _certificates(self, request: ConsoleRequest, connection: Connection) -> Iterator[ListingCertificate]:
        taken = {each.id: each for each in self.asked.certificates}
        sent = {number: request.POST.getlist(f"paper.{number}") for number in request.POST.getlist("certificate_id")}
        there = files.kept(connection, (digest for digests in sent.values() for digest in digests))
        for number in dict.fromkeys([*taken, *sent]):
            dropped = f"certificate_drop.{number}" in request.POST
            papers: list[ListingFile] = [] if dropped else [there[d] for d in sent.get(number, ()) if d in there]
            for upload in request.FILES.getlist(f"certificate.{number}"):
                try:
                    papers.append(files.keep(connection, upload.name or "", upload.read(), use="certificate"))
                except DocumentError as error:
                    self.errors[f"certificate.{number}"] = error.reason
            if not papers:
                continue
            rule = taken.get(number)
            name = rule.name if rule else request.POST.get(f"certificate_name.{number}", "")[:250]
            ends = self._day(request.POST.get(f"expires.{number}", ""), f"certificate.{number}")
            if rule is not None and rule.expires and ends is None:
                self.errors.setdefault(f"certificate.{number}", _("Write until which day it is valid."))
            yield ListingCertificate(id=number, name=name, files=tuple(dict.fromkeys(papers)), expires=ends)

    def _day(self, text: str, place: str) -> date | None:
        try:
            return date.fromisoformat(text.strip()) if text.strip() else None
        except ValueError:
            self.errors[place] = _("A day such as 2027-01-31.")
            return None

    # -- what the page shows -------------------------------------------------------------------------------------------

    @property
    def named(self) -> list[dict[str, Any]]:
        """Brand, manufacturer and responsible person."""
        wanted = {
            "brand": False,
            "manufacturer": self.asked.manufacturer_required,
            "responsible_person": self.asked.responsible_person_required,
        }
        return [
            {
                "what": what,
                "is_brand": what == "brand",
                "word": LABELS[what],
                "id": number,
                "name": getattr(self.values, f"{what}_name") or number,
                "required": wanted[what],
                "missing": wanted[what] and not number,
                "error": self.errors.get(what, ""),
            }
            for what in NAMED
            for number in (getattr(self.values, f"{what}_id"),)
        ]

    @property
    def certificates(self) -> list[dict[str, Any]]:
        """The certificates that the categories take, and those that are kept without that."""
        kept = {each.id: each for each in self.values.certificates}
        taken = {each.id: each for each in self.asked.certificates}
        found = []
        for number in dict.fromkeys([*taken, *kept]):
            rule, paper = taken.get(number), kept.get(number)
            required = rule is not None and rule.required
            found.append(
                {
                    "id": number,
                    "name": rule.name if rule else (paper.name if paper else "") or number,
                    "required": required,
                    "missing": required and paper is None,
                    "expires": (rule is not None and rule.expires) or (paper is not None and paper.expires is not None),
                    "unused": bool(taken) and rule is None,
                    "paper": paper,
                    "error": self.errors.get(f"certificate.{number}", ""),
                }
            )
        return found
