"""Certificates and their files: each has its own outcome, through partial refusals, crashes and lost answers."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.attempt import attempt
from gateway.outcome import Accepted, Category, Dead, Paused, Rejected, Retry, Unavailable
from gateway.steps import Steps
from tests.platforms.fj_construction.document import (
    FILE_SAMPLE,
    PARAMETERS,
    SAMPLES,
    certificate,
    files,
    read,
    submission,
)
from tests.platforms.fj_construction.house import (
    Disk,
    answering,
    house,
    named,
    outcomes,
    raw,
    rows,
)
from workers.fj_construction.client import Client
from workers.fj_construction.operations import OPERATIONS
from workers.fj_construction.simulator.demo import ISSUED, PROVINCE
from workers.fj_construction.simulator.keys import synthetic_key

REFUSED = {"guid-007": "证书编号 重复", "guid-042": "统一社会信用代码 不存在", "guid-099": "XXXX 不能为空"}
GUIDS = [row["eCertID"] for row in rows(100)]
EXPECTED = named(GUIDS, "accepted") | named(REFUSED, "rejected")
COLLECT = "/share/"


def key_file(folder: Path, name: str = PROVINCE) -> str:
    path = folder / "province.der"
    path.write_bytes(synthetic_key(name).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


async def submit(client: Client, *guids: str, steps: Steps | None = None) -> Any:
    data = submission("1", *(certificate("1", eCertID=guid) for guid in guids or ("a",)))
    return await attempt(
        OPERATIONS["certificate-submit"], client, read("certificate-submit", data), steps or Disk().steps()
    )


# --- one certificate


@pytest.mark.parametrize("kind", SAMPLES)
async def test_the_printed_sample_is_accepted_with_ciphertext_and_plain_id(kind: str, tmp_path: Path) -> None:
    async with house(province_private_key_file=key_file(tmp_path)) as here:
        ending = await here.submit(kind=kind)
    assert isinstance(ending, Accepted)
    assert ending.response is not None
    (entry,) = ending.response["certificates"]
    assert (ending.code, ending.duplicate, entry["outcome"]) == ("1", False, "accepted")
    assert entry["guid"] == entry["eCertID"] == SAMPLES[kind]["eCertID"]
    assert entry["ID"] == "4300002021000000001"
    assert len(bytes.fromhex(entry["encryCertid"])) == 24
    assert entry["encryKey"]
    assert entry["qr_error"] is None
    assert {warning["code"] for warning in entry["warnings"]} == {"check-digit"}


async def test_without_the_provinces_key_the_ciphertext_is_passed_on() -> None:
    async with house() as here:
        ending = await here.submit()
    assert isinstance(ending, Accepted)
    (entry,) = (ending.response or {})["certificates"]
    assert entry["encryCertid"]
    assert (entry["ID"], entry["qr_error"]) == (None, None)


async def test_a_wrong_key_is_a_clear_error_in_the_certificates_result(tmp_path: Path) -> None:
    async with house(province_private_key_file=key_file(tmp_path, "another province")) as here:
        ending = await here.submit()
    assert isinstance(ending, Accepted)
    (entry,) = (ending.response or {})["certificates"]
    assert entry["ID"] is None
    assert entry["qr_error"]["code"] == "wrong-key"
    assert entry["encryCertid"]


async def test_an_operation_without_a_qr_code_has_none_and_one_that_lacks_it_is_warned_about() -> None:
    async with house() as here:
        ending = await here.submit(certificate("1", operateType="08"))
    (entry,) = (getattr(ending, "response", None) or {})["certificates"]
    assert entry["encryCertid"] is None
    assert "qr-missing" not in {warning["code"] for warning in entry["warnings"]}
    async with raw(answering({"ReturnCode": "1", "ReturnMsg": "上传成功"})) as client:
        (entry,) = (await submit(client)).response["certificates"]
    assert "qr-missing" in {warning["code"] for warning in entry["warnings"]}


async def test_warnings_of_the_platform_travel_in_the_result() -> None:
    async with house() as here:
        await here.sandbox("warn", guids={"a": "湖北省存在证书，需注销其他省份的证书。"})
        ending = await here.submit(certificate("1", eCertID="a"), certificate("1", eCertID="b", certNum="x"))
    assert isinstance(ending, Accepted)
    assert ending.code == "2"
    first, second = (ending.response or {})["certificates"]
    texts = [warning["message"] for warning in first["warnings"] if warning["code"] == "platform"]
    assert texts == ["湖北省存在证书，需注销其他省份的证书。"]
    assert "platform" not in {warning["code"] for warning in second["warnings"]}


@pytest.mark.parametrize(("kind", "list_name"), [("1", "acceptData"), ("2", "acceptData"), ("3", "AcceptData")])
async def test_the_list_is_sent_as_the_sample_of_its_type_spells_it(kind: str, list_name: str) -> None:
    async with house() as here:
        assert isinstance(await here.submit(kind=kind), Accepted)
        (call,) = await here.calls()
    assert set(call["body"]) == {"certType", PARAMETERS[kind]}
    assert set(call["body"][PARAMETERS[kind]]) == {list_name}
    assert call["body"][PARAMETERS[kind]][list_name] == [SAMPLES[kind]]


async def test_the_name_of_the_list_is_a_setting() -> None:
    async with house(safe_envelope="AcceptData") as here:
        ending = await here.submit()
        (call,) = await here.calls()
    assert set(call["body"]["safeCertParameter"]) == {"AcceptData"}
    assert isinstance(ending, Rejected)  # this platform wants the sample's


# --- a batch of 100 with 3 refused


async def test_of_a_batch_of_100_with_3_refused_97_are_accepted() -> None:
    async with house() as here:
        await here.sandbox("refuse", guids=REFUSED)
        ending = await here.submit(*rows(100))
        state = await here.state()
    assert isinstance(ending, Rejected)
    assert ending.code == "0"
    assert ending.message.startswith("3 of 100 certificates refused: ")
    assert outcomes(ending) == EXPECTED
    messages = {e["guid"]: e["message"] for e in (ending.response or {})["certificates"] if e["guid"] in REFUSED}
    assert messages == REFUSED
    assert "answer-lost-before" not in json.dumps(ending.response)
    assert set(state["certificates"]) == set(GUIDS) - set(REFUSED)
    assert all(e["encryKey"] for e in (ending.response or {})["certificates"] if e["guid"] not in REFUSED)


async def test_a_worker_that_died_after_the_answer_sends_nothing_again() -> None:
    """The connection to the broker is cut after the answer to the first attempt: steps stand, nothing settled."""
    disk = Disk()
    async with house() as here:
        await here.sandbox("refuse", guids=REFUSED)
        first = await here.submit(*rows(100), steps=disk.steps())
        second = await here.submit(*rows(100), steps=disk.steps())
        calls = await here.calls()
    assert first == second
    assert outcomes(second) == EXPECTED
    assert len(calls) == 1


async def test_a_worker_that_died_between_answer_and_record_asks_again_and_says_so() -> None:
    disk = Disk()
    disk.dies_at = 1  # after `asked`
    async with house() as here:
        await here.sandbox("refuse", guids=REFUSED)
        with pytest.raises(asyncio.CancelledError):
            await here.submit(*rows(100), steps=disk.steps())
        disk.dies_at = None
        ending = await here.submit(*rows(100), steps=disk.steps())
        state = await here.state()
    assert outcomes(ending) == EXPECTED
    assert set(state["sent"].values()) == {2}
    doubtful = [
        entry["guid"]
        for entry in getattr(ending, "response", {})["certificates"]
        if "answer-lost-before" in {warning["code"] for warning in entry["warnings"]}
    ]
    assert doubtful == list(REFUSED)


async def test_a_lost_answer_is_a_retry_that_asks_for_what_is_unknown_only() -> None:
    disk = Disk()
    async with house(batch_size=40) as here:
        await here.sandbox("refuse", guids=REFUSED)
        await here.fault("drop-after", times=1, path=COLLECT)
        lost = await here.submit(*rows(100), steps=disk.steps())
        assert isinstance(lost, Retry)
        assert lost.code == "connection-lost"
        ending = await here.submit(*rows(100), steps=disk.steps())
        state = await here.state()
    assert outcomes(ending) == EXPECTED
    assert {guid for guid, times in state["sent"].items() if times == 2} == set(GUIDS[:40])


async def test_what_was_settled_before_a_lost_answer_is_not_sent_again() -> None:
    disk = Disk()
    async with house(batch_size=40) as here:
        await here.submit(*rows(40), steps=disk.steps())
        await here.fault("drop-after", times=1, path=COLLECT)
        assert isinstance(await here.submit(*rows(100), steps=disk.steps()), Retry)
        assert isinstance(await here.submit(*rows(100), steps=disk.steps()), Accepted)
        state = await here.state()
    assert {guid for guid, times in state["sent"].items() if times == 2} == set(GUIDS[40:80])


async def test_repeating_after_a_lost_answer_can_be_switched_off() -> None:
    disk = Disk()
    async with house(batch_size=2, repeat_after_lost_answer=False) as here:
        await here.submit(*rows(2), steps=disk.steps())
        await here.fault("drop-after", times=1, path=COLLECT)
        ending = await here.submit(*rows(4), steps=disk.steps())
    assert isinstance(ending, Dead)
    assert ending.category is Category.UNCERTAIN
    assert outcomes(ending) == named(GUIDS[:2], "accepted") | named(GUIDS[2:4], "unknown")


async def test_a_request_that_never_left_raises_no_doubt_about_its_certificates() -> None:
    disk = Disk()
    async with house(remote_base_url="http://127.0.0.1:9") as here:
        assert await here.submit(steps=disk.steps()) == Unavailable(
            "connect-failed", "the platform could not be reached"
        )
    assert disk.kept == {"asked": []}


@pytest.mark.parametrize(("fault", "order"), [("closed", {}), ("code", {"code": 1212}), ("status", {"status": 503})])
async def test_a_call_that_the_platform_let_not_through_raises_no_doubt_either(fault: str, order: Any) -> None:
    disk = Disk()
    async with house() as here:
        await here.fault(fault, path=COLLECT, **order)
        await here.submit(steps=disk.steps())
    assert disk.kept == {"asked": []}


async def test_certificates_go_in_calls_of_the_configured_size() -> None:
    async with house(batch_size=30) as here:
        assert isinstance(await here.submit(*rows(100)), Accepted)
        calls = await here.calls()
    assert [len(call["body"]["safeCertParameter"]["acceptData"]) for call in calls] == [30, 30, 30, 10]


async def test_a_pause_in_the_middle_keeps_what_was_settled() -> None:
    disk = Disk()
    async with house(batch_size=50) as here:
        await here.submit(*rows(50), steps=disk.steps())
        await here.fault("closed", times=1, path=COLLECT)
        assert isinstance(await here.submit(*rows(100), steps=disk.steps()), Paused)
        assert isinstance(await here.submit(*rows(100), steps=disk.steps()), Accepted)
        assert isinstance(await here.submit(*rows(100), steps=disk.steps()), Accepted)
        state = await here.state()
    assert set(state["sent"].values()) == {1}


async def test_a_replay_asks_again_for_the_refused_and_never_for_the_accepted() -> None:
    disk = Disk()
    async with house() as here:
        await here.sandbox("refuse", guids=REFUSED)
        await here.submit(*rows(100), steps=disk.steps())
        await here.sandbox("refuse", guids={})
        again = Steps(disk.kept, disk.steps().record, replay="run-1")
        ending = await here.submit(*rows(100), steps=again)
        state = await here.state()
    assert isinstance(ending, Accepted)
    assert {guid for guid, times in state["sent"].items() if times == 2} == set(REFUSED)


async def test_a_refused_certificate_that_was_edited_is_asked_about_again() -> None:
    disk = Disk()
    async with house() as here:
        bad = certificate("1", eCertID="b", operateType="01", certState="05")
        assert isinstance(await here.submit(certificate("1", eCertID="a"), bad, steps=disk.steps()), Rejected)
        mended = {**bad, "certState": "01"}
        ending = await here.submit(certificate("1", eCertID="a"), mended, steps=disk.steps())
        state = await here.state()
    assert isinstance(ending, Accepted)
    assert state["sent"] == {"a": 1, "b": 2}


# --- what we refuse ourselves


async def test_a_certificate_that_fails_a_check_set_to_refuse_is_not_sent() -> None:
    async with house(check_state_operations="refuse") as here:
        good, bad = certificate("1", eCertID="a"), certificate("1", eCertID="b", operateType="03")
        ending = await here.submit(good, bad)
        state = await here.state()
    assert isinstance(ending, Rejected)
    assert ending.code == "state-operation"
    assert outcomes(ending) == {"a": "accepted", "b": "rejected"}
    assert state["sent"] == {"a": 1}


async def test_when_no_certificate_passes_our_checks_nothing_is_sent() -> None:
    async with house(check_digits="refuse") as here:
        ending = await here.submit()
        assert await here.calls() == []
    assert isinstance(ending, Rejected)
    assert ending.code == "check-digit"


# --- answers that do not account for everybody


async def test_who_the_answer_leaves_out_is_asked_about_again_alone() -> None:
    asked: list[list[str]] = []

    async def answer(request: web.Request) -> web.Response:
        sent = [row["eCertID"] for row in (await request.json())["safeCertParameter"]["acceptData"]]
        asked.append(sent)
        if "bad" in sent:
            errors = [{"ErrorGuid": "bad", "ErrorMsg": "no"}]
            data = {"SuccessGuids": "", "ErrorData": errors}
            return web.json_response({"ReturnCode": "0", "ReturnMsg": "上传失败", "ReturnData": data})
        return web.json_response({"ReturnCode": "1", "ReturnMsg": "上传成功"})

    disk = Disk()
    async with raw(answer) as client:
        first = await submit(client, "a", "bad", "b", steps=disk.steps())
        second = await submit(client, "a", "bad", "b", steps=disk.steps())
    assert isinstance(first, Retry)
    assert first.code == "unaccounted"
    assert outcomes(second) == {"a": "accepted", "bad": "rejected", "b": "accepted"}
    assert asked == [["a", "bad", "b"], ["a", "b"]]


async def test_an_answer_about_nobody_we_sent_is_for_an_operator() -> None:
    error = {"ErrorData": [{"ErrorGuid": "stranger", "ErrorMsg": "no"}]}
    async with raw(answering({"ReturnCode": "0", "ReturnMsg": "x", "ReturnData": error})) as client:
        ending = await submit(client, "a")
    assert isinstance(ending, Dead)
    assert (ending.code, ending.category) == ("unaccounted", Category.UNKNOWN)
    assert outcomes(ending) == {"a": "unknown"}


@pytest.mark.parametrize("code", ["3", "-1", "", 9, None])
async def test_a_returncode_that_is_not_listed_is_for_an_operator(code: object) -> None:
    async with raw(answering({"ReturnCode": code, "ReturnMsg": "new"})) as client:
        ending = await submit(client)
    assert isinstance(ending, Dead)
    assert (ending.category, ending.message) == (Category.UNKNOWN, "new")


# --- SOAP


SOAP: dict[str, Any] = {
    "body_format": "soap",
    "soap_certificate_method": "collect",
    "soap_certificate_file_method": "collectFile",
}


async def test_certificates_can_go_in_the_envelope_of_the_sample() -> None:
    async with house(**SOAP) as here:
        await here.sandbox("refuse", guids={"b": '<&>"'})
        awkward = certificate("1", eCertID="a", companyName='江西 <b> & "艳文" ]]> 公司')
        ending = await here.submit(awkward, certificate("1", eCertID="b"))
        (call,) = await here.calls()
        state = await here.state()
        assert isinstance(
            await here.call("certificate-file-submit", files({**FILE_SAMPLE, "ID": ISSUED[0]})), Accepted
        )
    assert outcomes(ending) == {"a": "accepted", "b": "rejected"}
    assert call["content_type"] == "text/xml"
    assert set(state["certificates"]) == {"a"}
    assert (getattr(ending, "response", None) or {})["certificates"][1]["message"] == '<&>"'


async def test_a_token_refused_inside_soap_is_renewed() -> None:
    async with house(**SOAP) as here:
        await here.fault("kill-token", times=1, path=COLLECT)
        assert isinstance(await here.submit(), Accepted)
        assert (await here.state())["logins"]["succeeded"] == 2


@pytest.mark.parametrize(("code", "expected"), [("Server", Retry), ("Client", Dead)])
async def test_a_fault_of_the_server_is_tried_again_and_one_of_ours_is_not(
    code: str, expected: type[Retry | Dead]
) -> None:
    fault = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
        f"<faultcode>s:{code}</faultcode><faultstring>x</faultstring></s:Fault></s:Body></s:Envelope>"
    )
    async with raw(answering(fault.encode(), status=500, content_type="text/xml"), **SOAP) as client:
        ending = await submit(client)
    assert isinstance(ending, expected)
    assert ending.code == "soap-fault"


# --- files


def file(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {**FILE_SAMPLE, "ID": ISSUED[0] if not number else f"{number:019d}", **changes}


async def test_a_file_is_accepted_for_a_code_that_was_given() -> None:
    async with house() as here:
        ending = await here.call("certificate-file-submit", files(file()))
        state = await here.state()
    assert isinstance(ending, Accepted)
    assert ending.duplicate is False
    (entry,) = (ending.response or {})["certificates"]
    assert (entry["guid"], entry["ID"], entry["zzeCertID"]) == (ISSUED[0], ISSUED[0], FILE_SAMPLE["zzeCertID"])
    assert {warning["field"] for warning in entry["warnings"]} == {"zzeCertID", "url"}
    assert state["files"] == {ISSUED[0]: FILE_SAMPLE["zzeCertID"]}


async def test_files_have_their_own_outcomes() -> None:
    async with house() as here:
        ending = await here.call("certificate-file-submit", files(file(), file(1)))
    assert isinstance(ending, Rejected)
    assert outcomes(ending) == {ISSUED[0]: "accepted", file(1)["ID"]: "rejected"}
    assert "赋码不存在" in ending.message


async def test_a_code_in_use_is_refused() -> None:
    async with house() as here:
        await here.call("certificate-file-submit", files(file()))
        ending = await here.call("certificate-file-submit", files(file()))
    assert isinstance(ending, Rejected)
    assert "赋码已使用" in ending.message


async def test_a_code_in_use_after_our_answer_was_lost_is_in_use_by_us() -> None:
    disk = Disk()
    async with house() as here:
        await here.fault("drop-after", times=1, path=COLLECT)
        lost = await here.call("certificate-file-submit", files(file()), disk.steps())
        ending = await here.call("certificate-file-submit", files(file()), disk.steps())
        state = await here.state()
        replayed = Steps(disk.kept, disk.steps().record, replay="run-1")
        again = await here.call("certificate-file-submit", files(file()), replayed)
        assert (await here.state())["sent"] == {ISSUED[0]: 2}
    assert isinstance(lost, Retry)
    assert isinstance(ending, Accepted)
    assert ending.duplicate is True
    assert again == ending
    assert state["sent"] == {ISSUED[0]: 2}


async def test_the_sample_answers_of_the_file_interface_are_read() -> None:
    async with raw(answering({"ReturnCode": "1", "ReturnMsg": "上传成功"})) as client:
        data = read("certificate-file-submit", files())
        assert isinstance(
            await attempt(OPERATIONS["certificate-file-submit"], client, data, Disk().steps()), Accepted
        )
    errors = {"SuccessGuids": "", "ErrorData": [{"ErrorGuid": "", "ErrorMsg": "赋码已使用"}]}
    async with raw(answering({"ReturnCode": "0", "ReturnMsg": "上传失败", "ReturnData": errors})) as client:
        ending = await attempt(OPERATIONS["certificate-file-submit"], client, data, Disk().steps())
    assert isinstance(ending, Rejected)
    assert "赋码已使用" in ending.message


# --- secrets


@pytest.mark.parametrize("kind", SAMPLES)
async def test_who_a_certificate_is_about_is_in_no_log_and_no_message(kind: str, capfd: Any) -> None:
    row = SAMPLES[kind]
    secrets = [row[name] for name in ("identityCard", "responsiblePersonID", "photo", "name") if name in row]
    async with house(check_digits="refuse") as here:
        ending = await here.submit(kind=kind)
        assert isinstance(ending, Rejected)
    async with house() as here:
        await here.fault("drop-after", times=1, path=COLLECT)
        await here.submit(kind=kind)
        accepted = await here.submit(kind=kind)
        assert here.tokens.kept is not None
        secrets += [here.tokens.kept.value, json.loads(here.tokens.kept.value)["grants"]["certificates"]["token"]]
    said = "".join(capfd.readouterr()) + ending.message + json.dumps(ending.response) + repr(accepted)
    assert "token.renewed" in said
    assert not [secret for secret in secrets if secret in said]
