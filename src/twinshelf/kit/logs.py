"""The log: lines for people on standard error. Never more of an error than its message and where it came from.

structlog's own default prints the local variables of every frame of a traceback: tokens, buyers and addresses.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from typing import Any, TextIO

import structlog


def configure(level: str) -> None:
    """Write what is of `level` (`DEBUG` … `ERROR`) or above to standard error. Safe to repeat."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def escaped(text: str) -> str:
    """Text of others without what a terminal or a reader of lines takes for more than text; its lines stay lines."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _indented(text: str) -> str:
    """A traceback, each line set in, so that no line of a message in it passes for one of the log."""
    return "\n".join(f"  {line}" for line in escaped(text.rstrip("\n")).split("\n"))


def _traceback(out: TextIO, exc_info: Any) -> None:
    out.write("\n" + _indented("".join(traceback.format_exception(*exc_info))))


class Lines(logging.Formatter):
    """What libraries log, as one line each, and tracebacks set in below it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line."""
        return escaped(super().formatMessage(record)).replace("\n", "\\n")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """The traceback below it."""
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        """The frames below it."""
        return _indented(super().formatStack(stack_info))
