"""Email to people about what they must know before they look: once per event and person, never about a buyer."""
