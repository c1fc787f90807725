"""What comes back on `gateway.results`: one CloudEvent per event, at least once (DESIGN §3)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

OutcomeName = Literal["accepted", "rejected", "dead", "expired"]
CategoryName = Literal["invalid", "rejected", "exhausted", "uncertain", "unknown", "held"]


class Result(BaseModel):
    """The `data` of a result event. Consumers deduplicate on `event_id`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: Annotated[str | None, Field(description="the event's id; null where none could be read")]
    outcome: OutcomeName
    category: Annotated[CategoryName | None, Field(description="as on the dead letter; null when accepted")]
    code: Annotated[str | None, Field(description="the platform's return code, or the gateway's own word")]
    message: Annotated[str, Field(description="for people; personal data masked")]
    duplicate: Annotated[bool, Field(description="the platform already had it")] = False
    attempts: Annotated[int, Field(ge=0, description="calls made to the platform for this event")]
    response: Annotated[dict[str, Any] | None, Field(description="the platform's data, where it gave any")]
    finished_at: datetime
