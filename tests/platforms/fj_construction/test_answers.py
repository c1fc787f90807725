"""Reading answers in every shape that the document prints, the facts report, or a program may make of them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.fj_construction.answers import Outcome, ministry, outcomes, parsed, token_refused
from workers.fj_construction.soap import FaultError, NoSoapError, envelope, unwrap

A, B, C = "1d766fd8-8378-233-531-32bfa76155", "guid-b", "guid-c"
QR = {"encryCertid": "EDBE76D9", "encryKey": "Th2M\n\nTPm0"}
NESTED = "ReturnData"


def asked(*guids: str) -> dict[str, str]:
    return dict.fromkeys(guids or (A,), "")


def failed(*errors: tuple[str, str], successes: Any = "", **more: Any) -> dict[str, Any]:
    rows = [{"ErrorGuid": guid, "ErrorMsg": message} for guid, message in errors]
    data = {"SuccessGuids": successes, "ErrorData": rows, **more}
    return {"ReturnCode": "0", "ReturnMsg": "上传失败", NESTED: data}


def summary(found: dict[str, Outcome]) -> dict[str, bool]:
    return {guid: outcome.accepted for guid, outcome in found.items()}


# --- the three printed answers


def test_the_first_printed_answer_has_the_code_at_its_top() -> None:
    answer = {"ReturnCode": "1", "ReturnMsg": "上传成功", **QR}
    assert outcomes(answer, asked()) == {A: Outcome(True, "1", "上传成功", qr=QR)}


def test_the_second_printed_answer_names_nobody_and_refuses_all() -> None:
    answer = failed(("", "XXXX 不能为空"))
    refused = Outcome(False, "0", "XXXX 不能为空")
    assert outcomes(answer, asked()) == {A: refused}
    assert outcomes(answer, asked(A, B)) == {A: refused, B: refused}


def test_the_third_printed_answer_has_warnings_and_codes_nested() -> None:
    answer = {
        "ReturnCode": "2",
        "ReturnMsg": "上传成功有预警",
        NESTED: {
            "WarnData": [{"WarnGuid": A, "WarnMsg": "需注销其他省份的证书。"}],
            "SuccessData": [{"ReturnMsg": "上传成功", **QR, "eCertID": A}],
        },
    }
    qr = {**QR, "eCertID": A}
    assert outcomes(answer, asked()) == {A: Outcome(True, "2", "上传成功", ("需注销其他省份的证书。",), qr)}


@pytest.mark.parametrize("code", ["1", 1, "2"])
def test_codes_nested_or_at_the_top_are_the_same(code: object) -> None:
    data = {"SuccessData": [{**QR, "eCertID": A}], "WarnData": [{"WarnGuid": A, "WarnMsg": "w"}]}
    nested, flat = {"ReturnCode": code, NESTED: data}, {"ReturnCode": code, **data}
    assert outcomes(nested, asked()) == outcomes(flat, asked())
    assert outcomes({"ReturnCode": code, NESTED: json.dumps(data)}, asked()) == outcomes(flat, asked())


# --- each certificate its own outcome


@pytest.mark.parametrize("successes", ["a,b", "a;b", "a b", "a，b", "a\nb", ["a", "b"], "A, B"])
def test_successes_are_listed_in_any_way(successes: Any) -> None:
    found = outcomes(failed(("c", "赋码已使用"), successes=successes), asked("a", "b", "c"))
    assert summary(found) == {"a": True, "b": True, "c": False}
    assert found["c"].message == "赋码已使用"


def test_a_batch_with_refusals_keeps_the_codes_of_the_others() -> None:
    answer = failed((C, "no"), successes=f"{A},{B}", SuccessData=[{**QR, "eCertID": B}])
    found = outcomes(answer, asked(A, B, C))
    assert summary(found) == {A: True, B: True, C: False}
    assert found[B].qr == {**QR, "eCertID": B}
    assert found[A].qr == {}


def test_errors_under_a_success_refuse_those_they_name() -> None:
    answer = {"ReturnCode": "2", NESTED: {"ErrorData": [{"ErrorGuid": B, "ErrorMsg": "no"}]}}
    assert summary(outcomes(answer, asked(A, B))) == {A: True, B: False}


def test_an_error_that_names_nobody_under_a_success_is_a_warning() -> None:
    answer = {"ReturnCode": "1", "ErrorData": [{"ErrorGuid": "", "ErrorMsg": "odd"}]}
    assert outcomes(answer, asked())[A] == Outcome(True, "1", "", ("odd",))


def test_several_errors_of_one_certificate_are_told_together() -> None:
    assert outcomes(failed((A, "x"), (A, "y")), asked())[A].message == "x; y"


def test_a_failure_that_says_nothing_of_anybody_is_everybodys() -> None:
    for answer in ({"ReturnCode": "0", "ReturnMsg": "上传失败"}, failed(), failed(("", ""))):
        found = outcomes(answer, asked(A, B))
        assert summary(found) == {A: False, B: False}
        assert found[A].message == "上传失败"


def test_who_is_in_no_list_of_a_failure_is_not_accounted_for() -> None:
    assert summary(outcomes(failed((C, "no")), asked(A, B, C))) == {C: False}
    assert summary(outcomes(failed((C, "no"), successes=A), asked(A, B, C))) == {A: True, C: False}


def test_errors_of_somebody_else_say_nothing_of_ours() -> None:
    assert outcomes(failed(("stranger", "no")), asked(A, B)) == {}
    assert outcomes(failed(successes="stranger"), asked(A, B)) == {}


def test_guids_are_compared_without_case_and_dashes() -> None:
    guid = "1D766FD8837823353132BFA76155"
    assert summary(outcomes(failed((guid, "no")), asked(A, B))) == {A: False}


def test_a_file_is_known_by_its_id_and_by_its_mark() -> None:
    rows = {"1100002022000000001": "1.2.156.3005.2.X.1", "1100002022000000002": "1.2.156.3005.2.X.2"}
    answer = failed(("1.2.156.3005.2.X.2", "赋码已使用"), successes="1100002022000000001")
    assert summary(outcomes(answer, rows)) == {"1100002022000000001": True, "1100002022000000002": False}


def test_a_code_at_the_top_of_an_answer_to_many_belongs_to_none_of_them() -> None:
    found = outcomes({"ReturnCode": "1", **QR}, asked(A, B))
    assert [outcome.qr for outcome in found.values()] == [{}, {}]


def test_the_second_key_of_a_code_may_be_missing() -> None:
    found = outcomes({"ReturnCode": "1", "encryCertid": "AB", "encryKey": None}, asked())
    assert found[A].qr == {"encryCertid": "AB"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "SuccessGuids",
                    "SuccessData",
                    "ErrorData",
                    "WarnData",
                    "ErrorGuid",
                    "ErrorMsg",
                    "eCertID",
                    "encryKey",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(["0", "1", "2"]), JSON, JSON)
def test_no_answer_makes_reading_fall_over(code: str, data: Any, successes: Any) -> None:
    answer = {"ReturnCode": code, NESTED: data, "SuccessData": successes}
    found = outcomes(answer, asked(A, B))
    assert set(found) <= {A, B}
    assert code == "0" or set(found) == {A, B}


# --- whose answer it is


@pytest.mark.parametrize(
    "body",
    [
        {"ReturnCode": "1"},
        {"code": 1, "message": "操作成功", "data": {"ReturnCode": "1"}},
        {"code": 1, "message": "操作成功", "data": '{"ReturnCode": "1"}'},
    ],
)
def test_the_ministrys_answer_may_come_wrapped_in_the_platforms(body: dict[str, Any]) -> None:
    found = ministry(body)
    assert found is not None
    assert found["ReturnCode"] == "1"


@pytest.mark.parametrize("body", [{}, {"code": 1, "data": None}, {"code": 1205, "data": [1]}, {"data": "x"}])
def test_an_answer_without_returncode_is_not_the_ministrys(body: dict[str, Any]) -> None:
    assert ministry(body) is None


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (b'{"code": 1205}', True),
        (b'{"code": "1205", "message": "x"}', True),
        (b'{"code": 1}', False),
        (b'{"ReturnCode": "1205"}', False),
        (b"1205", False),
        (b"", False),
        (b"<html>1205</html>", False),
    ],
)
def test_1205_is_a_refused_token(body: bytes, refused: bool) -> None:
    assert token_refused(body) is refused


# --- SOAP


def soap(inner: str, head: str = "") -> bytes:
    return (
        f'{head}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inner}</s:Body></s:Envelope>'
    ).encode()


def test_an_answer_may_come_as_json_in_an_envelope() -> None:
    assert parsed(soap('<r><return>{"ReturnCode": "1", "ReturnMsg": "a&amp;b"}</return></r>')) == {
        "ReturnCode": "1",
        "ReturnMsg": "a&b",
    }
    assert parsed(soap('<r><![CDATA[{"code": 1205}]]></r>')) == {"code": 1205}
    assert token_refused(soap('<r>{"code": 1205}</r>'))


@pytest.mark.parametrize(
    "content",
    [
        b"<html></html>",
        b"<broken",
        b'<?xml version="1.0" encoding="x-none"?><a/>',
        soap(""),
        soap("<a/>"),
        soap("<r><a>1</a><b>2</b></r>"),
        soap("<r>no json</r>"),
        soap("<r>[1]</r>"),
    ],
)
def test_xml_without_one_json_text_is_unreadable(content: bytes) -> None:
    assert parsed(content) == {}


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("head", [BOMB, FILE, "<!DOCTYPE x>", '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'])
def test_an_answer_with_a_document_type_is_refused_and_no_entity_resolved(head: str) -> None:
    with pytest.raises(NoSoapError, match="document type"):
        unwrap(soap("<r>&a;</r>", head))


@pytest.mark.parametrize(("code", "server"), [("soap:Server", True), ("Server.Busy", True), ("s:Client", False)])
def test_a_fault_says_whose_it_is(code: str, server: bool) -> None:
    fault = f"<s:Fault><faultcode>{code}</faultcode><faultstring>坏了</faultstring></s:Fault>"
    with pytest.raises(FaultError, match="坏了") as raised:
        parsed(soap(fault))
    assert raised.value.server is server
    assert not token_refused(soap(fault))


@given(st.text(st.characters(codec="utf-8")))
def test_whatever_is_sent_in_an_envelope_is_well_formed_and_comes_out_as_it_went_in(text: str) -> None:
    content = envelope("collect", {"parameter": {"value": text}})
    assert json.loads(unwrap(content)) == {"value": text}


def test_the_envelope_is_that_of_the_documents_sample_with_its_blanks() -> None:
    assert envelope("getData", {"a": "<&>"}) == (
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        b' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        b'<soapenv:Body><ns1:getData xmlns:ns1="http://tempuri.org/"'
        b' soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
        b'<a xsi:type="xsd:string">&lt;&amp;&gt;</a></ns1:getData></soapenv:Body></soapenv:Envelope>'
    )
