"""The merchant's choices for a connection as people meet them: described, changed, undone, and what follows from it."""
