"""The console's pages: each view asks for a permission, does one action or query, and answers."""
