"""The engine: asks become marks, lanes drain marks in batches, plans are drafted, applied and closed.

The only package that imports dbos. Knows nothing of products, orders or platforms: what a lane does is handed in by
`wiring` as a `Flow`.
"""
