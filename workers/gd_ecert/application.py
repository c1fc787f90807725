"""What an applicant fills into the forms of chapter 3, as settings: `[platforms.gd_ecert.<account>.application]`.

All of it is optional: it only serves the onboarding list, and calls never use it.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _day(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value  # TOML has dates of its own


Said = Annotated[str, BeforeValidator(_day), StringConstraints(min_length=1, max_length=500)]
Answer = Said | None


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Location(_Table):
    """3.1 使用地点清单, one row."""

    city: Answer = None
    district: Answer = None
    hall: Answer = None
    address: Answer = None
    phone: Answer = None


class PolicyRow(_Table):
    """3.2 网络策略配置, one row beside those that follow from the settings."""

    source: Answer = None
    target: Answer = None
    relation: Answer = None
    service: Answer = None


class PublishedService(_Table):
    """3.3 发布服务, one row. `urls`: where the service is on our side; `submits`: 是否申办接口."""

    name: Answer = None
    network: Answer = None
    urls: tuple[Said, ...] = ()
    gateway_path: Answer = None
    submits: bool | None = None


class PublishedSite(_Table):
    """3.3 发布站点, one row."""

    name: Answer = None
    network: Answer = None
    urls: tuple[Said, ...] = ()
    gateway_path: Answer = None


class Application(_Table):
    """The forms' fields. One value may serve several forms."""

    # 3.1 粤商通免证办接入申请表
    unit: Answer = None
    unit_uscc: Answer = None
    contact: Answer = None
    contact_phone: Answer = None
    planned_for: Answer = None
    scene: Literal["web", "system-first", "system-upgrade"] | None = None
    vendor: Answer = None
    vendor_system: Answer = None
    locations: tuple[Location, ...] = ()
    application_number: Answer = None
    review_result: Answer = None
    # 3.2 网络策略配置, 3.3 网络策略放通说明
    network: Literal["internet", "government"] | None = None
    server: Answer = None
    policies: tuple[PolicyRow, ...] = ()
    # 3.3 网关申请表
    owner_unit: Answer = None
    developer: Answer = None
    project_lead: Answer = None
    applicant: Answer = None
    gateway_applied_on: Answer = None
    mobile: Answer = None
    system_name: Answer = None
    deployment: Answer = None
    server_url: Answer = None
    remark: Answer = None
    published_services: tuple[PublishedService, ...] = ()
    published_sites: tuple[PublishedSite, ...] = ()
    # 3.4 证照服务申请表
    demand_contact: Answer = None
    demand_mobile: Answer = None
    demand_email: Answer = None
    developer_contact: Answer = None
    developer_mobile: Answer = None
    developer_email: Answer = None
    demand_number: Answer = None
    docking_type: Answer = None
    reason: Answer = None
    licence_applied_on: Answer = None
    project_name: Answer = None
    production_deployment: Answer = None
    production_servers: Answer = None
    production_paas_id: Answer = None
    test_servers: Answer = None
    test_paas_id: Answer = None
    developer_uscc: Answer = None
    government_uscc: Answer = None
