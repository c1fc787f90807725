"""The two roots of our errors that a person reads: one line each, no traceback."""


class RefusedError(Exception):
    """What was asked for cannot be done as asked; the message says what was wrong and what to do."""


class UnavailableError(Exception):
    """It cannot be done now: the broker or the ledger is away."""
