"""Review changes (BEY-05): what a bulk write would send, shown first; that is what is then sent, or nothing."""
