"""Section 12, 返回码: the codes this simulator answers by itself, and what a refusal is."""

from enum import StrEnum


class Code(StrEnum):
    """Return codes that the document lists and gives a cause for."""

    OK = "200"
    NOT_AUTHENTICATED = "A0103"
    LOGIN_ABNORMAL = "A0200"
    NO_SUCH_ACCOUNT = "A0201"
    WRONG_PASSWORD = "A0210"  # noqa: S105 - a return code
    TOO_MANY_WRONG_PASSWORDS = "A0211"
    AUTHORIZATION_EXPIRED = "A0311"
    MISSING = "A0415"
    INVALID = "A0416"
    MALFORMED = "A0419"
    DUPLICATE = "A0506"
    CLOSED = "A0508"
    OUTSIDE_VERIFIED_TIME = "A0727"


DESCRIPTIONS: dict[str, str] = {
    "200": "调用成功",
    "500": "服务异常",
    "A0103": "用户未认证",
    "A0200": "用户登录异常",
    "A0201": "用户账户不存在",
    "A0210": "用户名/密码错误",
    "A0211": "用户输入密码错误次数超限",
    "A0311": "授权已过期",
    "A0415": "缺少必填的请求参数",
    "A0416": "请求参数校验失败",
    "A0419": "参数格式异常",
    "A0506": "用户重复请求",
    "A0508": "系统数据接口已关闭",
    "A0727": "该课程验证的通过时间超出开始时间和结束时间范围",
    "C0508": "用户请求服务异常",
}


class Refused(Exception):  # noqa: N818 - an answer of the platform, not an error of the simulator
    """The platform answers `code`; `detail` says what about the request it means."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.message = f"{DESCRIPTIONS[code]}：{detail}" if detail else DESCRIPTIONS[code]
