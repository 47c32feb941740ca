"""Who uses the installation: accounts (tenants), users, memberships with roles; and the wall between accounts."""
