"""Chapter 3: the application forms, filled from the settings."""

from typing import Any

import pytest

from gateway.onboarding import Entry
from tests.platforms.gd_ecert.bench import TOKEN, account
from tests.platforms.gd_ecert.document import FORMS
from workers.gd_ecert import forms
from workers.gd_ecert.application import Application
from workers.gd_ecert.onboarding import onboarding
from workers.gd_ecert.settings import Settings

FULL: dict[str, Any] = {
    "locations": [{"city": "广州", "district": "天河", "hall": "大厅", "address": "一路 1 号", "phone": "020"}],
    "network": "government",
    "server": "19.1.2.3",
    "server_url": "https://19.1.2.3:8443",
    "published_services": [
        {"name": "状态", "network": "政务外网", "urls": ["https://19.1.2.3:8443/a/b"], "submits": False}
    ],
    "published_sites": [{"name": "首页", "network": "互联网", "urls": ["https://19.1.2.3/p", "https://19.1.2.3/q"]}],
}


def entries(**changes: Any) -> list[Entry]:
    return onboarding(account(**changes))


def of(found: list[Entry], field: str, form: str = "", line: int | None = None) -> Entry:
    return next(each for each in found if each.field == field and form in each.form and each.line == line)


def declared() -> list[tuple[str, list[tuple[str, str]]]]:
    shown: list[forms.Form | forms.Table] = [
        *(forms.ACCESS, forms.LOCATIONS, forms.REVIEW),
        forms.Table("3.2", "网络策略配置", "", forms.POLICY_COLUMNS, ""),
        *(forms.GATEWAY_APPLICATION, forms.PUBLISHED_SERVICES, forms.PUBLISHED_SITES),
        *(forms.LICENCE_APPLICATION, forms.LICENCE_CONFIGURATION),
    ]
    return [
        (each.title, [(row.field, row.need) for row in (each.rows if isinstance(each, forms.Form) else each.columns)])
        for each in shown
    ]


def test_the_forms_have_the_documents_fields_in_its_order() -> None:
    documented = [(title, [field.removeprefix("*") for field in fields]) for title, fields in FORMS]
    assert [(title, [field for field, _ in rows]) for title, rows in declared()] == documented
    counts = [len(fields) for _, fields in FORMS]
    assert (counts, sum(counts)) == ([8, 5, 4, 4, 13, 5, 4, 21, 16], 80)


def test_what_has_a_star_is_required() -> None:
    needs = {(title, field): need for title, rows in declared() for field, need in rows}
    for title, fields in FORMS:
        for field in fields:
            if field.startswith("*"):
                assert needs[title, field.removeprefix("*")] == "required"
    unstarred = [
        ("网络策略配置", "系统关联关系"),
        ("《网关申请表》_应用接入", "申请人"),
        ("《网关申请表》_应用接入", "备注"),
    ]
    assert {needs[each] for each in unstarred} == {"optional"}


def test_an_account_that_only_says_its_environment_gets_the_whole_list() -> None:
    found = onboarding(Settings.model_validate({"environment": "test"}))
    assert {entry.section for entry in found} == {"3.1", "3.2", "3.3", "3.4"}
    assert {entry.field for entry in found if entry.state == "filled"} == {"应用部署环境"}
    assert of(found, "PaaS Token").state == "awaited"
    assert of(found, "PaaS ID").state == "missing"
    assert of(found, "网络类型").key == "application.network"


def test_every_key_is_a_setting() -> None:
    for entry in entries():
        model: Any = Settings
        for name in entry.key.split("."):
            assert not name or name in model.model_fields, entry
            model = Application if name == "application" else model


@pytest.mark.parametrize("name", [name for name in Application.model_fields if "published" not in name])
def test_every_value_that_an_applicant_fills_in_shows_up(name: str) -> None:
    values: dict[str, Any] = {"scene": "web", "network": "internet", "locations": [{"city": "x-value"}]}
    values["policies"] = [{"source": "x-value"}]
    base: dict[str, Any] = {} if name != "server" else {"network": "government"}
    found = entries(application={**base, name: values.get(name, "x-value")})
    shown = {entry.value for entry in found if entry.state == "filled"}
    expected = {"scene": "网页应用模式", "network": "互联网"}.get(name, "x-value")
    assert any(expected in (value or "") for value in shown)


def test_a_secret_is_only_said_to_be_there() -> None:
    found = entries()
    assert of(found, "PaaS Token").value == of(found, "测试环境 token").value == "已配置"
    assert TOKEN not in repr(found)


