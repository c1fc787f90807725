"""What things are called on the pages, in English and in Chinese. Pure data."""

from typing import NamedTuple


class Words(NamedTuple):
    """One thing's name in both languages, and what to do about it where that helps."""

    en: str
    zh: str
    en_hint: str = ""
    zh_hint: str = ""


CATEGORIES = {
    "invalid": Words(
        "Never valid", "数据无效", "the publisher mends the event, or it is edited here", "由发布方更正"
    ),
    "rejected": Words(
        "Refused by the platform", "平台拒绝", "mend the cause there, then replay", "先在平台更正再重放"
    ),
    "exhausted": Words("Retries used up", "重试用尽", "replay once the platform is well", "平台恢复后重放"),
    "uncertain": Words("Answer lost", "结果不明", "ask the platform whether it has it", "先向平台核实是否已受理"),
    "unknown": Words("Unlisted answer", "未知返回码", "ask the platform what it means", "向平台询问返回码含义"),
    "held": Words("Held behind another", "顺序阻塞", "is replayed with the one it waits for", "随前一事件一并重放"),
}

ACCOUNT_STATES = {
    "working": Words("Working", "正常"),
    "probing": Words("Finding out whether the platform is back", "试探恢复中"),
    "paused": Words("Paused: the platform is down or closed", "平台不可用，已暂停", "goes on by itself", "自动恢复"),
    "contested": Words(
        "Another system uses this account", "账号被他处占用", "find who else logs in", "查明谁在使用该账号"
    ),
    "ledger-down": Words(
        "Waiting for the ledger", "台账不可用，等待中", "see the ledger's database", "检查台账数据库"
    ),
    "stopped": Words(
        "Stopped until somebody acts",
        "已停止，待处理",
        "mend the cause, then gateway resume",
        "处理后执行 gateway resume",
    ),
    "unknown": Words("No worker has reported yet", "尚无工作进程上报", "start gateway run", "启动 gateway run"),
}

RUN_STATES = {
    "running": Words("Running", "进行中"),
    "paused": Words("Paused", "已暂停"),
    "stopped": Words("Stopped: failed again", "再次失败，已停止", "mend the cause, then resume", "处理后继续"),
    "cancelled": Words("Cancelled", "已取消"),
    "done": Words("Done", "已完成"),
}

KINDS = {"replay": Words("Replay", "重放"), "discard": Words("Discard", "丢弃")}

LETTER_STATES = {
    "pending": Words("Pending", "待处理"),
    "sending": Words("Being put back", "发送中"),
    "sent": Words("With the account", "处理中"),
    "accepted": Words("Accepted", "已受理"),
    "failed": Words("Failed again", "再次失败"),
    "discarded": Words("Discarded", "已丢弃"),
    "skipped": Words("Skipped", "已跳过"),
    "missing": Words("Not there any more", "已不在队列"),
}

MOMENTS = {
    "first-seen": Words("First seen", "首次收到"),
    "waits": Words("Waits for its turn", "按序等待"),
    "delayed": Words("Waits for its next attempt", "等待重试"),
    "accepted": Words("Accepted", "已受理"),
    "rejected": Words("Refused", "被拒绝"),
    "dead": Words("Died", "进入死信"),
    "expired": Words("Expired", "已过期"),
    "dead-letter": Words("Dead letter", "死信"),
    "replayed": Words("Replayed", "已重放"),
    "discarded": Words("Discarded", "已丢弃"),
}

TOKEN_STATES = {
    "held": Words("held", "有效"),
    "renewing": Words("renewing", "更新中"),
    "none": Words("none yet", "未获取"),
    "stopped": Words("login refused", "登录被拒"),
    "contested": Words("contested", "被他处占用"),
}

ROLES = {
    "viewer": Words("viewer", "只读"),
    "operator": Words("operator", "操作员"),
    "admin": Words("admin", "管理员"),
}

BREAKER = {
    "working": Words("closed", "闭合"),
    "probing": Words("half-open", "半开"),
    "unknown": Words("unknown", "未知"),
}
OPEN = Words("open", "断开")


def breaker(state: str) -> Words:
    """The breaker 熔断器 of an account in this state: every reason not to call counts as open."""
    return BREAKER.get(state, OPEN)
