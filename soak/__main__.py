"""The command line of the soak: `python -m soak --seeds 1000`, `--seed 17`, `--planted all`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

REPEAT = 'make soak ARGS="--seed {seed}{more}"'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say. Returns 0 if every invariant held."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds to run, one after the other")
    parser.add_argument("--from-seed", type=int, default=1, help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one, with its story")
    parser.add_argument("--twice", action="store_true", help="run each seed twice and compare what happened")
    parser.add_argument("--quiet-world", action="store_true", help="without faults")
    parser.add_argument(
        "--planted", default="", metavar="NAME", help="with this bug planted, or with `all`, one by one"
    )
    parser.add_argument("--faults", default="", metavar="IDS", help="only these of the catalog, such as F01,F21")
    parser.add_argument("--processes", action="store_true", help="with real processes, killed, frozen and locked out")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first seed that fails")
    chosen = parser.parse_args(arguments)
    if chosen.processes:
        return _with_processes(chosen)
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of a set of texts is a part of a run
        return subprocess.call(  # noqa: S603 - ourselves
            [sys.executable, "-m", "soak", *(sys.argv[1:] if arguments is None else arguments)],
            env={**os.environ, "PYTHONHASHSEED": "0"},
        )
    with tempfile.TemporaryDirectory(prefix="twinshelf-soak-") as folder:
        os.environ.update(TWINSHELF_DATA=folder, DJANGO_SETTINGS_MODULE="soak.settings")
        return _run(chosen)


def _with_processes(chosen: argparse.Namespace) -> int:
    """Seeds with real processes, as tests. Returns 0 if nothing was lost or doubled."""
    seeds = [chosen.seed] if chosen.seed is not None else range(chosen.from_seed, chosen.from_seed + chosen.seeds)
    return subprocess.call(  # noqa: S603 - our own tests
        [
            sys.executable, "-m", "pytest", "-q", "-rP", "-p", "no:cacheprovider", "tests/soak/test_processes.py",
            *(() if chosen.keep_going else ("-x",)),
        ],
        env={**os.environ, "SOAK_SEEDS": ",".join(map(str, seeds))},
    )  # fmt: skip


def _run(chosen: argparse.Namespace) -> int:
    import django

    django.setup()
    from soak.simulation import Report, prepare, simulate

    prepare()
    if chosen.planted == "all":
        return _planted(chosen)
    seeds = [chosen.seed] if chosen.seed is not None else range(chosen.from_seed, chosen.from_seed + chosen.seeds)
    failed, only = 0, [name for name in chosen.faults.split(",") if name]
    for seed in seeds:
        report: Report = simulate(seed, plant=chosen.planted, faults=not chosen.quiet_world, only=only)
        again = (
            simulate(seed, plant=chosen.planted, faults=not chosen.quiet_world, only=only) if chosen.twice else report
        )
        if again.digest != report.digest:
            print(f"seed {seed}: the second run differs from the first")
            failed += 1
        numbers = ", ".join(f"{number} {name}" for name, number in report.numbers.items())
        print(f"seed {seed}: {report.digest}  {report.seconds:.1f} s CPU  {numbers}", flush=True)
        if chosen.seed is not None:
            print("\n".join(report.story))
        if report.violations:
            failed += 1
            print(*(f"  {violation}" for violation in report.violations), sep="\n")
            more = f" --planted {chosen.planted}" if chosen.planted else ""
            more += f" --faults {chosen.faults}" if chosen.faults else ""
            more += " --quiet-world" if chosen.quiet_world else ""
            print(f"  repeat: {REPEAT.format(seed=seed, more=more)}", flush=True)
            if not chosen.keep_going:
                break
    print(f"{len(seeds)} seeds, {failed} failed" if failed else f"{len(seeds)} seeds, every invariant held")
    return 1 if failed else 0


def _planted(chosen: argparse.Namespace) -> int:
    """Run seeds with each planted bug until a check tells of it; print which. Returns 0 if all but one were found."""
    from soak.planted import BUGS, NEAR
    from soak.simulation import simulate

    missed, sound = 0, dict[tuple[int, tuple[str, ...]], set[str]]()
    for name in BUGS:
        for seed in range(chosen.from_seed, chosen.from_seed + chosen.seeds):
            near = NEAR.get(name, ())
            if (seed, near) not in sound:
                sound[seed, near] = {str(one) for one in simulate(seed, only=near).violations}
            violations = simulate(seed, plant=name, only=near).violations
            found = [one for one in violations if str(one) not in sound[seed, near]]
            if found:
                checks = ", ".join(dict.fromkeys(violation.invariant for violation in found))
                print(f"| {name} | seed {seed} | {checks} | {found[0].facts[:100]} |", flush=True)
                break
        else:
            missed += 1
            print(f"| {name} | not within {chosen.seeds} seeds | | |", flush=True)
    print(f"{len(BUGS) - missed} of {len(BUGS)} found")
    return 0 if missed <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
