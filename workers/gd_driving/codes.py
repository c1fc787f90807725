"""返回码定义, 附件二, all six, and what each means for an event."""

from collections.abc import Mapping

from gateway.outcome import Code, Verdict

CODES: Mapping[str, Code] = {
    "0": Code("执行成功/数据上传成功", Verdict.ACCEPTED),
    "1": Code("执行失败", Verdict.REJECTED),
    "100": Code("请求的服务/资源不存在", Verdict.STOP),
    "200": Code("数据格式错误，无法正确解析", Verdict.REJECTED),
    "201": Code("时间戳重复或错误", Verdict.RETRY),
    "202": Code("证书无法通过验证", Verdict.STOP),
}

CLOCK_REFUSED = "201"
"""The platform did not look at the request: the client corrects its clock and repeats it at once."""
