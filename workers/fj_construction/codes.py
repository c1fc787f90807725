"""What answers mean: ResultCode of the 应用支撑平台, all ten, and ReturnCode of the ministry, all three."""

from collections.abc import Mapping

from gateway.outcome import Code, Verdict

CODES: Mapping[str, Code] = {
    "1": Code("操作成功", Verdict.ACCEPTED),
    "1000": Code("非法请求参数, 获取token失败", Verdict.REJECTED),
    "1202": Code("该秘钥与系统不匹配,获取token失败", Verdict.STOP),
    "1205": Code("无效token", Verdict.TOKEN),
    "1200": Code("没有接口访问权限", Verdict.STOP),
    "1210": Code("不在接口访问白名单内", Verdict.STOP),
    "1211": Code("在接口访问黑名单内", Verdict.STOP),
    "1212": Code("服务已失效", Verdict.STOP),
    "1213": Code("接口已停止", Verdict.STOP),
    "1214": Code("不在允许访问时间段内", Verdict.PAUSE),
}
"""返回值定义 ResultCode状态码. 1000 to anything but the login refuses that request's parameters."""

LOGIN_CODES: Mapping[str, Code] = {**CODES, "1000": Code(CODES["1000"].meaning, Verdict.STOP)}
"""获取接口地址和token: there its parameters are the account itself."""

TOKEN_REFUSED = frozenset(code for code, known in CODES.items() if known.verdict is Verdict.TOKEN)

RETURN_CODES: Mapping[str, Code] = {
    "1": Code("上传成功", Verdict.ACCEPTED),
    "0": Code("上传失败", Verdict.REJECTED),
    "2": Code("上传成功有预警", Verdict.ACCEPTED),
}
"""返回示例 ReturnCode of the two interfaces that go to the ministry. Each certificate has its own outcome."""

ALREADY_USED = "赋码已使用"
"""The ErrorMsg of 电子证照数据归集赋码 for a QR code that carries a certificate already."""
