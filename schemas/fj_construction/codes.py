"""The code lists. Those of the ministry's specification (7.x) are of its later editions: see the README.

The worker holds them against certificates, as a warning by default; what the document itself lists is
held by the schema.
"""

from collections.abc import Mapping

from schemas.dictionaries import Dictionary, load

CERT_TYPES = load(__package__, "cert_types.csv", section="参数 certType 证书类型 (1, 2, 3)")
GENDERS = load(__package__, "genders.csv", section="性别 (1表示男，2表示女)")
LOG_TYPES = load(__package__, "log_types.csv", section="获取响应日志 logType (1-正常日志、2-熔断日志、异常日志)")
METHODS = load(__package__, "methods.csv", section="获取响应日志 method (GET、POST)")
HOLDER_DOCUMENTS = load(__package__, "holder_documents.csv", section="GB/T 36903-2018 附录A")

TRADES = load(__package__, "trades.csv", section="7.2.3.2 工种类别字典表")
POSITIONS = load(__package__, "positions.csv", section="7.3.3.2 岗位类别字典表")
APPOINTMENTS = load(__package__, "appointments.csv", section="7.3.3.3 职务字典表")
TECHNICAL_TITLES = load(__package__, "technical_titles.csv", section="7.3.3.4 技术职称字典表")
EDUCATION_DEGREES = load(__package__, "education_degrees.csv", section="7.3.3.5 文化程度字典表")

STATES: Mapping[str, Dictionary] = {
    "1": load(__package__, "safe_states.csv", section="7.1.3.1 证书状态类型字典表"),
    "2": load(__package__, "special_states.csv", section="7.2.3.1 证书状态字典表"),
    "3": load(__package__, "manager_states.csv", section="7.3.3.1 证书状态字典表"),
}
"""证书状态 by certType."""

OPERATE_TYPES: Mapping[str, Dictionary] = {
    "1": load(__package__, "safe_operate_types.csv", section="7.1.3.3 操作类型字典表"),
    "2": load(__package__, "special_operate_types.csv", section="7.2.3.4 操作类型字典表"),
    "3": load(__package__, "manager_operate_types.csv", section="7.3.3.7 操作类型字典表"),
}
"""操作类型 by certType."""

STATE_OPERATIONS = load(
    __package__,
    "state_operations.csv",
    section="7.1.3.4, 7.2.3.5, 7.3.3.8 证书状态与操作类型关系表",
)
"""Which certState goes with which operateType, each as certType/operateType/certState. Meant to be edited."""

OTHER = "99"
"""其他: what needs a description beside it."""

CODED_BY_QR = frozenset({"01", "02"})
"""操作类型为“01”或“02”时会进行二维码赋码."""
