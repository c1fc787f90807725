"""Events that carry files, lessons, and what a repeated attempt does not do again."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger import Key, open_ledger
from gateway.outcome import Accepted, Category, Dead, Rejected, Retry, Stopped, Unavailable
from gateway.platform import Repeat
from schemas.gd_driving import EVENTS
from tests.platforms.gd_driving.document import FILES, RECORDS, example, without
from tests.platforms.gd_driving.support import JPEG, MP4, PDF, PNG, memory, school
from workers.gd_driving import PLATFORM

STILL = {"mileage": 0, "avevelocity": 0}
SERVICES = {
    "coach-submit": "coach",
    "simulator-submit": "trainingsimulator",
    "student-submit": "student",
    "learning-certificate-submit": "learningcertificate",
    "class-record-submit": "classrecord",
}
ALL_FILES = {
    kind: 9000 + n
    for n, kind in enumerate(dict.fromkeys(kind for types in FILES.values() for kind in types.values()))
}


def carried(content: bytes) -> dict[str, str]:
    return {"content": b64encode(content).decode()}


def remote(**changes: Any) -> dict[str, Any]:
    names = ("coachnum", "carnum", "simunum", "logoutinfo", "platnum", "regionseq")
    return without("class-record-submit", *names, subjcode="4001010000", **STILL) | changes


def ids_known(operation: str, **changes: Any) -> dict[str, Any]:
    """The example with ids of files that the platform knows."""
    text = operation == "class-record-submit"
    known = {name: str(ALL_FILES[kind]) if text else ALL_FILES[kind] for name, kind in FILES[operation].items()}
    return example(operation, **{name: known[name] for name in known if name in example(operation)}, **changes)


def test_the_operations_are_those_of_the_contract() -> None:
    assert list(PLATFORM.operations) == list(EVENTS)
    for name, operation in PLATFORM.operations.items():
        assert operation.model is EVENTS[name]
        assert operation.interactive == (name == "training-qrcode")
        assert operation.several_calls == (name in RECORDS)
        assert set(operation.lane) <= set(operation.model.model_fields)
    repeats = {name: operation.repeat for name, operation in PLATFORM.operations.items()}
    assert [name for name, repeat in repeats.items() if repeat is Repeat.NEVER] == ["class-record-submit"]


@pytest.mark.parametrize("operation", RECORDS)
async def test_a_record_whose_files_are_known_is_one_call(operation: str) -> None:
    async with school() as ours:
        await ours.know(**ALL_FILES)
        assert await ours.do(operation, ids_known(operation)) == Accepted("0", "执行成功/数据上传成功")
        calls = await ours.calls()
        assert [call["path"] for call in calls] == [f"/{SERVICES[operation]}"]
        assert list(calls[0]["body"]) == [name for name in EVENTS[operation].model_fields if name in calls[0]["body"]]


FORMATS = {"sfz": PNG, "jsz": JPEG, "ydwjpzm": JPEG, "pyht": PDF, "stucontract": PDF, "certificate": PDF}


@pytest.mark.parametrize("operation", RECORDS)
async def test_every_file_that_stands_in_place_of_its_id_goes_first_under_the_type_of_its_field(
    operation: str,
) -> None:
    files = {name: carried(FORMATS.get(kind, JPEG) + name.encode()) for name, kind in FILES[operation].items()}
    async with school() as ours:
        ending = await ours.do(operation, example(operation, **files))
        assert isinstance(ending, Accepted)
        state = await ours.state()
        assert [(file["type"], file["name"].partition(".")[0]) for file in state["files"]] == [
            (kind, kind) for kind in FILES[operation].values()
        ]
        ids = {name: file["id"] for name, file in zip(files, state["files"], strict=True)}
        as_sent = {
            name: str(number) if operation == "class-record-submit" else number for name, number in ids.items()
        }
        assert ending.response == {"files": as_sent}
        kept = state["lessons"] if operation == "class-record-submit" else state["records"][SERVICES[operation]]
        assert {name: kept[0][name] for name in files} == as_sent


@pytest.mark.parametrize(
    ("subjcode", "kind"),
    [
        ("4001010000", "onlineimg"),
        ("2003210000", "classroom"),
        ("3213210000", "simulation"),
        ("1213210000", "vehimg"),
    ],
)
async def test_photos_of_a_lesson_have_the_type_of_its_method(subjcode: str, kind: str) -> None:
    data = example("class-record-submit", subjcode=subjcode, **STILL)
    photos = {name: carried(JPEG) for name in ("photo1", "photo2", "photo3")}
    data = (remote() if subjcode[0] == "4" else data) | photos
    async with school() as ours:
        assert isinstance(await ours.do("class-record-submit", data), Accepted)
        assert {file["type"] for file in (await ours.state())["files"]} == {kind}


async def test_the_type_of_photos_of_practice_is_a_setting() -> None:
    async with school(practice_photo_type="qtsmj") as ours:
        await ours.do("class-record-submit", example("class-record-submit", photo1=carried(JPEG)))
        assert [file["type"] for file in (await ours.state())["files"]] == ["qtsmj"]


async def test_a_contract_of_5_mb_is_uploaded_once_in_spite_of_two_failed_submissions(tmp_path: Path) -> None:
    """The steps live in a real ledger, as between a worker's attempts."""
    contract = PDF.ljust(5 * 1024 * 1024, b"%")
    data = example("student-submit", photo=carried(JPEG), contract=carried(contract))
    key = Key("gd_driving", "default", "/school", "student-1")
    async with open_ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger, school(mounted=True) as ours:
        mounted = ours.client.settings.base_url
        assert mounted.endswith("/gd_driving")

        async def attempt() -> Any:
            return await ours.do("student-submit", data, await ledger.steps(key))

        async with ours._http.post(
            f"{mounted}/_sandbox/faults", json={"kind": "drop", "times": 1, "path": "student"}
        ):
            assert isinstance(await attempt(), Retry)
        async with ours._http.post(
            f"{mounted}/_sandbox/faults", json={"kind": "status", "status": 503, "times": 1, "path": "student"}
        ):
            assert isinstance(await attempt(), Retry)
        ending = await attempt()
        assert isinstance(ending, Accepted)
        async with ours._http.get(f"{mounted}/_sandbox/state") as response:
            state = await response.json()
    assert [(file["type"], file["size"]) for file in state["files"]] == [
        ("stuimg", len(JPEG)),
        ("stucontract", 5 * 1024 * 1024),
    ]
    assert state["accepted"] == {"imageup": 2, "student": 1}
    assert state["records"]["student"][0]["contract"] == state["files"][1]["id"]
    assert ending.response is not None
    assert ending.response["files"]["contract"] == state["files"][1]["id"]


