"""The eight operations, one interface of the document each, and what their answers become."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from gateway.outcome import Accepted, Code, Ending, Rejected, Verdict
from gateway.platform import AfterDeath, Operation, Repeat
from gateway.steps import Steps
from gateway.tally import Sums
from gateway.transport import AnswerLostError
from schemas.fields import Data
from schemas.gd_accounting import events
from workers.gd_accounting.annual import ANNUAL
from workers.gd_accounting.client import Client, Interface
from workers.gd_accounting.learner import BadSignError, UnreadableError, read_learner

MINI_PROGRAM_APP_ID = "wx1bbe1a28027f45a9"
"""小程序appId, section 8.10.3."""

MINI_PROGRAM_PAGE = "pages/views/index"
QR_CODE_VALID = timedelta(minutes=2)
"""二维码有效期为2分钟, section 8."""

OF_THE_CODE = {"A0311": Code("授权已过期", Verdict.REJECTED)}
"""getData wants no token: what has expired there is the authorisation code 授权码."""

VERIFICATION = {"0": "not_verified", "1": "verified", "2": "expired"}
"""验证结果, section 9: 未验证, 已验证, uuid超时."""

Read = Callable[[Client, Accepted], Ending]


def _operation(  # noqa: PLR0913 - one argument for each thing to declare
    name: str,
    model: type[Data],
    interface: Interface,
    *,
    read: Read,
    added: Callable[[Client], Mapping[str, Any]] = lambda client: {},
    interactive: bool = False,
    repeat: Repeat = Repeat.IDEMPOTENT,
    after_death: AfterDeath = AfterDeath.SKIP,
    sums: Sums | None = None,
) -> Operation:
    async def call(client: Client, data: Data, _: Steps) -> Ending:
        parameters = {**vars(data), **added(client)}
        ending = await client.ask(interface, parameters)
        return read(client, ending) if isinstance(ending, Accepted) else ending

    return Operation(
        name=name,
        title=interface.title,
        section=interface.section,
        model=model,
        call=call,
        repeat=repeat,
        interactive=interactive,
        lane=() if interactive else ("ticket",),
        after_death=after_death,
        sums=sums,
    )


def _done(client: Client, answer: Accepted) -> Ending:
    """Nothing to pass on beside the code and its message."""
    return answer.with_response(None)


def _check(client: Client, answer: Accepted) -> Ending:
    """data.check: true验证成功, false验证失败. Either is an answer to the question."""
    return answer.with_response({"check": _truth(_data(answer), "check")})


def _cancelled(client: Client, answer: Accepted) -> Ending:
    """data.cancel: true表示成功, false表示失败, both under code 200. A repeated request says neither."""
    if answer.duplicate or _truth(_data(answer), "cancel"):
        return answer.with_response(None)
    return Rejected(answer.code, f"data.cancel is false 取消失败: {answer.message}")


def _qr_code(client: Client, answer: Accepted) -> Ending:
    """The picture, and the two ways of section 8.10 into the mini program for a phone that cannot scan."""
    data = _data(answer)
    picture, uuid = data.get("imageBase64"), data.get("uuid")
    if not (isinstance(picture, str) and isinstance(uuid, str) and picture and uuid):
        raise AnswerLostError("unreadable-answer")
    expires = datetime.now(ZoneInfo("Asia/Shanghai")) + QR_CODE_VALID
    response = {
        "imageBase64": picture,
        "uuid": uuid,
        "validaty": data.get("validaty"),
        "expires_at": expires.isoformat(timespec="seconds"),
        "mini_program_path": mini_program_path(uuid),
        "url_scheme": url_scheme(uuid),
    }
    return answer.with_response(response)


def mini_program_path(uuid: str) -> str:
    """带参路径path of section 8.10.2, for an app that opens the mini program."""
    return f"{MINI_PROGRAM_PAGE}?q=miniprogram/{uuid}"


def url_scheme(uuid: str) -> str:
    """URL Scheme of section 8.10.3, for a web page; its query is URL-encoded as it is printed there."""
    query = f"q%3dminiprogram%2f{quote(uuid, safe='')}"
    return (
        f"weixin://dl/business/?appid={MINI_PROGRAM_APP_ID}&path={MINI_PROGRAM_PAGE}"
        f"&query={query}&env_version=release"
    )


def _verification(client: Client, answer: Accepted) -> Ending:
    value = str((answer.response or {}).get("data"))
    if value not in VERIFICATION:
        raise AnswerLostError("unreadable-answer")
    return answer.with_response({"verification": VERIFICATION[value], "data": value})


def _learner(client: Client, answer: Accepted) -> Ending:
    """data: base64 JSON with a sign; who does not know our secret cannot have made it."""
    packed = (answer.response or {}).get("data")
    try:
        learner = read_learner(packed if isinstance(packed, str) else "", client.settings.secret.get_secret_value())
    except BadSignError:
        return Rejected("bad-sign", "the sign does not belong to the data: 签名不符")
    except UnreadableError as error:
        return Rejected("unreadable-data", str(error))
    return answer.with_response(learner)


def _data(answer: Accepted) -> Mapping[str, Any]:
    data = (answer.response or {}).get("data")
    return data if isinstance(data, dict) else {}


def _truth(data: Mapping[str, Any], name: str) -> bool:
    value = data.get(name)
    if isinstance(value, str) and value in {"true", "false"}:
        return value == "true"
    if not isinstance(value, bool):
        raise AnswerLostError("unreadable-answer")
    return value


def _app_id(client: Client) -> Mapping[str, Any]:
    return {"appId": client.settings.app_id}


_ALL = (
    _operation(
        "login-resolve",
        events.LoginResolve,
        Interface("3", "获取登录信息", "GET", "/intf/org/getData", login=False, codes=OF_THE_CODE),
        read=_learner,
        interactive=True,
    ),
    _operation(
        "enrolment-check",
        events.EnrolmentCheck,
        Interface("4", "报名验证", "POST", "/intf/org/checkAccountReg"),
        read=_check,
        interactive=True,
    ),
    _operation(
        "enrolment-register",
        events.EnrolmentRegister,
        Interface("5", "报名信息同步", "POST", "/intf/org/accountantReg"),
        read=_done,
        repeat=Repeat.REPORTS_DUPLICATES,
        after_death=AfterDeath.HOLD,  # to cancel, or to credit, what is not registered makes no sense
    ),
    _operation(
        "enrolment-cancel",
        events.EnrolmentCancel,
        Interface("6", "取消报名信息同步", "POST", "/intf/org/cancelAccountReg"),
        read=_cancelled,
        repeat=Repeat.REPORTS_DUPLICATES,
        after_death=AfterDeath.HOLD,  # nor to register anew what is not cancelled
    ),
    _operation(
        "mobile-login-sync",
        events.MobileLoginSync,
        Interface("7", "登录信息同步（移动端）", "POST", "/intf/org/mobile/syncLoginInfo", login=False),
        read=_done,
        added=_app_id,
    ),
    _operation(
        "qrcode-get",
        events.QrcodeGet,
        Interface("8", "获取微信验证二维码", "GET", "/intf/org/getQRCode"),
        read=_qr_code,
        interactive=True,
    ),
    _operation(
        "verification-query",
        events.VerificationQuery,
        Interface("9", "查询微信验证结果", "GET", "/intf/org/verificationResults"),
        read=_verification,
        interactive=True,
    ),
    _operation(
        "credit-sync",
        events.CreditSync,
        Interface("10", "学分信息同步", "POST", "/intf/org/synchronizeScore"),
        read=_done,
        repeat=Repeat.REPORTS_DUPLICATES,
        sums=ANNUAL,
    ),
)

OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _ALL}
