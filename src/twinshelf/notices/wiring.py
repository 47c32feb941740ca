"""What telling people brings to the engine."""

from __future__ import annotations

from twinshelf.notices import flow

FLOWS = (flow.NOTICES,)
TIMETABLES = {"notices": flow.look}
