"""`make bench`: run the benchmarks and print each figure beside its bound. ARGS="import --products 2000" runs one."""

from __future__ import annotations

import argparse
import sys

from benchmarks import burst, categories, importing, listing, orders, pages, sandbox
from benchmarks.harness import Result, in_process


def main() -> int:
    """Run the asked benchmarks and print each result against its bound; the exit code tells of a missed one."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    every = "sandbox import limited listing orders burst freshness pages categories"
    parser.add_argument("which", nargs="*", help=f"{every}; all")
    parser.add_argument("--products", type=int, default=20_000, help="size of the catalog to import")
    parser.add_argument("--loaded", type=int, default=100_000, help="products the sandbox by itself is loaded with")
    parser.add_argument("--listings", type=int, default=1_000, help="products to list")
    parser.add_argument("--orders", type=int, default=5_000)
    parser.add_argument("--changes", type=int, default=10_000, help="stock changes of the burst")
    parser.add_argument("--shown", type=int, default=100_000, help="products, and orders, that the pages are of")
    options = parser.parse_args()
    which = options.which or every.split()
    results: list[Result] = []
    runs = {
        "sandbox": lambda: sandbox.run(options.loaded),
        "import": lambda: importing.run(options.products),
        "limited": lambda: importing.run_limited(min(options.products, 60_000)),
        "listing": lambda: listing.run(options.listings),
        "orders": lambda: orders.run(options.orders),
        "burst": lambda: burst.run(options.changes),
        "freshness": burst.run_freshness,
        "pages": lambda: pages.run(options.shown),
        "categories": categories.run,
    }
    for name in which:
        print(f"\n{name}", flush=True)
        for result in in_process(runs[name]):  # clients that the product keeps belong to the sandbox of one benchmark
            results.append(result)
            print(result.line(), flush=True)
    missed = [result for result in results if result.bound is not None and result.value > result.bound]
    print(f"\n{len(results)} figures, {len(missed)} beyond their bound")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
