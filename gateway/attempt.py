"""One attempt at the platform, and what came of it, failures included."""

from typing import Any

import structlog

from gateway.errors import UnavailableError
from gateway.message import Delivery
from gateway.outcome import Category, Dead, Ending, Unavailable
from gateway.platform import Operation, Repeat
from gateway.steady import time
from gateway.steps import Steps
from gateway.token import LoginFailedError
from gateway.topology import INTERACTIVE_SECONDS
from gateway.transport import AnswerLostError, NotSentError
from schemas import dead_letters

log = structlog.get_logger()


async def attempt(operation: Operation, client: Any, data: Any, steps: Steps, *, uncertain: bool = False) -> Ending:
    """One attempt. Raises LedgerError when a step could not be recorded.

    `uncertain`: an earlier request of this event had left and was not answered, so the platform is asked first
    whether it has it.
    """
    try:
        found = await operation.query(client, data) if uncertain and operation.query else None
        return found or await operation.call(client, data, steps)
    except NotSentError as error:
        return Unavailable(error.code, "the platform could not be reached")
    except LoginFailedError as error:
        return error.ending
    except AnswerLostError as error:
        return _lost(operation, error.code)
    except UnavailableError:
        raise
    except Exception as error:  # a defect of ours in one operation must not stop the account's other events
        log.exception("call.broken", operation=operation.name)
        return Dead("internal-error", f"a defect of the gateway: {type(error).__name__}", Category.UNKNOWN)


def _lost(operation: Operation, code: str) -> Ending:
    if operation.repeat is Repeat.NEVER:
        reason = "the request was sent and its answer lost; the platform may have acted on it"
        return Dead(code, reason, Category.UNCERTAIN)
    return Unavailable(code, "no usable answer came from the platform", lost=True)


def trouble(ending: Ending) -> Unavailable | None:
    """What an ending says of the platform's health: nothing, or that it does not answer as it should."""
    match ending:
        case Unavailable():
            return ending
        case Dead(category=Category.UNCERTAIN):
            return Unavailable(ending.code, ending.message, lost=True)
        case _:
            return None


def deadline(delivery: Delivery, now: float) -> float:
    """Until when, in epoch seconds, an interactive question may still be asked.

    What the broker timed out is over. Else the publisher's expiration or two minutes count from its
    arrival here; on the ladder the first deadline travels along.
    """
    if delivery.given_up:
        return now
    carried = delivery.headers.get(dead_letters.DEADLINE)
    if isinstance(carried, int):
        return carried / 1000
    limit = delivery.expires_in if delivery.expires_in is not None else INTERACTIVE_SECONDS
    return now + min(limit, INTERACTIVE_SECONDS)


def overdue(until: float | None) -> bool:
    """Whether nobody waits for the answer any more."""
    return until is not None and time() >= until


def code_label(ending: Ending) -> str:
    """The metric label of an ending: its code, but one that no manual lists would be without bound."""
    if isinstance(ending, Dead) and ending.category is Category.UNKNOWN:
        return "unlisted"
    return ending.code or ""
