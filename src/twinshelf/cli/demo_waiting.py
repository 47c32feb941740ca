"""Waits beside the demo's processes, and ends them: run by path, with the exit code and their process ids.

A program of its own, without anything installed, because it stays as long as the demo does.
"""

import contextlib
import os
import signal
import sys
import time

_PATIENCE_SECONDS = 15


def main(code: int, children: list[int]) -> int:
    """Wait for a signal, or for one of the children to end by itself. Returns the exit code."""
    ends = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, {*ends, signal.SIGCHLD})
    signal.signal(signal.SIGCHLD, lambda *_: None)  # else it is ignored, and never waited for
    while not (gone := _ended(children)):
        if signal.sigwait({*ends, signal.SIGCHLD}) in ends:
            break
    if gone:
        sys.stderr.write("A process of the demo ended by itself. Its log is in the demo's data directory.\n")
        code = 1
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
    for _ in range(_PATIENCE_SECONDS * 10):
        if len(gone) == len(children):
            break
        time.sleep(0.1)
        gone |= _ended(children)
    for child in set(children) - gone:
        os.kill(child, signal.SIGKILL)
    return code


def _ended(children: list[int]) -> set[int]:
    """Those that have ended. One that was waited for already is none of ours any more."""
    gone = set()
    for child in children:
        try:
            if os.waitpid(child, os.WNOHANG)[0]:
                gone.add(child)
        except ChildProcessError:
            gone.add(child)
    return gone


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), [int(word) for word in sys.argv[2:]]))
