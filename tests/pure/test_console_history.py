"""What a history tells once, and what it leaves out."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from twinshelf.console.history import told

START = datetime(2026, 3, 1, tzinfo=UTC)


def message(topic="order (1)", outcome="applied", source="tiktok"):
    return SimpleNamespace(source=source, topic=topic, outcome=outcome, reason="")


def test_equal_messages_in_a_row_are_told_once_and_ignored_ones_not_at_all():
    happened = [
        ("event", message()), ("event", message()), ("event", message()),
        ("change", "created"),
        ("event", message()), ("event", message(outcome="ignored")), ("event", message()),
        ("event", message("package (4)")),
        ("event", message("order (1)", source="bigcommerce")),
    ]  # fmt: skip
    entries = [(kind, START + timedelta(minutes=n), entry) for n, (kind, entry) in enumerate(happened)]

    shown = told(entries, most=20)

    assert [(kind, at.minute, getattr(entry, "times", None)) for kind, at, entry in shown] == [
        ("event", 8, 1),
        ("event", 7, 1),
        ("event", 6, 2),
        ("change", 3, None),
        ("event", 2, 3),
    ]


def test_only_the_newest_are_told():
    entries = [("change", START + timedelta(minutes=n), n) for n in range(5)]

    assert [entry for _kind, _at, entry in told(entries, most=2)] == [4, 3]
