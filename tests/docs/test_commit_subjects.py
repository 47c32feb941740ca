"""tools/check_commits.py: the form of a commit's subject that CONTRIBUTING.md asks for."""

from __future__ import annotations

import subprocess

import pytest

from tests.docs.pages import ROOT
from tools import check_commits


@pytest.mark.parametrize(("subject", "wrong"), [
    ("catalog: Plan price changes ahead of content", ""),
    ("catalog: Plan price changes ahead of content.", ""),
    ("listings, proof: Compare with one function", ""),
    ("orders/intake: Accept “gifts” whose price is 0 – and nothing else, now …", ""),  # 72 characters, 80 bytes
    ("a: B" + "c" * 68, ""),
    ("a: B" + "c" * 69, "has 73 characters; 72 are allowed"),
    ("What vanishes together", "is not of the form `area: Imperative sentence`"),
    ("Catalog: Plan price changes", "is not of the form `area: Imperative sentence`"),
    ("catalog: plan price changes", "is not of the form `area: Imperative sentence`"),
    ("catalog:Plan price changes", "is not of the form `area: Imperative sentence`"),
    ("fixup! whatever it was", ""),
])  # fmt: skip
def test_a_subject_is_an_area_and_a_sentence(subject, wrong):
    assert check_commits.complaint(subject) == wrong


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A repository of its own; `commit(subject)` gives the new commit's id."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=T", "-c", "user.email=t@example.com", *arguments],
            cwd=tmp_path, check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def commit(subject: str) -> str:
        git("commit", "--quiet", "--allow-empty", "-m", subject)
        return git("rev-parse", "--short", "HEAD")

    git("init", "--quiet")
    return tmp_path, commit, git


def test_commits_since_the_base_are_checked_and_landed_ones_are_not(clone, capsys):
    root, commit, git = clone
    base = commit("Before the form was agreed on")
    commit("landed: but not as it should be")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    commit("docs: Say it plainly")
    assert check_commits.main([], root=root, base=base) == 0
    assert capsys.readouterr().out == ""

    wrong = commit("Say it otherwise")
    assert check_commits.main([], root=root, base=base) == 1
    shown = f"{wrong} Say it otherwise\n    is not of the form `area: Imperative sentence`\n"
    assert capsys.readouterr().out == shown


def test_without_a_remote_all_commits_since_the_base_are_checked(clone, capsys):
    root, commit, _ = clone
    base = commit("Before the form was agreed on")
    wrong = commit("not right")
    commit("docs: Say it plainly")
    assert check_commits.main([], root=root, base=base) == 1
    assert capsys.readouterr().out.startswith(f"{wrong} not right\n")


@pytest.mark.parametrize("history", [True, False])
def test_without_the_base_nothing_is_checked_and_that_is_said(clone, tmp_path_factory, capsys, history):
    root, commit, _ = clone
    commit("not right")
    place = root if history else tmp_path_factory.mktemp("no clone")
    assert check_commits.main([], root=place, base="0" * 40) == 0
    assert "not checked, the history at hand does not reach back" in capsys.readouterr().out


def test_a_range_that_is_not_there_is_an_error(clone, capsys):
    root, commit, _ = clone
    commit("docs: Say it plainly")
    assert check_commits.main(["nowhere..HEAD"], root=root) == 2
    assert capsys.readouterr().out == "commits: git cannot list nowhere..HEAD\n"


def test_make_check_runs_it():
    assert "tools/check_commits.py" in (ROOT / "Makefile").read_text(encoding="utf-8")
