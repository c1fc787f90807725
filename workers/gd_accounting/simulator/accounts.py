"""Section 11, 获取token: institutions, their one valid token, and the lock after too many wrong secrets."""

import hmac
import secrets as random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workers.gd_accounting.simulator.codes import Code, Refused


@dataclass(slots=True)
class Institution:
    """One 网校 and how it stands; the token is valid until `token_ttl` after `last_used`."""

    app_id: str
    secret: str
    token: str | None = None
    last_used: float = 0.0
    wrong_secrets: int = 0


class Accounts:
    """Who may log in, and which tokens live. Times are seconds of the clock given."""

    def __init__(
        self,
        secrets: Mapping[str, str],
        *,
        clock: Callable[[], float],
        token_ttl: float,
        max_wrong_secrets: int,
    ) -> None:
        self.institutions = {app_id: Institution(app_id, secret) for app_id, secret in secrets.items()}
        self.counts: Counter[str] = Counter()
        self._issued: dict[str, str] = {}
        self._clock = clock
        self._token_ttl = token_ttl
        self._max_wrong_secrets = max_wrong_secrets

    def reset(self) -> None:
        """Nobody has logged in yet."""
        self.counts.clear()
        self._issued.clear()
        for each in self.institutions.values():
            each.token, each.last_used, each.wrong_secrets = None, 0.0, 0

    def known(self, app_id: str) -> Institution:
        """The institution, or A0201."""
        if app_id not in self.institutions:
            raise Refused(Code.NO_SUCH_ACCOUNT, app_id)
        return self.institutions[app_id]

    def login(self, app_id: str, secret: str) -> str:
        """A new token; the one before it dies (注意事项 4: 只有一个有效的token)."""
        try:
            institution = self.known(app_id)
            self._check_secret(institution, secret)
        except Refused:
            self.counts["logins_failed"] += 1
            raise
        self.counts["logins_succeeded"] += 1
        return self._issue(institution)

    def _check_secret(self, institution: Institution, secret: str) -> None:
        # the wrong secrets up to the limit are A0210; from then on everything is A0211, the right one too
        if self.locked(institution):
            raise Refused(Code.TOO_MANY_WRONG_PASSWORDS)
        if not hmac.compare_digest(institution.secret.encode(), secret.encode()):
            institution.wrong_secrets += 1
            raise Refused(Code.WRONG_PASSWORD)
        institution.wrong_secrets = 0

    def locked(self, institution: Institution) -> bool:
        """Whether only `unlock` lets this institution in again."""
        return institution.wrong_secrets >= self._max_wrong_secrets

    def unlock(self, app_id: str) -> None:
        """Forget the wrong secrets of an institution."""
        self.known(app_id).wrong_secrets = 0

    def _issue(self, institution: Institution) -> str:
        token = random.token_hex(32)
        self._issued[token] = institution.app_id
        institution.token, institution.last_used = token, self._clock()
        return token

    def authenticate(self, token: str | None) -> Institution:
        """Whose token this is; using it renews it (注意事项 1: 最后一次调用业务接口后30分钟内).

        The document lists three codes without saying which is which. Here: no token at all is A0103
        用户未认证, a token that was never issued A0200 用户登录异常, and one that died, by age or by a newer
        login, A0311 授权已过期.
        """
        if not token:
            raise Refused(Code.NOT_AUTHENTICATED)
        if token not in self._issued:
            raise Refused(Code.LOGIN_ABNORMAL)
        institution = self.holder(token)
        if institution is None:
            self.counts["dead_token_calls"] += 1
            raise Refused(Code.AUTHORIZATION_EXPIRED)
        institution.last_used = self._clock()
        return institution

    def holder(self, token: str | None) -> Institution | None:
        """Whose live token this is, without using it."""
        institution = self.institutions.get(self._issued.get(token or "", ""))
        if institution is None or institution.token != token:
            return None
        return institution if self._clock() - institution.last_used <= self._token_ttl else None

    def usurp(self, institution: Institution) -> None:
        """Another system logs in with this institution's account: its token dies."""
        self.counts["token_kills"] += 1
        self._issue(institution)
