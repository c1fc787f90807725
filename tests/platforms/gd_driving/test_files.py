"""Where files come from and which are taken: content, folder, hosts, sizes."""

import os
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from schemas.gd_driving.codes import FILE_RULES
from schemas.gd_driving.fields import File
from tests.platforms.gd_driving.support import JPEG, MP4, PDF, PNG, answering, settings
from workers.gd_driving import files
from workers.gd_driving.content import flaw, format_of
from workers.gd_driving.files import FileAwayError, FileRefusedError

LARGEST = 10 * 1024 * 1024
SAMPLES = {"jpeg": JPEG, "png": PNG, "pdf": PDF, "mp4": MP4}


# --- content


@pytest.mark.parametrize(("name", "content"), list(SAMPLES.items()))
def test_a_file_is_what_its_first_bytes_say(name: str, content: bytes) -> None:
    assert format_of(content) == name


def test_anything_else_has_no_format_and_a_pdf_may_begin_a_little_later() -> None:
    for other in (b"", b"GIF89a", b"%PD", b"\xff\xd8", b"\x89PNG", b"PK\x03\x04", b"x" * 1030 + PDF):
        assert format_of(other) is None
    assert format_of(b"\xef\xbb\xbf" + PDF) == "pdf"


@pytest.mark.parametrize("file_type", FILE_RULES)
def test_a_file_type_takes_its_formats_and_no_others(file_type: str) -> None:
    rule = FILE_RULES[file_type]
    for name, content in SAMPLES.items():
        assert (flaw(file_type, content, LARGEST) is None) == (not rule.formats or name in rule.formats)
    assert (flaw(file_type, b"GIF89a", LARGEST) is None) == (not rule.formats)
    assert "empty" in (flaw(file_type, b"", LARGEST) or "")


@pytest.mark.parametrize("file_type", FILE_RULES)
def test_a_file_has_at_most_the_size_of_its_type(file_type: str) -> None:
    rule = FILE_RULES[file_type]
    limit = rule.limit or LARGEST
    start = SAMPLES[sorted(rule.formats)[0]] if rule.formats else PNG
    assert flaw(file_type, start.ljust(limit, b"\0"), LARGEST) is None
    assert f"{limit} bytes" in (flaw(file_type, start.ljust(limit + 1, b"\0"), LARGEST) or "")


@given(st.binary(max_size=2000))
def test_any_bytes_can_be_judged(content: bytes) -> None:
    assert format_of(content) in {None, *SAMPLES}


# --- base64 and folder


async def read(address: str | None = None, content: str | None = None, limit: int = 1000, **changes: Any) -> bytes:
    async with aiohttp.ClientSession() as http:
        return await files.read(File(url=address, content=content), settings(**changes), http, limit)


