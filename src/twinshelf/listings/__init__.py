"""The shop side: what a shop should show of the goods, what it shows, and the changes that make both the same."""
