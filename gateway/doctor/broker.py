"""RabbitMQ: its release and features, our rights, the topology, policies, and who consumes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aio_pika.abc import AbstractConnection

from gateway import declare, management
from gateway.account import Account
from gateway.broker import connect
from gateway.definitions import vhost_of
from gateway.depth import Depth, depths
from gateway.doctor import rights
from gateway.doctor.finding import Finding, gathered
from gateway.errors import UnavailableError
from gateway.settings import Broker, Settings
from gateway.topology import UNROUTED, Names

OLDEST, NEWEST = (3, 10), (4, 99)
AWAY = "see broker.url: is RabbitMQ up, the port open, user and password right 消息队列不可用"
LOSSY = frozenset({"message-ttl", "expires", "dead-letter-exchange", "dead-letter-routing-key", "delivery-limit"})
LIMITS = frozenset({"max-length", "max-length-bytes"})
REFUSING = frozenset({"reject-publish", "reject-publish-dlx"})


async def examine(settings: Settings, accounts: Sequence[Account]) -> list[Finding]:
    """All findings about the broker; only that it is away, where it is."""
    try:
        async with connect(settings.broker, "gateway check") as connection:
            found = [judge_version(_server(connection))]
            found.append(await _rights(connection, settings, accounts))
            found.append(await _drift(connection, settings, accounts))
            found += await _management(settings.broker)
            found.append(judge_unrouted((await depths(connection, [UNROUTED])).get(UNROUTED)))
            for account in accounts:
                found.append(judge_consumers(str(account), await _depths(connection, account)))
    except UnavailableError as error:
        return [Finding("broker", "bad", str(error), AWAY)]
    return found


def judge_version(properties: Mapping[str, Any]) -> Finding:
    """By the release that the broker gives at the greeting."""
    name, version = str(properties.get("product", "broker")), str(properties.get("version", ""))
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    found = f"{name} {version or 'of an unknown release'}"
    if name != "RabbitMQ" or not OLDEST <= numbers <= NEWEST:
        return Finding("broker", "warning", found, "the gateway is tested on RabbitMQ 3.10 to 4.x 版本")
    return Finding("broker", "good", found)


def judge_flags(flags: Sequence[Mapping[str, Any]]) -> Finding:
    """Feature flags: without quorum queues nothing works, without the other stable ones no upgrade does."""
    off = [
        str(flag["name"]) for flag in flags if flag.get("state") != "enabled" and flag.get("stability") == "stable"
    ]
    remedy = "rabbitmqctl enable_feature_flag all 启用特性, before the broker's next upgrade"
    if "quorum_queue" in off:
        return Finding("feature flags", "bad", "quorum queues are not enabled", remedy)
    return gathered("feature flags", (f"{name} is not enabled" for name in off), "all stable ones", remedy, "warning")


Policies = Mapping[str, Mapping[str, Any]]
"""Definitions by name."""


def judge_policies(queues: Mapping[str, Mapping[str, Any]], policies: Policies, operators: Policies) -> Finding:
    """Policies that let the broker drop or expire what the gateway has been promised to find again."""
    wrong = [
        f"{name}: policy {queue[kind]} sets {', '.join(sorted(lossy))}"
        for name, queue in sorted(queues.items())
        for kind, known in (("policy", policies), ("operator_policy", operators))
        if name.startswith("gateway.") and (lossy := _lossy(queue, known.get(str(queue.get(kind)), {})))
    ]
    remedy = "change or delete the policy 策略: rabbitmqctl clear_policy NAME; messages would be lost"
    return gathered("policies", wrong, "none that loses messages", remedy)


def _lossy(queue: Mapping[str, Any], policy: Mapping[str, Any]) -> set[str]:
    """The settings of a policy that lose messages, and that the queue's own arguments do not overrule."""
    arguments = queue.get("arguments", {})
    overflow = arguments.get("x-overflow", policy.get("overflow", "drop-head"))
    found = {key for key in LOSSY & policy.keys() if f"x-{key}" not in arguments}
    return found | (LIMITS & policy.keys() if overflow not in REFUSING else set())


