"""Small tools that know nothing of shops: time, HTTP, budgets, secrets, bulk writes, safe fetching."""
