"""Log lines: what others wrote into a message never passes for a line of its own, nor moves a terminal."""

from __future__ import annotations

import io
import logging

import structlog

from twinshelf.kit import logs

FORGED = "x\r\n2026-01-01 00:00:00 INFO root all is well\x1b[2J\x9b2J\u2028y"


def told(logger: logging.Logger) -> str:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logs.Lines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.handlers, logger.propagate = [handler], False
    try:
        raise ValueError(FORGED)
    except ValueError:
        logger.exception("failed: %s", FORGED)
    return out.getvalue()


def harmless(text: str) -> bool:
    return not any((ord(letter) < 32 and letter != "\n") or 127 <= ord(letter) < 160 for letter in text)


def test_what_libraries_log_is_one_line_and_tracebacks_are_set_in():
    first, *rest = told(logging.getLogger("tests.logs")).rstrip("\n").split("\n")

    assert harmless(first)
    assert "\\r\\n2026-01-01" in first
    assert rest
    assert all(line.startswith("  ") and harmless(line) for line in rest)


def test_a_traceback_of_ours_is_set_in_too():
    before, out = structlog.get_config(), io.StringIO()
    try:
        logs.configure("INFO")
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(out), cache_logger_on_first_use=False)
        try:
            raise ValueError(FORGED)
        except ValueError:
            structlog.get_logger().exception("failed", what=FORGED)
    finally:
        structlog.configure(**before)
    _first, *rest = out.getvalue().rstrip("\n").split("\n")

    assert any("ValueError" in line for line in rest)
    assert all(line.startswith("  ") and harmless(line) for line in rest)
