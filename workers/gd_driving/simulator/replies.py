"""通用应答 and 返回码定义 of 附件二: what every endpoint answers."""

from typing import Any

from aiohttp import web

from gateway.simulation import json_answer

OK, FAILED, NO_SERVICE, MALFORMED, BAD_TIME, BAD_CERTIFICATE = "0", "1", "100", "200", "201", "202"

MEANINGS = {
    OK: "执行成功/数据上传成功",
    FAILED: "执行失败",
    NO_SERVICE: "请求的服务/资源不存在",
    MALFORMED: "数据格式错误，无法正确解析",
    BAD_TIME: "时间戳重复或错误",
    BAD_CERTIFICATE: "证书无法通过验证",
}


class Refused(Exception):  # noqa: N818 - an answer of the platform, not an error of the simulator
    """The platform answers `code`; `detail` says what about the request it means."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.message = f"{MEANINGS[code]}：{detail}" if detail else MEANINGS[code]


def reply(code: str, message: str, data: Any = None) -> web.Response:
    """HTTP 200 whatever the code; errorcode is a number, where it is one at all."""
    errorcode = int(code) if code.isdecimal() else code
    return json_answer({"errorcode": errorcode, "message": message, "data": data}, code)
