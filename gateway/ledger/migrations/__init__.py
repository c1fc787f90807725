"""How the ledger's tables came to be what they are, release by release; the ledger brings itself up to date."""
