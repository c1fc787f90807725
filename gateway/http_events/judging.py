"""Whether events may be published, and as which messages. Pure."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from pydantic import ValidationError

from gateway.broker import Outgoing
from gateway.decode import LARGEST_EVENT, Refused, decode, explain
from gateway.http_events.problem import Fault, Kind, of_faults
from gateway.http_events.reading import Raw
from gateway.masking import scrub
from gateway.platform import Operation
from gateway.settings import Publisher
from gateway.topology import EVENTS, Names
from schemas.envelope import CONTENT_TYPE, Event

Accounts = Mapping[tuple[str, str], Mapping[str, Operation]]
"""The operations of every account configured here, by platform and name of the account."""


def judge(raws: Sequence[Raw], name: str, publisher: Publisher, accounts: Accounts) -> list[Outgoing]:
    """The messages to publish. Raises ProblemError unless every single one may be."""
    judged = [_judge(raw, name, publisher, accounts) for raw in raws]
    faults = [(number, each) for number, each in enumerate(judged) if isinstance(each, Fault)]
    if faults:
        raise of_faults(faults, len(raws))
    return [each for each in judged if isinstance(each, Outgoing)]


def _judge(raw: Raw, name: str, publisher: Publisher, accounts: Accounts) -> Outgoing | Fault:
    if len(raw.body) > LARGEST_EVENT:
        return Fault(Kind.TOO_LARGE, f"the event has {len(raw.body)} bytes, at most {LARGEST_EVENT} are taken")
    if not isinstance(raw.event, dict):
        return Fault(Kind.NO_CLOUDEVENT, f"an event is a JSON object, not a {type(raw.event).__name__}")
    try:
        event = Event.model_validate(raw.event)
    except ValidationError as error:
        return Fault(Kind.NO_CLOUDEVENT, scrub(f"no CloudEvent: {explain(error, Event, raw.event)}"))
    except RecursionError:
        return Fault(Kind.NO_CLOUDEVENT, "the event is nested too deep")
    if not may(publisher, event):
        said = f"{name!r} may not publish type {event.type!r} for account {event.account!r}"
        return Fault(Kind.NOT_ALLOWED, scrub(f"{said}: see types and accounts of [http.publishers.{name}]"))
    return _message(raw, name, event, accounts)


def may(publisher: Publisher, event: Event) -> bool:
    """Whether a publisher's patterns let this event through."""
    return any(fnmatchcase(event.type, pattern) for pattern in publisher.types) and any(
        fnmatchcase(event.account, pattern) for pattern in publisher.accounts
    )


def _message(raw: Raw, name: str, event: Event, accounts: Accounts) -> Outgoing | Fault:
    """Judged as the worker will judge it, so that what is refused here would have died there, in the same words."""
    operations = accounts.get((event.platform, event.account))
    if operations is None:
        said = f"no account {event.account!r} of platform {event.platform!r} is configured here"
        return Fault(Kind.UNKNOWN, scrub(f"{said}: check type and account, or add the account to the settings"))
    names = Names(event.platform, event.account)
    key = names.key(event.operation)
    judged = decode(raw.body, key, names, operations)
    if isinstance(judged, Refused):
        return Fault(Kind.INVALID if event.operation in operations else Kind.UNKNOWN, judged.ending.message)
    return Outgoing(EVENTS, key, raw.body, {"content_type": CONTENT_TYPE, "message_id": event.id, "app_id": name})