async def test_base64_is_read_also_with_line_breaks_and_cut_off_at_the_limit() -> None:
    assert await read(content=b64encode(PDF).decode()) == PDF
    packed = b64encode(PDF).decode()
    assert await read(content="\n".join([packed[:20], packed[20:]])) == PDF
    with pytest.raises(FileRefusedError, match="larger than 10 bytes"):
        await read(content=packed, limit=10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "files"
    (inside / "contracts").mkdir(parents=True)
    (inside / "contracts" / "学员 1.pdf").write_bytes(PDF)
    (tmp_path / "secret.pdf").write_bytes(b"%PDF-secret")
    (tmp_path / "filesecret.pdf").write_bytes(b"%PDF-secret")
    (inside / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (inside / "out").symlink_to(tmp_path)
    os.mkfifo(inside / "pipe")
    return inside


async def test_a_file_address_leads_into_the_folder_from_it_or_absolutely(folder: Path) -> None:
    for address in (
        "file:contracts/学员%201.pdf",
        "file:./contracts//%E5%AD%A6%E5%91%98%201.pdf",
        f"file:{folder}/contracts/学员%201.pdf",
        f"file://{folder}/contracts/学员%201.pdf",
        f"file://localhost{folder}/contracts/学员%201.pdf",
    ):
        assert await read(address, files_folder=str(folder)) == PDF


@pytest.mark.parametrize(
    "address",
    [
        "file:../secret.pdf",
        "file:contracts/../../secret.pdf",
        "file:%2e%2e/secret.pdf",
        "file:..%2fsecret.pdf",
        "file:contracts/..",
        "file:/etc/passwd",
        "file:///etc/passwd",
        "file://{folder}/../secret.pdf",
        "file://{folder}ecret.pdf",
        "file:link.pdf",
        "file:out/secret.pdf",
        "file:out/files/contracts/学员%201.pdf",
        "file://otherhost{folder}/contracts/学员%201.pdf",
        "file:contracts",
        "file:pipe",
        "file:none.pdf",
        "file:contracts/学员%201.pdf/x",
        "file:a%00b",
        "file:contracts/学员%201.pdf?x=1",
        "file:.",
        "file:" + "x" * 300,
    ],
)
async def test_no_file_address_leads_out_of_the_folder_nor_to_what_is_no_file(folder: Path, address: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        await read(address.replace("{folder}", str(folder)), files_folder=str(folder))
    assert str(folder) not in str(refused.value)


async def test_without_a_folder_no_file_address_is_read(folder: Path) -> None:
    with pytest.raises(FileRefusedError, match="files_folder"):
        await read(f"file:{folder}/contracts/学员%201.pdf")


async def test_a_folder_that_is_not_there_now_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError):
        await read("file:a.pdf", files_folder=str(tmp_path / "unmounted"))


async def test_a_large_file_is_not_read_beyond_the_limit(folder: Path) -> None:
    with (folder / "large").open("wb") as large:
        large.truncate(10**12)  # a hole: reading it whole would never end
    with pytest.raises(FileRefusedError, match="larger than 1000 bytes"):
        await read("file:large", files_folder=str(folder))


@given(st.text(min_size=1, max_size=40))
def test_no_path_leaves_the_folder(tmp_path_factory: pytest.TempPathFactory, path: str) -> None:
    if not _FOLDERS:
        _FOLDERS.append(tmp_path_factory.mktemp("files"))
    try:
        content = files._from_folder(f"file:{path}", _FOLDERS[0], 10)
    except (FileRefusedError, FileAwayError, ValueError):
        return
    raise AssertionError(content)


_FOLDERS: list[Path] = []


# --- hosts


class Host:
    """A host of files that redirects, fails, and sends without end."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.sent = 0
        self.credentials: list[str | None] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        self.credentials.append(request.headers.get("Authorization"))
        kind, _, rest = request.path.strip("/").partition("/")
        if kind == "to":
            return web.Response(status=302, headers={"Location": request.query["url"]})
        if kind == "loop":
            return web.Response(status=302, headers={"Location": f"/loop/{len(self.paths)}"})
        if kind == "endless":
            return await self._endless(request)
        if kind == "status":
            return web.Response(status=int(rest))
        return web.Response(body=PDF)

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"} if request.query else None)
        await response.prepare(request)
        while True:
            try:
                await response.write(b"x" * 1024)
            except ConnectionError:
                return response
            self.sent += 1024


@asynccontextmanager
async def host() -> AsyncIterator[tuple[Host, str, dict[str, Any]]]:
    here = Host()
    async with answering(here) as base:
        yield here, base, {"files_hosts": [base.removeprefix("http://")], "files_http_loopback": True}


async def test_a_file_is_fetched_from_a_listed_host_without_our_credentials() -> None:
    async with host() as (here, base, allowed):
        assert await read(f"{base}/a.pdf?signed=1", **allowed) == PDF
        assert here.credentials == [None]


async def test_plain_http_is_refused_unless_it_is_loopback_and_allowed() -> None:
    async with host() as (here, base, allowed):
        with pytest.raises(FileRefusedError, match="must be https"):
            await read(f"{base}/a.pdf", files_hosts=allowed["files_hosts"])
        assert here.paths == []
    with pytest.raises(FileRefusedError, match="must be https"):
        await read("http://files.example.com/a", files_hosts=["files.example.com"], files_http_loopback=True)


@pytest.mark.parametrize(
    "address",
    [
        "https://other.example.com/a",
        "https://files.example.com.evil.example/a",
        "https://files.example.com:8443/a",
        "https://files.example.com@other.example.com/a",
        "https://me:secret@files.example.com/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://[/a",
        "https:///a",
        "https:a",
    ],
)
async def test_an_address_on_another_host_or_port_or_with_credentials_is_refused(address: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        await read(address, files_hosts=["files.example.com"])
    assert "secret" not in str(refused.value)


async def test_a_host_that_is_listed_with_its_port_is_not_meant_on_another() -> None:
    with pytest.raises(FileRefusedError, match="files_hosts"):
        await read("https://files.example.com/a", files_hosts=["files.example.com:8443"])


async def test_a_redirect_is_followed_on_the_list_and_nowhere_else() -> None:
    async with host() as (here, base, allowed), host() as (other, elsewhere, _):
        assert await read(f"{base}/to/?url=/a.pdf", **allowed) == PDF
        for target in (
            f"{elsewhere}/a.pdf",
            "https://other.example.com/a",
            "file:///etc/passwd",
            "ftp://x/y",
            "//x/y",
        ):
            with pytest.raises(FileRefusedError):
                await read(f"{base}/to/?url={target}", **allowed)
        assert other.paths == []
        assert here.paths[-1] == "/to/"


async def test_redirects_without_end_are_given_up() -> None:
    async with host() as (here, base, allowed):
        with pytest.raises(FileRefusedError, match="more than 3 times"):
            await read(f"{base}/loop/0", **allowed)
        assert len(here.paths) == 4


async def test_a_body_is_cut_off_while_it_streams() -> None:
    async with host() as (here, base, allowed):
        with pytest.raises(FileRefusedError, match="larger than 200000 bytes"):
            await read(f"{base}/endless/", limit=200_000, **allowed)
        assert here.sent < 64 * 1024 * 1024


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 410])
async def test_a_host_that_has_no_such_file_refuses_it_for_good(status: int) -> None:
    async with host() as (_, base, allowed):
        with pytest.raises(FileRefusedError, match=str(status)):
            await read(f"{base}/status/{status}", **allowed)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_host_that_cannot_now_may_later(status: int) -> None:
    async with host() as (_, base, allowed):
        with pytest.raises(FileAwayError, match=str(status)):
            await read(f"{base}/status/{status}", **allowed)


async def test_a_host_that_is_away_may_come_back() -> None:
    async with host() as (_, base, allowed):
        pass
    with pytest.raises(FileAwayError) as away:
        await read(f"{base}/a.pdf", **allowed)
    assert base not in str(away.value)
