"""Checks the subjects of commits: `area: Imperative sentence`, 72 characters at most. CONTRIBUTING.md asks for it.

    python tools/check_commits.py             the commits of this branch that have not landed on origin/main
    python tools/check_commits.py A..B        those of a range

Merges are left out, and so are `fixup!`, `squash!` and `amend!` commits, which are on their way into another one. In a
clone whose history does not reach back to BASE, or outside of one, nothing is checked: the script says so and passes.
"""  # noqa: INP001 - a script, not a package

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE = "c2a23de"  # the last commit before the form was agreed on
LONGEST = 72
FORM = re.compile(r"[a-z][a-z0-9_, /-]*: [A-Z].*\S")
ON_THE_WAY = re.compile(r"(?:fixup|squash|amend)! ")


def complaint(subject: str) -> str:
    """What is wrong with a subject; "" if nothing is."""
    if ON_THE_WAY.match(subject):
        return ""
    if len(subject) > LONGEST:
        return f"has {len(subject)} characters; {LONGEST} are allowed"
    if not FORM.fullmatch(subject):
        return "is not of the form `area: Imperative sentence`"
    return ""


def git(*arguments: str, root: Path) -> str | None:
    """What git prints; None where it fails or is not there."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603, S607
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def unlanded(root: Path, base: str) -> list[str] | None:
    """The revisions to ask git for; None where the history does not reach back to `base`."""
    if git("merge-base", "--is-ancestor", base, "HEAD", root=root) is None:
        return None
    landed = git("rev-parse", "--verify", "--quiet", "origin/main", root=root)
    return [f"{base}..HEAD", *(["^origin/main"] if landed else [])]


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT, base: str = BASE) -> int:
    """Print each subject that is not right and what is wrong with it; return the exit code."""
    revisions = list(sys.argv[1:] if arguments is None else arguments) or unlanded(root, base)
    if revisions is None:
        sys.stdout.write(f"commits: not checked, the history at hand does not reach back to {base}\n")
        return 0
    listed = git("log", "--no-merges", "--format=%h %s", *revisions, "--", root=root)
    if listed is None:
        sys.stdout.write(f"commits: git cannot list {' '.join(revisions)}\n")
        return 2
    wrong = 0
    for line in listed.splitlines():
        commit, _, subject = line.partition(" ")
        if what := complaint(subject):
            wrong += 1
            sys.stdout.write(f"{commit} {subject}\n    {what}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
