"""What a platform's client can do, and what our documents carry, is used: a ready part that no flow calls is a fault.

A name counts as used where the product reads it as an attribute, or a template does. A name that two things share
counts for both, so the list may miss some; what it shows is sure.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import twinshelf

SOURCE = Path(twinshelf.__file__).parent
CLIENTS = (*sorted((SOURCE / "tiktok" / "client").glob("*.py")), SOURCE / "storefronts" / "bigcommerce" / "client.py")
DOCUMENTS = sorted((SOURCE / "documents").glob("*.py"))

_CATEGORY = "TikTok refuses a listing that lacks it, and the refusal is told; to be checked before sending"
_SETUP = "for the check of an installation that is to come"
ALLOWED: dict[str, str] = {
    "cancelled_by": "for the history of an order",
    "channel_status": _SETUP,
    "cod_supported": _CATEGORY,
    "hooks": _SETUP,
    "package_dimension_required": _CATEGORY,
    "replacement": "orders of this kind are imported like others; a rule for them is to come",
    "seller_sku_required": _CATEGORY,
    "variant_ids": "products are read whole",
}
"""Names that nothing uses yet, each with the reason why it stays."""


def trees() -> Iterator[ast.Module]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield ast.parse(path.read_text())


def public_members(path: Path, *, fields: bool) -> set[str]:
    """Public methods of the classes of a module, or the fields and properties of its documents."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    found.add(member.name)
                elif fields and isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                    found.add(member.target.id)
    return {name for name in found if not name.startswith("_")}


def read_names() -> set[str]:
    """Every attribute that the product reads, and every word behind a dot in a template."""
    names = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                names.add(node.attr)
            elif isinstance(node, ast.MatchClass):
                names.update(node.kwd_attrs)
    for path in SOURCE.rglob("*.html"):
        names.update(re.findall(r"\.(\w+)", path.read_text()))
    return names


def unused() -> set[str]:
    members = {name for path in CLIENTS for name in public_members(path, fields=False)}
    members |= {name for path in DOCUMENTS for name in public_members(path, fields=True)}
    return members - read_names()


def test_every_public_name_of_clients_and_documents_is_used():
    assert sorted(unused() - set(ALLOWED)) == []


def test_what_is_allowed_to_be_unused_is_there_and_unused():
    assert sorted(set(ALLOWED) - unused()) == []
