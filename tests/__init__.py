"""Tests as specifications: pure tables, flows against the sandbox, interfaces, the sandbox itself, pages."""
