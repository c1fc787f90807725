"""The onboarding list: every field of the document's application forms, filled from an account's settings. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from gateway.onboarding import Entry, State
from schemas.gd_ecert.codes import ACCESS_SCENES, ENVIRONMENTS
from workers.gd_ecert import forms
from workers.gd_ecert.application import PolicyRow, PublishedService
from workers.gd_ecert.forms import Form, Row, Table
from workers.gd_ecert.policies import needed
from workers.gd_ecert.settings import Settings


def onboarding(settings: Settings) -> list[Entry]:
    """All fields of the forms 3.1 to 3.4 in the document's order, with what is set and what is still missing."""
    return [
        *_form(settings, forms.ACCESS),
        *_table(settings, forms.LOCATIONS, settings.application.locations, required=True),
        *_form(settings, forms.REVIEW),
        *_policies(settings),
        *_form(settings, forms.GATEWAY_APPLICATION),
        *_table(settings, forms.PUBLISHED_SERVICES, _published(settings)),
        *_table(settings, forms.PUBLISHED_SITES, settings.application.published_sites),
        *_form(settings, forms.LICENCE_APPLICATION),
        *_form(settings, forms.LICENCE_CONFIGURATION),
    ]


def _form(settings: Settings, form: Form) -> Iterator[Entry]:
    for row in form.rows:
        keys = row.keys
        if row.environment == settings.environment:
            keys = (*keys, row.own)
        key, value = _first(settings, keys)
        state = _state(row, value, unknowable=not keys)
        yield Entry(form.section, form.title, row.field, value, state, key or row.own, note=row.note)


def _table(settings: Settings, table: Table, lines: tuple[Any, ...], *, required: bool = False) -> Iterator[Entry]:
    if not lines:
        state: State = "missing" if required else "optional"
        yield Entry(table.section, table.title, table.columns[0].field, None, state, table.key, note=table.note)
    for number, line in enumerate(lines, 1):
        for row in table.columns:
            value = _shown(getattr(line, row.keys[0]))
            if row.keys == ("gateway_path",) and value is None:
                value = _by_rule(settings, line)
            key = f"{table.key}.{row.keys[0]}"
            yield Entry(table.section, table.title, row.field, value, _state(row, value), key, number, row.note)


def _policies(settings: Settings) -> Iterator[Entry]:
    """3.2 网络策略配置: what follows from the settings, then what the applicant adds."""
    section, title, key = "3.2", "网络策略配置", "application.network"
    network = settings.application.network
    if network != "government" and not settings.application.policies:
        state: State = "missing" if network is None else "filled"
        note = "网络类型为互联网则无需开通网络策略"
        yield Entry(section, title, "网络类型", None if network is None else "互联网", state, key, note=note)
        return
    derived = tuple(PolicyRow(**row) for row in needed(settings)) if network == "government" else ()
    table = Table(section, title, "application.policies", forms.POLICY_COLUMNS, "")
    for entry in _table(settings, table, (*derived, *settings.application.policies)):
        ours = entry.line is not None and entry.line <= len(derived)
        yield replace(entry, key="application.server", note="由配置推出, IP 仅供参考") if ours else entry


def _published(settings: Settings) -> tuple[PublishedService, ...]:
    """The applicant's lines, and one for every accepted service that none of them gives an address for."""
    lines = settings.application.published_services
    ends = tuple(urlsplit(url).path.rstrip("/").rpartition("/")[2] for line in lines for url in line.urls)
    return (*lines, *(PublishedService(name=name) for name in settings.inbound_services if name not in ends))


def _by_rule(settings: Settings, line: Any) -> str | None:
    """网关访问路径 by the default rule, for each address."""
    if not line.urls or settings.base_url is None or settings.paas_id is None:
        return None
    ebus = "/ebus" if isinstance(line, PublishedService) else ""
    head = f"{settings.base_url.rstrip('/')}{ebus}/{settings.paas_id}"
    return ", ".join(f"{head}{urlsplit(url).path}" for url in line.urls)


def _state(row: Row, value: str | None, *, unknowable: bool = False) -> State:
    if value is not None:
        return "filled"
    if unknowable:
        return "elsewhere"
    states: Mapping[str, State] = {"required": "missing", "optional": "optional", "assigned": "awaited"}
    return states[row.need]


def _first(settings: Settings, keys: tuple[str, ...]) -> tuple[str, str | None]:
    """The first key that is set, with its value as text; else the first key."""
    for key in keys:
        if (value := _shown(_at(settings, key), key)) is not None:
            return key, value
    return (keys[0] if keys else ""), None


def _at(settings: Settings, key: str) -> Any:
    if key == "serviceid" and settings.serviceid is None:
        return tuple(f"{name}: {each.serviceid}" for name, each in settings.services.items() if each.serviceid)
    value: Any = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def _shown(value: Any, key: str = "") -> str | None:
    if isinstance(value, SecretStr):
        return "已配置"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple):
        return ", ".join(value) or None
    names = {"environment": ENVIRONMENTS.names, "application.scene": ACCESS_SCENES.names}.get(key, {})
    return None if value is None else names.get(value, str(value))
