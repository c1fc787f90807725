"""The documented fields, copied by hand: facts B3 for the licence API, chapter 3 of the guide for the forms."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.fields import Data
from schemas.gd_ecert import EVENTS, INBOUND

MODELS: dict[str, type[Data]] = {**EVENTS, **INBOUND}

# B3, per call: name, type. access_token is replaced by the gateway's signature (B4).
DOCUMENT: dict[str, list[tuple[str, str]]] = {
    "licence-auth": [
        ("access_token", "string"),
        ("identity_number", "string"),
        ("service_item_code", "string"),
        ("service_item_name", "string"),
        ("biz_num", "string"),
        ("page_size", "integer"),
        ("page_index", "integer"),
        ("request_id", "string"),
        ("operator", "object"),
    ],
    "operator": [
        ("account", "string"),
        ("name", "string"),
        ("identity_num", "string"),
        ("role", "string"),
        ("division", "string"),
        ("division_code", "string"),
        ("service_org", "string"),
        ("service_org_code", "string"),
    ],
    "licence-get": [("auth_code", "string"), ("access_token", "string")],
    "licence-archive": [
        ("auth_code", "string"),
        ("access_token", "string"),
        ("file_type", "string"),
        ("show_sensitive_data", "boolean"),
    ],
    "licence-token": [("auth_code", "string"), ("access_token", "string")],
}
GATEWAYS_OWN = {"access_token"}
REQUIRED = {("licence-auth", "identity_number")} | {
    (operation, "auth_code") for operation in ("licence-get", "licence-archive", "licence-token")
}

# The forms as the guide prints them; a star is the guide's.
FORMS: list[tuple[str, list[str]]] = [
    (
        "粤商通免证办接入申请表",
        [
            *("申请单位名称", "申请单位统一社会信用代码", "联系人", "联系方式", "计划接入时间", "接入场景"),
            *("实施接入厂家名称", "实施接入业务系统名称"),
        ],
    ),
    ("粤商通免证办接入申请表 使用地点清单", ["地市", "区县", "政务大厅名称", "大厅地址", "大厅联系电话"]),
    ("粤商通免证办接入申请表 审核结果", ["申请编号", "审核结果", "分配的业务 id", "分配的产品 id"]),
    ("网络策略配置", ["*源地址", "*目的地址", "系统关联关系", "服务（目的端口）"]),
    (
        "《网关申请表》_应用接入",
        [
            *("*业主单位名称", "*开发公司名称", "*项目负责人", "申请人", "*申请日期", "*手机"),
            *("*应用名称(所属项目)", "*网关域名", "*应用部署环境", "*应用部署服务器 IP", "备注"),
            *("PaaS ID", "PaaS Token"),
        ],
    ),
    (
        "《网关申请表》_发布服务",
        ["*服务名称", "*服务所在网络", "*服务 URL 列表", "网关访问路径", "*是否申办接口"],
    ),
    ("《网关申请表》_发布站点", ["*站点名称", "*所在网络", "*URL 列表", "网关访问路径"]),
    (
        "电子证照服务申请表",
        [
            *("*需求方单位 单位名称", "*需求方单位 联系人", "*需求方单位 手机号码", "*需求方单位 邮箱"),
            *("*开发商 公司名称", "*开发商 联系人", "*开发商 手机号码", "*开发商 邮箱"),
            *("*需求单号", "*对接类型", "*申请原因", "*申请时间", "*项目名称", "*应用名称", "*应用部署生产环境"),
            *("*应用部署服务器 IP(生产环境)", "*应用 PaaS ID (生产环境)"),
            *("*应用部署服务器 IP(测试环境)", "*应用 PaaS ID (测试环境)"),
            *("*开发商统一社会信用代码", "*政府部门单位统一社会信用代码"),
        ],
    ),
    (
        "电子证照服务申请表 配置信息 (电子证照项目组填写)",
        [
            *(f"生产环境 {name}" for name in ("token", "serviceid", "passid")),
            *(f"生产环境 {name}" for name in ("system_id", "vender_id", "department_id")),
            *(f"测试环境 {name}" for name in ("token", "serviceid", "passid")),
            *(f"测试环境 {name}" for name in ("system_id", "vender_id", "department_id")),
            *("生产环境(发证) app_key", "生产环境(发证) app_account"),
            *("测试环境(发证) app_key", "测试环境(发证) app_account"),
        ],
    ),
]


def example(operation: str, **changes: Any) -> dict[str, Any]:
    return {**MODELS[operation].model_json_schema()["examples"][0], **changes}


def read(operation: str, **changes: Any) -> Data:
    return MODELS[operation].model_validate(example(operation, **changes))


def refusals(operation: str, data: dict[str, Any]) -> set[tuple[str, str]]:
    """Where and how the data is wrong: path with dots, error type."""
    with pytest.raises(ValidationError) as refused:
        MODELS[operation].model_validate(data)
    return {(".".join(map(str, error["loc"])), error["type"]) for error in refused.value.errors()}


def refused(operation: str, **changes: Any) -> set[tuple[str, str]]:
    return refusals(operation, example(operation, **changes))
