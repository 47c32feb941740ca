"""What a table at a prompt keeps whole in a narrow window: what is copied into the next command."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from twinshelf.cli.shared import whole

NUMBERS = ("576461413038787168", "576461413038787169")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_number_is_never_cut_where_other_columns_can_give_way(width):
    out = io.StringIO()
    table = Table(whole("TikTok order"), "Status", "Why not")
    for number in NUMBERS:
        table.add_row(number, "AWAITING_SHIPMENT", "On hold: TikTok lets the buyer cancel for about an hour. " * 3)
    Console(file=out, width=width).print(table)

    assert [number for number in NUMBERS if number in out.getvalue()] == list(NUMBERS)
