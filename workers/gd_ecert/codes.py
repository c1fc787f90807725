"""The gateway's own errors (facts A4), which come as HTTP 200 with `errcode`, and the licence API's two words."""

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.outcome import Code, Verdict

CLOCK_OR_SIGNATURE = "AGW.1433"
UNKNOWN_CONSUMER = "http-401"

CODES: Mapping[str, Code] = {
    CLOCK_OR_SIGNATURE: Code(
        "请求签名错误或请求服务器时间戳误差大于180秒: check paas_id, paas_token and the clock", Verdict.STOP
    ),
    "AGW.1403": Code("应用未订阅或禁止跨网访问: subscribe to the service", Verdict.STOP),
    "AGW.1429": Code("并发数超限", Verdict.THROTTLED),
    "AGW.1430": Code("请求频率超限", Verdict.THROTTLED),
    "AGW.1504": Code("服务熔断", Verdict.DOWN),
    "ACG.1401": Code("缺少 paasid, 需要登录: check paas_id and header_prefix", Verdict.STOP),
    UNKNOWN_CONSUMER: Code("未知的调用方: check paas_id", Verdict.STOP),
}
"""By `errcode`; the last by the HTTP status. The letters of ACG are transposed where they come from, too."""

GATEWAY_PREFIXES = ("AGW.", "ACG.")
"""An errcode that begins so is the gateway's, and the service behind it never saw the request."""

ACK_CODES: Mapping[str, Code] = {
    "SUCCESS": Code("成功", Verdict.ACCEPTED),
    "FAILURE": Code("失败, 见 errors", Verdict.REJECTED),
}
"""ack_code of license-app/v1; what stands in its errors[] is not public."""


def code_text(value: Any) -> str | None:
    """A code as text, whether it came as text or as a number; None for what can be no code."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) and value != "" else None


def gateway_code(body: Any) -> str | None:
    """The errcode of an answer (bytes, or read already) that is the gateway's own; else None."""
    if isinstance(body, bytes):
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
    code = code_text(body.get("errcode")) if isinstance(body, dict) else None
    return code if code and code.startswith(GATEWAY_PREFIXES) else None
