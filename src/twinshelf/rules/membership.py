"""Which template holds which product: kept with each reading of the store, and decided anew after a template changed.

Writes tables alone. Which template is to hold a product is decided by `conditions.place`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from twinshelf.accounts.actors import ENGINE
from twinshelf.accounts.audit import record
from twinshelf.connections.models import Connection, Store
from twinshelf.documents import Product
from twinshelf.kit import clock
from twinshelf.kit.upsert import upsert
from twinshelf.kit.words import counted
from twinshelf.rules import templates
from twinshelf.rules.conditions import Candidate, Texts, matcher, place, texts_of
from twinshelf.rules.models import Decided, Membership, ProductTexts, Template

_AT_ONCE = 500
_TEXTS = Texts.__struct_fields__


@dataclass(frozen=True)
class Move:
    """A product that goes from one template to another. None: the default one. `taken`: it would fit where it was."""

    product_id: str
    before: int | None
    after: int | None
    taken: bool = False


@dataclass
class Placed:
    """What deciding anew came to: who moves, and who stays in another template although it would fit the saved one."""

    moves: list[Move] = field(default_factory=list)
    stays: dict[str, int] = field(default_factory=dict)


def keep_texts(store: Store, products: Sequence[Product]) -> dict[str, Texts]:
    """Keep what conditions look at of these products, and return it. Safe to repeat."""
    texts = {product.id: texts_of(product) for product in products}
    rows = [(store.id, product_id, *(getattr(each, name) for name in _TEXTS)) for product_id, each in texts.items()]
    columns = ["store_id", "product_id", *_TEXTS]
    upsert(ProductTexts, store.account_id, columns, rows, unique=["store_id", "product_id"])
    return texts


def forget(store: Store, product_ids: Collection[str]) -> None:
    """The store has these products no more: no template holds them. To be called in a transaction."""
    gone = sorted(product_ids)
    for start in range(0, len(gone), _AT_ONCE):
        some = gone[start : start + _AT_ONCE]
        ProductTexts.objects.filter(store=store, product_id__in=some).delete()
        Membership.objects.filter(connection__store=store, product_id__in=some).delete()


def observed(connection: Connection, texts: Mapping[str, Texts]) -> set[str]:
    """Have products that were just read join and leave templates; returns those that moved.

    To be called in the transaction that keeps the reading, behind `snapshot.lock`.
    """
    candidates = candidates_of(connection)
    if not candidates and not Membership.objects.filter(connection=connection).exists():
        return set()
    moves = decide(connection, texts, candidates).moves
    if not moves:
        return set()
    write(connection, moves)
    names = dict(Template.objects.filter(connection=connection).values_list("id", "name"))
    joined = sum(1 for move in moves if move.before is None)
    record(
        ENGINE,
        connection.account_id,
        "rules.products_moved",
        f"connection:{connection.id}",
        before={move.product_id: _name(names, move.before) for move in moves},
        after={move.product_id: _name(names, move.after) for move in moves},
        detail=f"{counted(joined, 'product')} joined a template, {counted(len(moves) - joined, 'other')} moved",
    )
    return {move.product_id for move in moves}


def _name(names: Mapping[int, str], template_id: int | None) -> str | None:
    return None if template_id is None else names.get(template_id, "")


def candidates_of(connection: Connection) -> tuple[Candidate, ...]:
    """The templates of a connection that products may join, in the order of the list."""
    rows = Template.objects.filter(connection=connection, is_default=False, removed_at=None).order_by("position", "id")
    found = []
    for template_id, stored in rows.values_list("id", "rules"):
        rules = templates.rules_from_json(stored)
        found.append(Candidate(template_id, matcher(rules.group), rules.override))
    return tuple(found)


def decide(
    connection: Connection, texts: Mapping[str, Texts], candidates: Sequence[Candidate], *, saved: int | None = None
) -> Placed:
    """Where these products belong, beside where they are. Changes nothing.

    What a person chose a template for stays there, unless that was deleted.
    """
    holders = holders_of(connection, texts)
    chosen = chosen_of(connection, texts)
    by_id = {each.id: each for each in candidates}
    mine = by_id.get(saved) if saved is not None else None
    placed = Placed()
    for product_id, each in texts.items():
        before = holders.get(product_id)
        after = before if product_id in chosen else place(each, candidates, before, saved=saved)
        if before != after:
            taken = after is not None and before in by_id and by_id[before].fits(each)
            placed.moves.append(Move(product_id, before, after, taken))
        elif mine is not None and before is not None and before != mine.id and mine.fits(each):
            placed.stays[product_id] = before
    return placed


def holders_of(connection: Connection, product_ids: Iterable[str]) -> dict[str, int]:
    """The templates that hold these products, by product id; those that the default one holds are left out."""
    wanted, found = list(product_ids), dict[str, int]()
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Membership.objects.filter(connection=connection, product_id__in=wanted[start : start + _AT_ONCE])
        found.update(rows.values_list("product_id", "template_id"))
    return found


def chosen_of(connection: Connection, product_ids: Iterable[str]) -> set[str]:
    """Those of these products for which a person chose a template that is still there."""
    rows = Membership.objects.filter(connection=connection, decided=Decided.CHOSEN, template__removed_at=None)
    wanted, found = list(product_ids), set[str]()
    for start in range(0, len(wanted), _AT_ONCE):
        found.update(rows.filter(product_id__in=wanted[start : start + _AT_ONCE]).values_list("product_id", flat=True))
    return found


def choose(connection: Connection, template: Template, product_ids: Sequence[str]) -> None:
    """Have a template hold these products because a person says so. To be called in a transaction. Safe to repeat."""
    now = clock.now()
    rows = [(connection.id, product_id, template.id, Decided.CHOSEN, now) for product_id in product_ids]
    columns = ["connection_id", "product_id", "template_id", "decided", "since"]
    upsert(Membership, connection.account_id, columns, rows, unique=["connection_id", "product_id"])


def let_go(connection: Connection, product_ids: Iterable[str]) -> None:
    """Have these products join the templates that they fit, whatever a person chose before. In a transaction."""
    candidates, wanted = candidates_of(connection), sorted(chosen_of(connection, product_ids))
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        Membership.objects.filter(connection=connection, product_id__in=some).delete()
        rows = ProductTexts.objects.filter(store=connection.store_id, product_id__in=some)
        write(connection, decide(connection, {row.product_id: row.texts() for row in rows}, candidates).moves)


def templates_of(
    connection: Connection, product_ids: Iterable[str]
) -> tuple[templates.HeldBy, dict[str, templates.HeldBy]]:
    """(the default template, those that hold these products by product id), in a few queries for all of them."""
    holders = holders_of(connection, product_ids)
    rows = Template.objects.filter(connection=connection)
    found: dict[int, templates.HeldBy] = {}
    default = templates.HeldBy()
    for row in rows.filter(Q(is_default=True) | Q(id__in=set(holders.values()))):
        held = templates.HeldBy(
            rules=templates.rules_from_json(row.rules), category_id=row.category_id, is_default=row.is_default
        )
        found[row.id] = held
        default = held if row.is_default else default
    return default, {product_id: found[template_id] for product_id, template_id in holders.items()}


def holder_of(connection: Connection, product_id: str) -> Template | None:
    """The template that holds a product; None where there is not even a default one."""
    rows = Template.objects.filter(connection=connection)
    held = Membership.objects.filter(connection=connection, product_id=product_id).values("template_id")
    return rows.filter(id__in=held).first() or rows.filter(is_default=True).first()


def write(connection: Connection, moves: Sequence[Move]) -> None:
    """Put products where they belong. Safe to repeat."""
    leaving = [move.product_id for move in moves if move.after is None]
    for start in range(0, len(leaving), _AT_ONCE):
        some = leaving[start : start + _AT_ONCE]
        Membership.objects.filter(connection=connection, product_id__in=some).delete()
    now = clock.now()
    rows = [
        (connection.id, move.product_id, move.after, Decided.OVERRIDE if move.taken else Decided.FITS, now)
        for move in moves
        if move.after is not None
    ]
    columns = ["connection_id", "product_id", "template_id", "decided", "since"]
    upsert(Membership, connection.account_id, columns, rows, unique=["connection_id", "product_id"])
