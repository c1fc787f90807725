"""An independent oracle: it watches real gateway processes from outside and shares no code with them.

It knows the public contract only: AMQP on one side, a platform's HTTP on the other. `python -m tests.faults.oracle`
runs it; `truth` holds what must be true, as pure functions over what was seen.
"""
