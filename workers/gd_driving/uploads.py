"""Files that an event carries in place of their ids: fetched and checked all, then uploaded one by one, each once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from gateway.outcome import Accepted, Category, Ending, Rejected, Retry, Unavailable
from gateway.steps import Steps
from gateway.transport import AnswerLostError
from schemas.fields import Data
from schemas.gd_driving.fields import File
from workers.gd_driving import files
from workers.gd_driving.client import Client
from workers.gd_driving.content import flaw, size_limit

Types = Mapping[str, str]
"""Field → the A.5.3 type of the file whose id it wants."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of an event: the field that wants its id, its type of A.5.3, and where it is."""

    field: str
    file_type: str
    file: File

    @property
    def step(self) -> str:
        """Names this very file, so that a replay with another file in the field uploads that one."""
        source = self.file.content or self.file.url or ""
        return f"upload:{self.field}:{self.file_type}:{sha256(source.encode()).hexdigest()[:16]}"


class NotSubmittedError(Exception):
    """The record was not sent, and `ending` says what that means for the event."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(getattr(ending, "code", None))
        self.ending = ending


def carried(data: Data, types: Types) -> list[Upload]:
    """The files among the fields of `types`, in the order of the table."""
    found = ((name, getattr(data, name)) for name in types)
    return [Upload(name, types[name], value) for name, value in found if isinstance(value, File)]


async def fetch(client: Client, upload: Upload) -> bytes:
    """The file's bytes, as A.5.3 wants them. Raises NotSubmittedError."""
    limit = size_limit(upload.file_type, client.settings.largest_file_bytes)
    try:
        content = await files.read(upload.file, client.settings, client.files, limit)
    except files.FileRefusedError as error:
        raise NotSubmittedError(_invalid(upload, str(error))) from None
    except files.FileAwayError as error:
        raise NotSubmittedError(Retry("file-away", f"{upload.field}: {error}")) from None
    if wrong := flaw(upload.file_type, content, client.settings.largest_file_bytes):
        raise NotSubmittedError(_invalid(upload, wrong))
    return content


async def upload_all(client: Client, uploads: list[Upload], steps: Steps) -> dict[str, int]:
    """Field → file id. What an earlier attempt has uploaded is not fetched again.

    Raises NotSubmittedError, NotSentError; LedgerError when a step could not be recorded.
    """
    contents = {each.field: await fetch(client, each) for each in uploads if each.step not in steps}
    for each in uploads:
        if each.step not in steps:
            await steps.record(each.step, await _upload(client, each, contents.pop(each.field)))
    return {each.field: steps[each.step] for each in uploads}


async def _upload(client: Client, upload: Upload, content: bytes) -> int:
    try:
        ending = await client.upload(upload.file_type, content)
    except AnswerLostError as error:
        # the record itself has not been sent yet, and a file that nothing refers to does no harm
        reason = f"{upload.field}: no usable answer to its upload"
        raise NotSubmittedError(Unavailable(error.code, reason)) from error
    match ending:
        case Accepted(response=response) if response is not None:
            number: int = response["id"]
            return number
        case _:
            raise NotSubmittedError(replace(ending, message=f"{upload.field}: {ending.message}"))


def _invalid(upload: Upload, reason: str) -> Rejected:
    return Rejected("invalid-file", f"{upload.field}: {reason}", Category.INVALID)
