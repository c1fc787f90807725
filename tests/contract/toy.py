"""A fifth platform, as small as one can be: file name to content, to be laid into a copy of the tree."""

SCHEMA = '''
"""What may be published for the toy platform."""

from typing import Annotated

from pydantic import ConfigDict, Field

from schemas.fields import Data, Text


class Greet(Data):
    """1 greet: say hello to somebody."""

    person: Annotated[str, Text(max_bytes=32), Field(title="人")]

    model_config = ConfigDict(json_schema_extra={"examples": [{"person": "world"}]})
'''

SETTINGS = '''
"""What an account at the toy platform needs."""

from gateway.account import AccountSettings


class Settings(AccountSettings):
    """`[platforms.toy_land.<account>]`."""

    base_url: str
'''

CODES = '''
"""The return codes."""

from gateway.outcome import Code, Verdict

CODES = {"ok": Code("好", Verdict.ACCEPTED), "no": Code("不好", Verdict.REJECTED)}
'''

CLIENT = '''
"""Calling the platform."""

from contextlib import asynccontextmanager

from gateway.classify import by_code
from gateway.outcome import Answer
from gateway.transport import AnswerLostError, exchange, refused_by_http, session
from workers.toy_land.codes import CODES


@asynccontextmanager
async def connect(context):
    """The client of an account."""
    settings = context.account.settings
    async with session(source_address=None, timeout_seconds=settings.timeout_seconds) as http:

        async def ask(person):
            reply = await exchange(http, "POST", settings.base_url + "/greet", json={"person": person})
            refused = refused_by_http(reply)
            if refused is None and not isinstance(reply.json, dict):
                raise AnswerLostError("unreadable-answer")
            return refused or by_code(CODES, Answer(reply.json["code"]))

        yield ask
'''

OPERATIONS = '''
"""The one operation."""

from gateway.platform import Operation, Repeat
from schemas.toy_land.events import Greet


async def _greet(ask, data, steps):
    return await ask(data.person)


OPERATIONS = {
    "greet": Operation(
        name="greet", title="问候", section="1", model=Greet, call=_greet, repeat=Repeat.IDEMPOTENT, lane=("person",)
    )
}
'''

PLATFORM = '''
"""The toy platform."""

from gateway.platform import Platform
from workers.toy_land.client import connect
from workers.toy_land.operations import OPERATIONS
from workers.toy_land.settings import Settings

PLATFORM = Platform(name="toy_land", title="玩具", settings=Settings, client=connect, operations=OPERATIONS)
'''

SIMULATOR = '''
"""The toy platform, simulated."""

from aiohttp import web

from gateway.simulation import Clock, Simulation, json_answer


def create_app():
    """Refuses `nobody`, and answers a `stranger` with a code that its manual does not list."""

    async def greet(request):
        code = {"nobody": "no", "stranger": "what"}.get((await request.json())["person"], "ok")
        return json_answer({"code": code}, code)

    app = web.Application()
    app.router.add_post("/greet", greet)
    Simulation(state=dict, reset=lambda: None, clock=Clock()).install(app)
    return app


def demo_settings(base_url, folder):
    """The table of the account."""
    return {"base_url": base_url}
'''

CONTRACT = '''
"""The toy platform's situations."""

from gateway.outcome import Accepted, Dead, Rejected, Retry
from tests.support.contract import Situation, Waiver

GREET = {"person": "world"}


def fault(kind, **options):
    return [("POST", "/_sandbox/faults", {"kind": kind, **options})]


SITUATIONS = {
    "accepted": Situation("greet", GREET),
    "duplicate": Waiver("a greeting said twice is two greetings, and both are welcome"),
    "refused": Situation("greet", {"person": "nobody"}, [], Rejected, "no"),
    "unavailable": Situation("greet", GREET, fault("drop"), Retry),
    "throttled": Situation("greet", GREET, fault("status", status=429), Retry),
    "unknown code": Situation("greet", {"person": "stranger"}, [], Dead, "what"),
    "unreadable answer": Situation("greet", GREET, fault("html"), Retry),
    "token expired": Waiver("there is no token: everybody may greet everybody"),
}
'''

SAMPLES = """
{"specversion": "1.0", "id": "toy-1", "source": "/toy", "type": "toy_land.greet", "title": "a greeting",
 "expectoutcome": "accepted", "expectcode": "ok", "data": {"person": "world"}}
"""

REFUSED_SAMPLE = """
{"specversion": "1.0", "id": "toy-2", "source": "/toy", "type": "toy_land.greet", "title": "nobody is greeted",
 "expectoutcome": "rejected", "expectcode": "no", "data": {"person": "nobody"}}
"""

CONTROL = '{"before": [], "mend": [], "replay": "toy-2"}'

FILES = {
    "schemas/toy_land/__init__.py": '"""The toy platform."""\n',
    "schemas/toy_land/events.py": SCHEMA,
    "workers/toy_land/__init__.py": PLATFORM,
    "workers/toy_land/README.md": "# toy_land\n",
    "workers/toy_land/settings.py": SETTINGS,
    "workers/toy_land/codes.py": CODES,
    "workers/toy_land/client.py": CLIENT,
    "workers/toy_land/operations.py": OPERATIONS,
    "workers/toy_land/simulator/__init__.py": SIMULATOR,
    "tests/platforms/toy_land/__init__.py": "",
    "tests/platforms/toy_land/contract.py": CONTRACT,
    "deploy/samples/toy_land/01-greeting.json": SAMPLES,
    "deploy/samples/toy_land/02-refused.json": REFUSED_SAMPLE,
    "deploy/samples/toy_land/sandbox.json": CONTROL,
}
"""Every one of them new: no file that is there already is touched."""