async def test_a_file_is_uploaded_again_only_when_it_is_another() -> None:
    done: dict[str, Any] = {}
    async with school() as ours:
        for contract in (PDF, PDF, PDF + b"edited"):
            await ours.do(
                "student-submit",
                example("student-submit", photo=carried(JPEG), contract=carried(contract)),
                memory(done),
            )
        types = [file["type"] for file in (await ours.state())["files"]]
    assert types == ["stuimg", "stucontract", "stucontract"]


async def test_a_file_that_was_uploaded_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    done: dict[str, Any] = {}
    data = example("student-submit", photo=1004, contract={"url": "file:a.pdf"})
    async with school(files_folder=str(tmp_path)) as ours:
        assert isinstance(await ours.do("student-submit", data, memory(done)), Rejected)  # its photo is not known
        (tmp_path / "a.pdf").unlink()
        await ours.know(stuimg=1004)
        assert isinstance(await ours.do("student-submit", data, memory(done)), Accepted)


async def test_an_upload_whose_answer_is_lost_is_tried_again_also_for_a_lesson() -> None:
    async with school() as ours:
        await ours.fault("drop-after", path="imageup", times=1)
        data = remote(photo1=carried(JPEG), photo2=carried(JPEG), photo3=carried(JPEG))
        done: dict[str, Any] = {}
        ending = await ours.do("class-record-submit", data, memory(done))
        assert ending == Unavailable("connection-lost", "photo1: no usable answer to its upload")
        assert isinstance(await ours.do("class-record-submit", data, memory(done)), Accepted)


async def test_nothing_is_uploaded_when_one_of_the_files_is_not_as_it_must_be() -> None:
    async with school() as ours:
        for contract, reason in [
            (PNG, "by its content the file is none of pdf"),
            (PDF.ljust(5 * 1024 * 1024 + 1), "larger than 5242880 bytes"),
        ]:
            ending = await ours.do(
                "student-submit", example("student-submit", photo=carried(JPEG), contract=carried(contract))
            )
            assert isinstance(ending, Rejected)
            assert (ending.code, ending.category) == ("invalid-file", Category.INVALID)
            assert ending.message.startswith("contract: ")
            assert reason in ending.message
        assert await ours.calls() == []


