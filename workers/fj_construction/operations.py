"""The four operations, and what their answers become."""

from collections.abc import Mapping, Sequence
from functools import partial

from gateway.outcome import Accepted, Category, Dead, Ending, Rejected, Retry
from gateway.platform import AfterDeath, Operation, Repeat
from gateway.steps import Steps
from gateway.transport import AnswerLostError
from schemas.fj_construction import events
from workers.fj_construction import checks
from workers.fj_construction.answers import Json, Outcome
from workers.fj_construction.batch import Batch, Row, Send
from workers.fj_construction.client import LOG, VALIDATE, Client
from workers.fj_construction.codes import ALREADY_USED, TOKEN_REFUSED
from workers.fj_construction.grants import CERTIFICATES, FILES, OWN_TOKEN
from workers.fj_construction.results import Describe, conclude, describe_certificate, describe_file


async def submit_certificates(client: Client, data: events.CertificateSubmit, steps: Steps) -> Ending:
    """业务数据归集赋码. Raises NotSentError, AnswerLostError, LoginFailedError."""
    settings = client.settings
    envelope = {"1": settings.safe_envelope, "2": settings.special_envelope, "3": settings.manager_envelope}
    rows = [
        Row(each.eCertID, events.wire(each), checks.certificate(data.certType, each, settings))
        for each in data.certificates
    ]

    async def send(contents: Sequence[Json]) -> Json | Ending:
        parameter = {envelope[data.certType]: contents}
        return await client.collect(
            CERTIFICATES, {"certType": data.certType, events.PARAMETERS[data.certType]: parameter}
        )

    describe = partial(describe_certificate, settings=settings, province_key=client.province_key)
    return await _submit(client, Batch(rows, steps), send, describe)


async def submit_files(client: Client, data: events.CertificateFileSubmit, steps: Steps) -> Ending:
    """电子证照数据归集赋码. Raises NotSentError, AnswerLostError, LoginFailedError."""
    rows = [
        Row(each.ID, events.wire(each), checks.file(each, client.settings), alias=each.zzeCertID)
        for each in data.parameter.acceptData
    ]

    async def send(contents: Sequence[Json]) -> Json | Ending:
        parameter = {client.settings.file_envelope: contents}
        return await client.collect(FILES, {"certType": data.certType, "parameter": parameter})

    return await _submit(client, Batch(rows, steps, _already_used), send, describe_file)


def _already_used(refusal: Outcome) -> bool:
    return ALREADY_USED in refusal.message


async def _submit(client: Client, batch: Batch, send: Send, describe: Describe) -> Ending:
    try:
        ending = await batch.submit(client.settings.batch_size, send)
    except AnswerLostError as error:
        if client.settings.repeat_after_lost_answer:
            raise
        ending = Dead(error.code, "sent, the answer was lost, and repeating is switched off", Category.UNCERTAIN)
    return conclude(batch, ending, describe)


async def validate_token(client: Client, data: events.TokenValidate, _: Steps) -> Ending:
    """授权校验: data is true有效 or false无效. A token refused after a fresh login of ours is the one asked about."""
    asked = {"systemId": data.systemId or client.settings.system_id, "token": data.token or OWN_TOKEN}
    ending = await client.ask(VALIDATE, asked if data.requestIp is None else {**asked, "requestIp": data.requestIp})
    match ending:
        case Retry(code=str(code), message=message) if code in TOKEN_REFUSED and data.token is not None:
            return Accepted(code, message, {"valid": False})
        case Accepted():
            return ending.with_response({"valid": _truth(ending)})
        case _:
            return ending


async def report_log(client: Client, data: events.ResponseLogReport, _: Steps) -> Ending:
    """获取响应日志. Raises NotSentError, AnswerLostError, LoginFailedError."""
    ending = await client.ask(LOG, events.wire(data))
    if not isinstance(ending, Accepted):
        return ending
    if _truth(ending):
        return ending.with_response(None)
    return Rejected(ending.code, f"data is false: {ending.message}")


def _truth(answer: Accepted) -> bool:
    value = (answer.response or {}).get("data")
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise AnswerLostError("unreadable-answer")
    return value


PLATFORM_SECTION = "省应用支撑平台相关接口"
MINISTRY_SECTION = "全国工程质量安全监管信息平台相关接口"

_ALL = (
    # The guid is 数据唯一标识, so sent again it is the same certificate; and no interface tells whether it is
    # there, nor its QR code: asking again is the only way to know. `repeat_after_lost_answer` switches it off.
    Operation(
        name="certificate-submit",
        title="业务数据归集赋码",
        section=MINISTRY_SECTION,
        model=events.CertificateSubmit,
        call=submit_certificates,
        repeat=Repeat.IDEMPOTENT,
        lane=("eCertID",),
        several_calls=True,
        after_death=AfterDeath.HOLD,  # a later state of the certificate, or its file, belongs behind this one
    ),
    # A second file for the same QR code is refused as 赋码已使用.
    Operation(
        name="certificate-file-submit",
        title="电子证照数据归集赋码",
        section=MINISTRY_SECTION,
        model=events.CertificateFileSubmit,
        call=submit_files,
        repeat=Repeat.REPORTS_DUPLICATES,
        lane=("ID",),
        several_calls=True,
    ),
    Operation(
        name="token-validate",
        title="授权校验",
        section=PLATFORM_SECTION,
        model=events.TokenValidate,
        call=validate_token,
        repeat=Repeat.IDEMPOTENT,
        interactive=True,
    ),
    # A log reported twice carries the same logId.
    Operation(
        name="response-log-report",
        title="获取响应日志",
        section=PLATFORM_SECTION,
        model=events.ResponseLogReport,
        call=report_log,
        repeat=Repeat.IDEMPOTENT,
        lane=("logId",),
    ),
)

OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _ALL}
