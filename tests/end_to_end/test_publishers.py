"""Publishers over HTTP from the outside: a key made by the command, the settings file, the real process."""

import asyncio
import os
import re
import shutil
import subprocess
from pathlib import Path

import aiohttp
import pytest

import deploy
from gateway.http_events.keys import hashed
from gateway.settings import ConfigError, load
from tests.support.commands import gateway, server
from tests.support.outside import mobile_login
from tests.support.posting import KEY, Poster, posting
from tests.support.scene import Scene

HASH = hashed("a")


@pytest.fixture
async def key(stage: Scene) -> str:
    """A key made by the command, its hash in the settings as the command told it."""
    made = await gateway(stage.folder, "publisher", "key", "school")
    assert made.code == 0
    stage.settings()
    file = stage.folder / "gateway.toml"
    file.write_text(f"{file.read_text()}\n{made.err.replace('<platform>', 'gd_accounting')}", encoding="utf-8")
    (key,) = made.out.splitlines()
    assert re.fullmatch(r"gwp_[\w-]{43}", key)
    assert key not in made.err
    return key


async def test_an_event_over_http_becomes_a_result_and_its_key_stands_in_no_log(stage: Scene, key: str) -> None:
    event = mobile_login("t-1")
    async with server(stage.folder, "run") as web, aiohttp.ClientSession() as http:
        poster = Poster(f"http://127.0.0.1:{web.port}", http, key)
        assert (await poster.post(event)).status == 202
        assert (await stage.service.result(event["id"]))["outcome"] == "accepted"
        assert (await poster.under("wrong-key").post(event)).status == 401
        counted = "gateway_http_events_total"
        assert await web.sample(counted, publisher="school", status="202") == 1
        assert await web.sample(counted, publisher="unknown", status="401") == 1
        assert await web.stop() == 0
    (line,) = [line for line in web.logged if line["event"] == "http_events.published"]
    assert (line["publisher"], line["events"]) == ("school", 1)
    assert key not in web.log
    assert "wrong-key" not in web.log


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
async def test_the_example_of_the_documentation_works_as_it_stands(stage: Scene) -> None:
    async with posting(stage.settings()) as web:
        command = documented().replace("https://gateway.example.com", web.address)
        done = await asyncio.to_thread(run, command, KEY)
        assert done.stdout.splitlines()[-1].endswith("202"), done
        assert await stage.depth("bulk") == 1


def run(command: str, key: str) -> subprocess.CompletedProcess[str]:
    """A command of the documentation, in a shell that knows the key."""
    known = {"PATH": os.environ["PATH"], "KEY": key}
    return subprocess.run(["sh", "-c", command], env=known, capture_output=True, text=True, check=False)


def documented() -> str:
    """The first command with curl in the documentation."""
    text = (Path(deploy.__file__).parent / "docs" / "publishing.md").read_text(encoding="utf-8")
    found = re.search(r"```sh\n(curl .*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


WRONG = {
    '[http.publishers.school]\nkey_hash = "geheim"\ntypes = ["*"]': ("key_hash", "gateway publisher key"),
    f'[http.publishers.school]\nkey_hash = "{HASH}"': ("types", "required"),
    f'[http.publishers.school]\nkey_hash = "{HASH}"\ntypes = []': ("types", "at least 1"),
    f'[http.publishers.school]\nkey_hash = "{HASH}"\ntypes = ["[a-z]"]': ("types", "pattern"),
    f'[http.publishers.School]\nkey_hash = "{HASH}"\ntypes = ["*"]': ("publishers", "a-z, 0-9"),
    f'[http.publishers.a]\nkey_hash = "{HASH}"\ntypes = ["*"]\n'
    f'[http.publishers.b]\nkey_hash = "{HASH}"\ntypes = ["*"]': ("publishers", "same key"),
}


@pytest.mark.parametrize(("text", "named"), WRONG.items())
def test_a_publisher_that_is_wrong_in_the_settings_is_refused_by_name(
    tmp_path: Path, text: str, named: tuple[str, str]
) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as refusal:
        load(file)
    assert all(word in str(refusal.value) for word in named), refusal.value
    assert "geheim" not in str(refusal.value)


async def test_a_key_for_a_name_that_settings_cannot_have_is_refused(stage: Scene) -> None:
    done = await gateway(stage.folder, "publisher", "key", "No Name")
    assert (done.code, done.out) == (2, "")