async def test_a_refused_upload_ends_the_event_and_names_the_field() -> None:
    async with school() as ours:
        await ours.fault("code", code=1, message="文件损坏", path="imageup", times=1)
        data = example("student-submit", photo=1004, contract=carried(PDF))
        assert await ours.do("student-submit", data) == Rejected("1", "contract: 文件损坏", response={"data": None})
        await ours.fault("code", code=202, path="imageup", times=1)
        assert await ours.do("student-submit", data) == Stopped("202", "contract: 证书无法通过验证")
        await ours.fault("code", code=777, path="imageup", times=1)
        assert isinstance(await ours.do("student-submit", data), Dead)


@pytest.mark.parametrize(
    ("kind", "content"),
    [("stuimg", JPEG), ("sfz", PNG), ("pyht", PDF), ("trainvideo", MP4), ("voiceprintimg", b"RIFF")],
)
async def test_a_file_upload_answers_its_id(kind: str, content: bytes) -> None:
    async with school() as ours:
        ending = await ours.do("file-upload", {"type": kind, "file": carried(content)})
        state = await ours.state()
        assert ending == Accepted("0", "执行成功/数据上传成功", {"id": state["files"][0]["id"]})
        assert (state["files"][0]["type"], state["files"][0]["size"]) == (kind, len(content))


async def test_a_file_that_is_referred_to_is_uploaded_or_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    async with school(files_folder=str(tmp_path), files_hosts=["127.0.0.1:1"], files_http_loopback=True) as ours:
        assert isinstance(await ours.do("file-upload", {"type": "pyht", "file": {"url": "file:a.pdf"}}), Accepted)
        missing = await ours.do("file-upload", {"type": "pyht", "file": {"url": "file:b.pdf"}})
        assert isinstance(missing, Rejected)
        assert missing.category is Category.INVALID
        away = await ours.do("file-upload", {"type": "pyht", "file": {"url": "http://127.0.0.1:1/a.pdf"}})
        assert isinstance(away, Retry)
        assert away.code == "file-away"


async def test_an_account_adds_its_platforms_number_where_the_event_has_none() -> None:
    async with school(platform_number="B0002") as ours:
        await ours.know(**ALL_FILES)
        for given, sent in [({}, "B0002"), ({"platnum": "A0001"}, "A0001")]:
            data = {name: value for name, value in ids_known("class-record-submit").items() if name != "platnum"}
            assert isinstance(await ours.do("class-record-submit", data | given), Accepted)
            assert (await ours.calls())[-1]["body"]["platnum"] == sent
    async with school(platform_number=None) as ours:
        ending = await ours.do("class-record-submit", remote(photo1=carried(JPEG)))
        assert isinstance(ending, Rejected)
        assert "platnum" in ending.message
        assert await ours.calls() == []


@pytest.mark.parametrize("empty", [False, True])
async def test_what_a_remote_lesson_does_not_use_is_left_out_or_empty(empty: bool) -> None:
    async with school(empty_when_remote=empty) as ours:
        await ours.know(onlineimg=2001)
        data = remote(photo1="2001", photo2="2001", photo3="2001")
        assert isinstance(await ours.do("class-record-submit", data), Accepted)
        sent = (await ours.calls())[-1]["body"]
        assert [sent.get(name) for name in ("coachnum", "carnum", "simunum")] == ([""] * 3 if empty else [None] * 3)
        assert ("coachnum" in sent) == empty


async def test_an_odd_course_code_is_accepted_with_a_warning() -> None:
    async with school() as ours:
        ending = await ours.do("class-record-submit", example("class-record-submit", subjcode="1211360000"))
        assert isinstance(ending, Accepted)
        assert ending.response == {
            "warnings": ["subjcode 课程编码 1211360000: 培训项目 36 belongs to part 3, not to part 1"]
        }


async def test_a_changed_record_replaces_the_one_before() -> None:
    async with school() as ours:
        await ours.know(**ALL_FILES)
        for phone in ("13900000000", "13900000001"):
            assert isinstance(await ours.do("student-submit", ids_known("student-submit", phone=phone)), Accepted)
        assert [each["phone"] for each in (await ours.state())["records"]["student"]] == ["13900000001"]
