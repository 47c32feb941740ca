"""The log: lines for people on standard error. Never more of an error than its message and where it came from.

structlog's own default prints the local variables of every frame of a traceback: tokens, buyers and addresses.
"""

from __future__ import annotations

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Write what is of `level` (`DEBUG` … `ERROR`) or above to standard error. Safe to repeat."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
