"""What may go wrong in a measurement without being a defect of ours."""


class BenchError(RuntimeError):
    """Something could not be measured; the text is one line that says why."""


class EndpointError(BenchError):
    """There is no nginx, or it does not come up."""


class EndedError(BenchError):
    """A program that should run has ended; the message names its log."""


class StuckError(BenchError):
    """Results do not come any more."""


class WireError(BenchError):
    """The broker refused a message, gave it back, or closed the connection."""
