"""All moments by which a seller must act, or until which one has to wait, in one list."""
