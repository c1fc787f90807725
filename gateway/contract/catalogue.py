"""Every type of event that the platforms found here publish or take, with its model."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from gateway import platform
from gateway.platform import AfterDeath, Operation, Platform


@dataclass(frozen=True, slots=True)
class Published:
    """A type that internal services publish; an operation answers it."""

    platform: Platform
    operation: Operation

    @property
    def type(self) -> str:
        """`<platform>.<operation>`."""
        return f"{self.platform.name}.{self.operation.name}"

    @property
    def title(self) -> str:
        """The platform's own name for it."""
        return f"{self.operation.title} {self.operation.name}"

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How it can end. Only a question expires."""
        durable = ("accepted", "rejected", "dead")
        return (*durable, "expired") if self.operation.interactive else durable

    @property
    def description(self) -> str:
        """What a publisher has to know of it."""
        operation = self.operation
        told = f"{self.platform.title}, {operation.section} {operation.title}."
        if operation.interactive:
            return f"{told} Interactive: a person waits for the answer, or it is `expired`."
        lane = " and ".join(f"`{name}`" for name in operation.lane)
        of_its_own = f"else of the same {lane}" if lane else "else none"
        after = "are held behind it" if operation.after_death is AfterDeath.HOLD else "go on"
        order = f"Events of the same `subject`, {of_its_own}, stay in order; when one dies, later ones {after}."
        return f"{told} Durable: accepted in the end, or a dead letter. {order}"


@dataclass(frozen=True, slots=True)
class FromPlatform:
    """A type that the gateway publishes when a platform calls."""

    platform: Platform
    name: str
    model: type[BaseModel]

    @property
    def type(self) -> str:
        """`<platform>.<event>`."""
        return f"{self.platform.name}.{self.name}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All types, sorted."""

    platforms: tuple[Platform, ...]
    published: tuple[Published, ...]
    inbound: tuple[FromPlatform, ...]


def catalogue() -> Catalogue:
    """What is found here. Raises PlatformError for a platform that cannot be loaded."""
    platforms = tuple(platform.load(name) for name in platform.names())
    return Catalogue(
        platforms,
        tuple(sorted(_published(platforms), key=lambda each: each.type)),
        tuple(sorted(_inbound(platforms), key=lambda each: each.type)),
    )


def _published(platforms: Iterable[Platform]) -> Iterator[Published]:
    for each in platforms:
        yield from (Published(each, operation) for operation in each.operations.values())


def _inbound(platforms: Iterable[Platform]) -> Iterator[FromPlatform]:
    for each in platforms:
        yield from (FromPlatform(each, name, model) for name, model in each.inbound_events.items())
