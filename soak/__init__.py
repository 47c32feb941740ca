"""The soak: seeded lives of merchants and buyers under faults, judged by what really happened on the platforms.

`python -m soak --seeds 1000` by hand, a slice of it in CI; docs/develop.md tells how to read it.
"""
