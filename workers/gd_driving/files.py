"""The bytes of a file that an event carries or names: base64, `file:` under a folder, `https:` on listed hosts."""

import asyncio
import errno
import os
import stat
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import aiohttp
from yarl import URL

from schemas.gd_driving.fields import File
from workers.gd_driving.settings import Settings

REDIRECTS = 3
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CHUNK = 64 * 1024
OK, NOT_FOUND_FROM, BROKEN_FROM = 200, 400, 500
LATER = frozenset({408, 425, 429})
NO_SUCH_FILE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG})


class FileRefusedError(Exception):
    """There is no such file for this event, now or later; the message says why and carries no address."""


class FileAwayError(Exception):
    """The file cannot be had now; its place may answer later."""


async def read(file: File, settings: Settings, http: aiohttp.ClientSession, limit: int) -> bytes:
    """The file's bytes, of which no more than `limit` are ever held. Raises FileRefusedError, FileAwayError."""
    if file.content is not None:
        return _within(b64decode("".join(file.content.split())), limit)
    address = file.url or ""
    if address.startswith("file:"):
        return _within(await asyncio.to_thread(_from_folder, address, settings.files_folder, limit), limit)
    return await _from_host(address, settings, http, limit)


def _within(content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise FileRefusedError(f"the file is larger than {limit} bytes")
    return content


def _from_folder(address: str, folder: Path | None, limit: int) -> bytes:
    """At most one byte more than `limit`, so that too much is seen."""
    if folder is None:
        raise FileRefusedError("file: addresses need the account's files_folder")
    parts = _parts(address, folder.absolute())
    try:
        with _opened(folder, parts) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileRefusedError("the file: address is no file")
            return opened.read(limit + 1)
    except OSError as error:
        known = FileRefusedError if error.errno in NO_SUCH_FILE else FileAwayError
        raise known(f"the file: address cannot be read: {error.strerror}") from None


def _parts(address: str, folder: Path) -> tuple[str, ...]:
    """The path inside the folder, step by step. An absolute address must begin with the folder."""
    split = urlsplit(address)
    path = PurePosixPath(unquote(split.path))
    if split.netloc not in {"", "localhost"} or split.query or split.fragment or "\0" in str(path):
        raise FileRefusedError("the file: address is none of a path")
    if path.is_absolute():
        if not path.is_relative_to(folder):
            raise FileRefusedError("the file: address leads outside the files_folder")
        path = path.relative_to(folder)
    if not path.parts or ".." in path.parts:
        raise FileRefusedError("the file: address leads outside the files_folder")
    return path.parts


@contextmanager
def _opened(folder: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """The file opened step by step from the folder; a symbolic link on the way is refused, wherever it leads."""
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for number, part in enumerate(parts, start=1):
            kind = os.O_NONBLOCK if number == len(parts) else os.O_DIRECTORY
            below = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | kind, dir_fd=here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


async def _from_host(address: str, settings: Settings, http: aiohttp.ClientSession, limit: int) -> bytes:
    try:
        url = URL(address)
        for _ in range(REDIRECTS + 1):
            _require_listed(url, settings)
            async with http.get(url, allow_redirects=False, headers={"Accept-Encoding": "identity"}) as response:
                if response.status == OK:
                    return await _streamed(response, limit)
                url = url.join(_next(response))
    except ValueError:
        raise FileRefusedError("the https: address is none") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise FileAwayError(f"the file's host gave no file: {type(error).__name__}") from None
    raise FileRefusedError(f"the https: address redirects more than {REDIRECTS} times")


def _require_listed(url: URL, settings: Settings) -> None:
    """Every address on the way, redirects included: https, no credentials, and a host with port of the list."""
    plain = settings.files_http_loopback and url.scheme == "http" and url.host in LOOPBACK
    if url.scheme != "https" and not plain:
        raise FileRefusedError("the address must be https")
    if url.user or url.password:
        raise FileRefusedError("the https: address must not carry credentials")
    names = {f"{url.raw_host}:{url.port}", *([url.raw_host] if url.is_default_port() else [])}
    if not names & {host.lower() for host in settings.files_hosts}:
        raise FileRefusedError("the https: address leads to a host that is not in files_hosts")


def _next(response: aiohttp.ClientResponse) -> URL:
    """Where the answer redirects to."""
    if response.status >= BROKEN_FROM or response.status in LATER:
        raise FileAwayError(f"the file's host answered {response.status}")
    target = response.headers.get("Location")
    if response.status >= NOT_FOUND_FROM or target is None:
        raise FileRefusedError(f"the file's host answered {response.status}")
    return URL(target)


async def _streamed(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body, given up as soon as it is more than `limit` bytes."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        content += chunk
        if len(content) > limit:
            response.close()
            raise FileRefusedError(f"the file is larger than {limit} bytes")
    return bytes(content)