def judge_unrouted(unrouted: Depth | None) -> Finding:
    """What no queue took: somebody publishes with a wrong routing key, or for an account that is not configured."""
    remedy = "look at its routing keys in queue gateway.unrouted 无法路由; see deploy/docs/runbook.md"
    if unrouted is None or unrouted.messages == 0:
        return Finding("unrouted", "good", "nothing stands there" if unrouted else "there is no such queue yet")
    return Finding("unrouted", "warning", f"{unrouted.messages} messages that no queue took", remedy)


def judge_consumers(account: str, depths: Mapping[str, Depth | None]) -> Finding:
    """A worker that is active consumes questions always, and durable events unless the account is halted."""
    there = {role: found for role, found in depths.items() if found is not None}
    waiting = sum(there[role].messages for role in ("bulk", "due") if role in there)
    if not there:
        return Finding("consumers", "note", "its queues are not there yet", "gateway run makes them", account)
    if all(found.consumers == 0 for found in there.values()):
        start = "start one 启动: gateway run, or gateway worker " + account
        return Finding("consumers", "note", f"no worker is running; {waiting} events wait", start, account)
    deaf = [role for role, found in there.items() if found.consumers == 0]
    if deaf:
        wait = "gateway_account_state says why: paused, stopped 停用, contested or ledger-down; see the runbook"
        found = f"a worker runs, and does not consume {', '.join(deaf)}; {waiting} events wait"
        return Finding("consumers", "warning", found, wait, account)
    return Finding("consumers", "good", f"a worker consumes all queues; {waiting} events wait", account=account)


async def _depths(connection: AbstractConnection, account: Account) -> dict[str, Depth | None]:
    names = Names(account.platform, account.name)
    queues = {role: names.queue(role) for role in ("bulk", "interactive", "due")}
    found = await depths(connection, queues.values())
    return {role: found.get(queue) for role, queue in queues.items()}


async def _rights(connection: AbstractConnection, settings: Settings, accounts: Sequence[Account]) -> Finding:
    names = [Names(account.platform, account.name) for account in accounts]
    wanted = rights.needed(settings.retry.ladder_seconds, names)
    return rights.judge(await rights.missing(connection, wanted), len(wanted))


async def _drift(connection: AbstractConnection, settings: Settings, accounts: Sequence[Account]) -> Finding:
    try:
        found = await declare.check(connection, settings.broker, *declare.expected(settings, accounts))
    except management.NotAllowedError as error:
        return Finding("topology", "not checked", str(error), "give its user the tag management 管理权限")
    return judge_drift(found)


def judge_drift(found: Mapping[str, Sequence[str]]) -> Finding:
    """What is not as designed; what could not be compared is no fault."""
    wrong = [f"{name}: {what}" for name, drift in found.items() for what in drift if what != declare.NOT_COMPARED]
    if not wrong and any(declare.NOT_COMPARED in drift for drift in found.values()):
        return Finding("topology", "not checked", f"all is there, but {declare.NOT_COMPARED}", "see broker.declare")
    remedy = "gateway topology declare 声明; what differs must be deleted first, once it is empty"
    return gathered("topology", wrong, f"{len(found)} exchanges and queues as designed", remedy)


async def _management(broker: Broker) -> list[Finding]:
    """What only the management interface tells."""
    if broker.management_url is None:
        remedy = "set broker.management_url 管理接口"
        return [Finding(what, "not checked", "AMQP does not tell", remedy) for what in ("feature flags", "policies")]
    found = []
    try:
        found.append(judge_flags(await management.get(broker.management_url, "feature-flags")))
    except management.NotAllowedError as error:
        found.append(Finding("feature flags", "not checked", str(error), "rabbitmqctl list_feature_flags"))
    return [*found, await _policies(broker.management_url, vhost_of(broker.url))]


async def _policies(url: str, vhost: str) -> Finding:
    try:
        queues, ours, operators = [
            {row["name"]: row for row in await management.get(url, kind, vhost)}
            for kind in ("queues", "policies", "operator-policies")
        ]
    except management.NotAllowedError as error:
        return Finding("policies", "not checked", str(error), "rabbitmqctl list_policies; list_operator_policies")
    named = ({name: row["definition"] for name, row in rows.items()} for rows in (ours, operators))
    return judge_policies(queues, *named)


def _server(connection: AbstractConnection) -> Mapping[str, Any]:
    if connection.transport is None:
        raise UnavailableError("the connection to the broker has closed")
    return connection.transport.connection.server_properties
