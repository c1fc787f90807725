"""The data of each event.

`service-call` and `service-invoked` carry what a service of the provincial gateway takes and gives, which no
document describes. The licence operations follow the table "license-app/v1" of facts B3, which names their
fields and gives neither lengths nor which are required: only what a call means nothing without is required
here, and the platform decides the rest. What the gateway adds is left out: signature, access_token,
system_id, vender_id, department_id, serviceid.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from schemas.fields import Data, Sensitive, Whole
from schemas.gd_ecert.fields import Filled, JsonBody, Query, ServiceName, TrueOrFalse

LARGEST_PAGE = 150

Said = Annotated[str, Filled()]
Personal = Annotated[str, Filled(), Sensitive]
AuthCode = Annotated[str, Filled(), Sensitive, Field(title="用证码")]
PageSize = Annotated[int, Whole(minimum=1, maximum=LARGEST_PAGE, section="license-app/v1 page_size")]
PageIndex = Annotated[int, Whole(minimum=1, maximum=2**31 - 1, section="license-app/v1 page_index")]


class ServiceCall(Data):
    """3.3 发布服务 / 发布站点: a call of a service that the account's settings name, in the service's own words."""

    service: Annotated[ServiceName, Field(title="服务名称")]
    query: Annotated[Query | None, Sensitive, Field(title="查询参数")] = None
    body: Annotated[JsonBody, Sensitive, Field(title="请求包体")] = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"service": "case-submit", "body": {"caseNo": "YST-2026-0001", "copies": 1}}]}
    )


class Operator(Data):
    """Who uses the licence: `operator` of POST /license/auth."""

    account: Annotated[Personal | None, Field(title="账号")] = None
    name: Annotated[Personal | None, Field(title="姓名")] = None
    identity_num: Annotated[Personal | None, Field(title="身份证号码")] = None
    role: Annotated[Said | None, Field(title="角色, 如 窗口受理人员")] = None
    division: Annotated[Said | None, Field(title="行政区划")] = None
    division_code: Annotated[Said | None, Field(title="行政区划代码")] = None
    service_org: Annotated[Said | None, Field(title="办事机构")] = None
    service_org_code: Annotated[Said | None, Field(title="办事机构代码")] = None


class LicenceAuth(Data):
    """依职能用证 (POST /license/auth): which licences a holder has, each with a code to use it by."""

    identity_number: Annotated[Personal, Field(title="持证者身份证件号码, 多个以英文逗号分隔")]
    service_item_code: Annotated[Said | None, Field(title="事项编码")] = None
    service_item_name: Annotated[Said | None, Field(title="事项名称")] = None
    biz_num: Annotated[Said | None, Field(title="业务流水号")] = None
    page_size: Annotated[PageSize | None, Field(title="每页条数")] = None  # the platform's default is 10
    page_index: Annotated[PageIndex | None, Field(title="页码, 从 1 开始")] = None
    request_id: Annotated[Said | None, Field(title="请求标识")] = None
    operator: Annotated[Operator | None, Field(title="用证人员")] = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "identity_number": "440681198512063416",
                    "service_item_code": "440100001",
                    "service_item_name": "食品经营许可",
                    "biz_num": "YST-2026-0001",
                    "page_size": 10,
                    "page_index": 1,
                    "operator": {"account": "window-3", "name": "李四", "role": "窗口受理人员"},
                }
            ]
        }
    )


class LicenceGet(Data):
    """获取证照结构化数据 (GET /license/get_license): the fields of one licence."""

    auth_code: AuthCode

    model_config = ConfigDict(json_schema_extra={"examples": [{"auth_code": "20260102030405678aB3_4401000001"}]})


class LicenceArchive(Data):
    """获取证照文件 (GET /license/archive): the licence as a PDF in base64."""

    auth_code: AuthCode
    file_type: Annotated[Said | None, Field(title="文件类型")] = None
    show_sensitive_data: Annotated[TrueOrFalse | None, Field(title="是否显示敏感数据")] = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"auth_code": "20260102030405678aB3_4401000001", "show_sensitive_data": False}]
        }
    )


class LicenceToken(Data):
    """获取证照查看令牌 (GET /license/token): a token for the page that shows the licence."""

    auth_code: AuthCode

    model_config = ConfigDict(json_schema_extra={"examples": [{"auth_code": "20260102030405678aB3_4401000001"}]})


class ServiceInvoked(Data):
    """3.3 发布服务: the provincial gateway called a service that we publish, and its signature was right.

    uid, uinfo and ext are as the gateway sent them, null where it signed none; their grammar is not public.
    The signature does not cover query and body. `body` is exactly what came: text, or base64 where it is none or
    would be too long.
    """

    service: Annotated[ServiceName, Field(title="服务名称")]
    uid: Annotated[str | None, Sensitive, Field(title="用户标识 x-tif-uid")] = None
    uinfo: Annotated[str | None, Sensitive, Field(title="用户信息 x-tif-uinfo")] = None
    ext: Annotated[str | None, Sensitive, Field(title="扩展信息 x-tif-ext")] = None
    query: Annotated[str, Sensitive, Field(title="查询参数, URL 编码原文")] = ""
    content_type: Annotated[str, Field(title="Content-Type")] = ""
    body: Annotated[str, Sensitive, Field(title="请求包体")] = ""
    body_encoding: Annotated[Literal["text", "base64"], Field(title="包体编码")] = "text"

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "service": "case-status",
                    "uid": "u10001",
                    "uinfo": "eyJuIjoiVEVTVCJ9",
                    "ext": "appid=demo",
                    "query": "",
                    "content_type": "application/json",
                    "body": '{"caseNo":"YST-2026-0001"}',
                    "body_encoding": "text",
                }
            ]
        }
    )
