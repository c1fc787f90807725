"""返回码, section 12 of the document, all fifteen, and what each means for an event."""

from collections.abc import Mapping

from gateway.outcome import Code, Verdict

CODES: Mapping[str, Code] = {
    "200": Code("调用成功", Verdict.ACCEPTED),
    "500": Code("服务异常", Verdict.DOWN),
    "A0103": Code("用户未认证", Verdict.TOKEN),
    "A0200": Code("用户登录异常", Verdict.TOKEN),
    "A0201": Code("用户账户不存在", Verdict.STOP),
    "A0210": Code("用户名/密码错误", Verdict.STOP),
    "A0211": Code("用户输入密码错误次数超限", Verdict.STOP),
    "A0311": Code("授权已过期", Verdict.TOKEN),
    "A0415": Code("缺少必填的请求参数", Verdict.REJECTED),
    "A0416": Code("请求参数校验失败", Verdict.REJECTED),
    "A0419": Code("参数格式异常", Verdict.REJECTED),
    "A0506": Code("用户重复请求", Verdict.DUPLICATE),
    "C0508": Code("用户请求服务异常", Verdict.DOWN),
    "A0727": Code("该课程验证的通过时间超出开始时间和结束时间范围", Verdict.REJECTED),
    "A0508": Code("系统数据接口已关闭", Verdict.PAUSE),
}

TOKEN_REFUSED = frozenset(code for code, known in CODES.items() if known.verdict is Verdict.TOKEN)

READINGS: Mapping[str, Mapping[str, Code]] = {
    "accepted": CODES,
    "retry": {**CODES, "A0506": Code("用户重复请求", Verdict.RETRY)},
}
"""The table by the setting `duplicate_request`: the wording of A0506 allows both."""
