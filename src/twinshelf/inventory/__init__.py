"""How much of what may be sold where: quantities, holds, stock and price sent to the shops."""