def test_what_the_other_environment_was_assigned_only_its_account_knows() -> None:
    found = entries(system_id="s-1", services={"apply": {"path": "x", "serviceid": "id-1"}})
    assert of(found, "测试环境 system_id").value == "s-1"
    assert of(found, "测试环境 serviceid").value == "apply: id-1"
    assert of(found, "生产环境 system_id").state == "elsewhere"
    assert of(found, "应用 PaaS ID (测试环境)").value == "yst_test"
    assert of(found, "应用 PaaS ID (生产环境)").state == "missing"
    production = entries(environment="production", system_id="s-2")
    assert of(production, "生产环境 system_id").value == "s-2"
    assert of(production, "测试环境 system_id").state == "elsewhere"


def test_one_value_serves_several_forms() -> None:
    found = entries(application={"unit": "某局", "developer": "某公司", "contact_phone": "1", "mobile": "2"})
    assert of(found, "申请单位名称").value == of(found, "业主单位名称").value == "某局"
    assert of(found, "需求方单位 单位名称").value == "某局"
    assert of(found, "实施接入厂家名称").value == of(found, "开发商 公司名称").value == "某公司"
    assert (of(found, "手机").value, of(found, "联系方式").value) == ("2", "1")


def policies(**changes: Any) -> list[list[str | None]]:
    lines: dict[int, list[str | None]] = {}
    for entry in entries(**changes):
        if entry.section == "3.2" and entry.line is not None:
            lines.setdefault(entry.line, []).append(entry.value)
    return list(lines.values())


@pytest.mark.parametrize(
    ("environment", "middle", "gateway"),
    [("test", "19.15.68.152", "19.15.0.128"), ("production", "19.15.68.153 -155", "19.15.0.100")],
)
def test_network_policies_follow_from_what_is_published(environment: str, middle: str, gateway: str) -> None:
    calls = ["19.1.2.3", f"{gateway} (api 网关)", "业务系统调用网关服务", "TCP 443"]
    quiet = {"network": "government", "server": "19.1.2.3", "server_url": "https://19.1.2.3:8443"}
    assert policies(environment=environment, application=quiet) == [calls]
    full = policies(environment=environment, application=FULL)
    pairs = {(line[0], line[1]) for line in full}
    for peer in (f"{middle} (中台)", f"{gateway} (api 网关)"):
        assert {("19.1.2.3", peer), (peer, "19.1.2.3")} <= pairs
    assert [line[3] for line in full if line[1] == "19.1.2.3"] == ["TCP 8443", "TCP 8443"]
    site = policies(environment=environment, application={**FULL, "published_services": []})
    assert not any(middle in f"{line}" for line in site)
    assert len(site) == 3


def test_the_internet_needs_no_network_policy() -> None:
    found = [entry for entry in entries(application={"network": "internet"}) if entry.section == "3.2"]
    assert [(entry.value, entry.state) for entry in found] == [("互联网", "filled")]


def test_an_applicants_own_policy_lines_follow_the_derived_ones() -> None:
    extra = {"source": "a", "target": "b"}
    assert policies(application={"network": "internet", "policies": [extra]}) == [["a", "b", None, None]]
    assert policies(application={**FULL, "policies": [extra]})[-1] == ["a", "b", None, None]


def test_the_access_path_of_what_is_published_follows_the_rule() -> None:
    found = entries(application=FULL)
    assert of(found, "网关访问路径", "发布服务", 1).value == "https://gateway.example/ebus/yst_test/a/b"
    site = "https://gateway.example/yst_test/p, https://gateway.example/yst_test/q"
    assert of(found, "网关访问路径", "发布站点", 1).value == site
    given = {**FULL, "published_sites": [{"gateway_path": "special", "urls": ["https://a/b"]}]}
    assert of(entries(application=given), "网关访问路径", "发布站点", 1).value == "special"
    assert of(entries(application=FULL, base_url=None), "网关访问路径", "发布服务", 1).value is None


def test_an_accepted_service_that_is_not_on_the_form_is_missing_there() -> None:
    found = entries(inbound_services=["b", "case-status"], application=FULL)
    assert of(found, "服务名称", line=2).value == "case-status"
    assert of(found, "服务 URL 列表", line=2).state == "missing"
    assert of(found, "是否申办接口", line=1).value == "否"
    assert not [entry for entry in found if entry.line == 3 and "发布服务" in entry.form]
