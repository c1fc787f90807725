import json

from tests.bench import http
from tests.bench.http import Request
from tests.bench.platform_process import Behaviour, Platform

CREDENTIALS = b'{"appId": "school", "secret": "synthetic"}'


def log_in(platform: Platform) -> bytes:
    token: str = json.loads(platform.log_in(CREDENTIALS))["data"]["token"]
    return token.encode()


def asked(platform: Platform, token: bytes) -> str:
    answer = platform.judge(Request(b"/intf/org/synchronizeScore", b"Bearer " + token, b""))
    return str(json.loads(answer)["status"])


def test_a_new_token_kills_the_old_one() -> None:
    platform = Platform()
    old, new = log_in(platform), log_in(platform)
    assert (asked(platform, old), asked(platform, new)) == ("A0311", "200")


def test_a_token_expires_once_until_there_is_another() -> None:
    platform = Platform()
    platform.behave(Behaviour(expire_every=1e-9))
    token = log_in(platform)
    assert [asked(platform, token) for _ in range(3)] == ["A0311"] * 3
    assert len(platform.times["expiries"]) == 1
    assert asked(platform, log_in(platform)) == "A0311"
    assert len(platform.times["expiries"]) == 2


def test_the_seed_decides_when_tokens_expire() -> None:
    assert expiries("a") == expiries("a") != expiries("b")


def expiries(seed: str) -> list[int]:
    platform = Platform()
    platform.behave(Behaviour(expire_every=20, seed=seed))
    token, found = log_in(platform), []
    for number in range(300):
        if asked(platform, token) != "200":
            found.append(number)
            token = log_in(platform)
    return found


def test_a_request_is_read_when_all_of_it_is_there() -> None:
    raw = b"POST /intf/login?x=1 HTTP/1.1\r\nAUTHORIZATION: Bearer t\r\nContent-Length: 4\r\n\r\nbody"
    assert http.read(raw[:-1]) is None
    assert http.read(raw + b"GET") == (Request(b"/intf/login", b"Bearer t", b"body"), len(raw))
