"""Benchmarks: each figure beside its bound, and beside a peer where one runs, measured in the same run."""
