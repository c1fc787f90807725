"""省应用支撑平台: systems, their keys, and the tokens that keys give."""

import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

MESSAGES: Mapping[int, str] = {
    1: "操作成功",
    1000: "非法请求参数, 获取token失败",
    1202: "该秘钥与系统不匹配,获取token失败",
    1205: "无效token",
    1200: "没有接口访问权限",
    1210: "不在接口访问白名单内",
    1211: "在接口访问黑名单内",
    1212: "服务已失效",
    1213: "接口已停止",
    1214: "不在允许访问时间段内",
}
"""ResultCode状态码."""


class Refused(Exception):  # noqa: N818 - an answer of the platform, not an error of the simulator
    """The platform answers this ResultCode."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Pass:
    """What a token stands for."""

    system_id: str
    key: str
    issued: float


class Access:
    """Who may call what. `keys`: by system and key, the interfaces it was approved for (附录6.1)."""

    def __init__(
        self, keys: Mapping[str, Mapping[str, str]], *, clock: Callable[[], float], token_ttl: float
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._keys = keys
        self._clock = clock
        self._token_ttl = token_ttl
        self._passes: dict[str, Pass] = {}

    def reset(self) -> None:
        """Nobody has logged in yet."""
        self.counts.clear()
        self._passes.clear()

    def login(self, system_id: str, key: str) -> tuple[str, str]:
        """A new token, and the interfaces that it opens. The document does not say what becomes of the one
        before it with this key; here it dies."""
        try:
            share = self._share(system_id, key)
        except Refused:
            self.counts["logins_failed"] += 1
            raise
        self.counts["logins_succeeded"] += 1
        self.usurp(system_id, key)
        token = f"KTOKEN_{uuid4()}"
        self._passes[token] = Pass(system_id, key, self._clock())
        return token, share

    def _share(self, system_id: str, key: str) -> str:
        if not key or system_id not in self._keys:
            raise Refused(1000)
        for known, share in self._keys[system_id].items():
            if hmac.compare_digest(known.encode(), key.encode()):
                return share
        raise Refused(1202)

    def usurp(self, system_id: str, key: str) -> None:
        """The tokens that this key gave die."""
        self._passes = {
            token: held for token, held in self._passes.items() if (held.system_id, held.key) != (system_id, key)
        }

    def valid(self, system_id: str | None, token: str | None) -> Pass | None:
        """What a live token of this system stands for."""
        held = self._passes.get(token or "")
        if held is None or held.system_id != system_id or self._clock() - held.issued > self._token_ttl:
            return None
        return held

    def admit(self, system_id: str | None, token: str | None, share: str | None = None) -> Pass:
        """The holder of a live token, or 1205; 1200 where its key was not approved for the interfaces `share`."""
        held = self.valid(system_id, token)
        if held is None:
            self.counts["dead_token_calls"] += 1
            raise Refused(1205)
        if share is not None and self._keys[held.system_id][held.key] != share:
            raise Refused(1200)
        return held
