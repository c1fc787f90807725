"""The application forms of chapter 3, row by row under their printed names, and which setting fills each.

A star is the document's own (带星的为必填项). Form 3.1 has no stars; all that the applicant writes there is
taken as required. `assigned` is what the province or the gateway's administrators fill in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workers.gd_ecert.settings import Environment

Need = Literal["required", "optional", "assigned"]


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a form. The first of `keys` that is set fills it.

    `environment`: the form asks for one environment. `own` is then the key that fills it from the account of
    that environment; the account of the other one cannot know.
    """

    field: str
    keys: tuple[str, ...] = ()
    need: Need = "required"
    note: str = ""
    environment: Environment | None = None
    own: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form with one value for each field."""

    section: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A form with any number of lines; the key of a column names a field of one line."""

    section: str
    title: str
    key: str
    columns: tuple[Row, ...]
    note: str


def _a(*names: str) -> tuple[str, ...]:
    return tuple(f"application.{name}" for name in names)


ACCESS = Form(
    "3.1",
    "粤商通免证办接入申请表",
    (
        Row("申请单位名称", _a("unit"), note="须盖单位公章"),
        Row("申请单位统一社会信用代码", _a("unit_uscc")),
        Row("联系人", _a("contact")),
        Row("联系方式", _a("contact_phone")),
        Row("计划接入时间", _a("planned_for")),
        Row("接入场景", _a("scene")),
        Row("实施接入厂家名称", _a("vendor", "developer"), note="系统对接模式必填"),
        Row("实施接入业务系统名称", _a("vendor_system", "system_name"), note="系统对接模式必填"),
    ),
)
LOCATIONS = Table(
    "3.1",
    "粤商通免证办接入申请表 使用地点清单",
    "application.locations",
    (
        Row("地市", ("city",)),
        Row("区县", ("district",)),
        Row("政务大厅名称", ("hall",)),
        Row("大厅地址", ("address",), note="详细到门牌号"),
        Row("大厅联系电话", ("phone",)),
    ),
    note="用于支持粤商通免证办事大厅列表或地图展示",
)
REVIEW = Form(
    "3.1",
    "粤商通免证办接入申请表 审核结果",
    (
        Row("申请编号", _a("application_number"), "assigned", "省政数局填写"),
        Row("审核结果", _a("review_result"), "assigned", "省政数局填写"),
        Row("分配的业务 id", ("business_id",), "assigned", "省政数局填写"),
        Row("分配的产品 id", ("product_id",), "assigned", "省政数局填写"),
    ),
)
POLICY_COLUMNS = (
    Row("源地址", ("source",)),
    Row("目的地址", ("target",)),
    Row("系统关联关系", ("relation",), "optional"),
    Row("服务（目的端口）", ("service",), "optional"),
)
"""3.2 网络策略配置."""

