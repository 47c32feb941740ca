"""Orders that were cancelled because a product was not to be had, until it is oversold no more."""