GATEWAY_APPLICATION = Form(
    "3.3",
    "《网关申请表》_应用接入",
    (
        Row("业主单位名称", _a("owner_unit", "unit")),
        Row("开发公司名称", _a("developer", "vendor")),
        Row("项目负责人", _a("project_lead")),
        Row("申请人", _a("applicant"), "optional"),
        Row("申请日期", _a("gateway_applied_on")),
        Row("手机", _a("mobile", "contact_phone")),
        Row("应用名称(所属项目)", _a("system_name", "vendor_system")),
        Row(
            "网关域名",
            ("base_url",),
            note="3.4 电子证照 互联网: 生产 https://zwms3.gdbs.gov.cn, 测试 https://bs-test.digitalgd.com.cn",
        ),
        Row("应用部署环境", (*_a("deployment"), "environment")),
        Row("应用部署服务器 IP", _a("server_url"), note="协议://服务器 IP 或域名:端口"),
        Row("备注", _a("remark"), "optional", "发布站点"),
        Row("PaaS ID", ("paas_id",), note="使用 yst_打头, 后面带应用拼音或者英文缩写"),
        Row("PaaS Token", ("paas_token",), "assigned", "由管理员分配"),
    ),
)
PUBLISHED_SERVICES = Table(
    "3.3",
    "《网关申请表》_发布服务",
    "application.published_services",
    (
        Row("服务名称", ("name",)),
        Row("服务所在网络", ("network",)),
        Row("服务 URL 列表", ("urls",)),
        Row("网关访问路径", ("gateway_path",), "optional", "默认规则: {网关域名}/ebus/{your passid}/原始路径"),
        Row("是否申办接口", ("submits",), note="业务事项办理提交的那个接口"),
    ),
    note="业务系统需要鉴权的接口",
)
PUBLISHED_SITES = Table(
    "3.3",
    "《网关申请表》_发布站点",
    "application.published_sites",
    (
        Row("站点名称", ("name",)),
        Row("所在网络", ("network",)),
        Row("URL 列表", ("urls",)),
        Row("网关访问路径", ("gateway_path",), "optional", "默认规则: {网关域名}/{your passid}/原始路径"),
    ),
    note="业务系统不需要鉴权的接口",
)
LICENCE_APPLICATION = Form(
    "3.4",
    "电子证照服务申请表",
    (
        Row("需求方单位 单位名称", _a("unit")),
        Row("需求方单位 联系人", _a("demand_contact", "contact")),
        Row("需求方单位 手机号码", _a("demand_mobile", "contact_phone")),
        Row("需求方单位 邮箱", _a("demand_email")),
        Row("开发商 公司名称", _a("developer", "vendor")),
        Row("开发商 联系人", _a("developer_contact")),
        Row("开发商 手机号码", _a("developer_mobile")),
        Row("开发商 邮箱", _a("developer_email")),
        Row("需求单号", _a("demand_number"), note="如发证可不填写,用证必须填写需求单号"),
        Row("对接类型", _a("docking_type")),
        Row("申请原因", _a("reason")),
        Row("申请时间", _a("licence_applied_on")),
        Row("项目名称", _a("project_name")),
        Row("应用名称", _a("system_name", "vendor_system")),
        Row("应用部署生产环境", _a("production_deployment")),
        Row(
            "应用部署服务器 IP(生产环境)",
            _a("production_servers"),
            environment="production",
            own="application.server",
        ),
        Row("应用 PaaS ID (生产环境)", _a("production_paas_id"), environment="production", own="paas_id"),
        Row("应用部署服务器 IP(测试环境)", _a("test_servers"), environment="test", own="application.server"),
        Row("应用 PaaS ID (测试环境)", _a("test_paas_id"), environment="test", own="paas_id"),
        Row("开发商统一社会信用代码", _a("developer_uscc")),
        Row("政府部门单位统一社会信用代码", _a("government_uscc", "unit_uscc")),
    ),
)


def _assigned(environment: Environment, title: str) -> tuple[Row, ...]:
    own = {"token": "paas_token", "serviceid": "serviceid", "passid": "paas_id"}
    names = ("token", "serviceid", "passid", "system_id", "vender_id", "department_id")
    notes = {"serviceid": "详见“接口订阅清单”sheet"}
    return tuple(
        Row(f"{title} {name}", (), "assigned", notes.get(name, ""), environment, own.get(name, name))
        for name in names
    )


LICENCE_CONFIGURATION = Form(
    "3.4",
    "电子证照服务申请表 配置信息 (电子证照项目组填写)",
    (
        *_assigned("production", "生产环境"),
        *_assigned("test", "测试环境"),
        *(
            Row(f"{title}(发证) {name}", (), "assigned", "发证接口不经本网关")
            for title in ("生产环境", "测试环境")
            for name in ("app_key", "app_account")
        ),
    ),
)

ADDRESSES: Mapping[Environment, Mapping[str, str]] = {
    "test": {"中台": "19.15.68.152", "api 网关": "19.15.0.128"},
    "production": {"中台": "19.15.68.153 -155", "api 网关": "19.15.0.100"},
}
"""网络策略放通说明, section 3.3: 以下相关 IP 仅供参考."""
