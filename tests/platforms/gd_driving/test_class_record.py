"""The conditional rules of 电子教学日志, A.6.3.2, and the course code of A4.2."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.gd_driving import codes
from tests.platforms.gd_driving.document import MODELS, read, refusals, refused, without
from workers.gd_driving.course import warnings

RECORD = "class-record-submit"
NUMBERS = ("coachnum", "carnum", "simunum")
STILL = {"mileage": 0, "avevelocity": 0}


def remote(**changes: Any) -> dict[str, Any]:
    return without(RECORD, *NUMBERS, "logoutinfo", subjcode="4001010000", **STILL) | changes


def test_a_remote_lesson_needs_no_sign_out_and_no_coach_vehicle_or_terminal() -> None:
    assert MODELS[RECORD].model_validate(remote())
    assert MODELS[RECORD].model_validate(remote(logoutinfo="B7"))


@pytest.mark.parametrize("name", NUMBERS)
def test_coach_vehicle_and_terminal_numbers_are_not_for_a_remote_lesson(name: str) -> None:
    assert refusals(RECORD, remote(**{name: "1" * 16})) == {(name, "not_for_remote")}


@pytest.mark.parametrize("name", [*NUMBERS, "logoutinfo"])
@pytest.mark.parametrize("subjcode", ["1013210000", "2001010000", "3213210000", "0001010000"])
def test_every_other_lesson_needs_them(name: str, subjcode: str) -> None:
    data = without(RECORD, name, subjcode=subjcode, **STILL)
    assert refusals(RECORD, data) == {(name, "required_unless_remote")}
    assert refusals(RECORD, {**data, name: None}) == {(name, "required_unless_remote")}


@pytest.mark.parametrize(
    ("endtime", "duration", "needed"),
    [
        ("20220401081500", "15", False),
        ("20220401081501", "15", True),
        ("20220401081500", "15.5", True),
        ("20220401090000", "60", True),
        ("20220401080001", "0", False),
    ],
)
def test_a_random_photo_is_needed_for_more_than_15_minutes(endtime: str, duration: str, needed: bool) -> None:
    data = without(RECORD, "photo2", endtime=endtime, duration=duration)
    if needed:
        assert refusals(RECORD, data) == {("photo2", "required_when_long")}
    else:
        assert MODELS[RECORD].model_validate(data)
    assert MODELS[RECORD].model_validate({**data, "photo2": "2002"})


@pytest.mark.parametrize("subjcode", ["1212110000", "2002130000", "3212120000"])
def test_a_lesson_of_subject_two_needs_its_region(subjcode: str) -> None:
    changes = {} if subjcode[0] == "1" else STILL
    data = without(RECORD, "regionseq", subjcode=subjcode, **changes)
    assert refusals(RECORD, data) == {("regionseq", "required_for_subject_two")}


@pytest.mark.parametrize("subjcode", ["1011010000", "1213210000", "1214410000"])
def test_a_lesson_of_another_part_needs_no_region_and_may_have_one(subjcode: str) -> None:
    assert MODELS[RECORD].model_validate(without(RECORD, "regionseq", subjcode=subjcode))
    assert read(RECORD, subjcode=subjcode, regionseq="1")


@pytest.mark.parametrize("name", ["mileage", "avevelocity"])
def test_distance_and_speed_are_zero_unless_the_lesson_is_practice(name: str) -> None:
    for subjcode in ("2003210000", "3213210000"):
        assert refused(RECORD, subjcode=subjcode, **(STILL | {name: 0.5})) == {(name, "zero_unless_practice")}
        assert read(RECORD, subjcode=subjcode, **STILL)


def test_a_simulator_stands_by_its_own_four_digit_number_or_by_sixteen() -> None:
    for number in ("0001", "1" * 16):
        assert read(RECORD, subjcode="3213210000", carnum=number, **STILL)
    assert refused(RECORD, subjcode="3213210000", carnum="00001", **STILL) == {("carnum", "text_length")}
    assert refused(RECORD, carnum="0001") == {("carnum", "text_length")}


def test_a_lesson_ends_after_it_begins() -> None:
    for end in ("20220401080000", "20220401075959"):
        assert refused(RECORD, endtime=end) == {("endtime", "end_not_after_start")}


def test_all_that_is_wrong_is_told_at_once() -> None:
    data = without(RECORD, "photo2", "regionseq", "logoutinfo", "simunum")
    assert {name for name, _ in refusals(RECORD, data)} == {"photo2", "regionseq", "logoutinfo", "simunum"}


def test_the_example_of_the_course_code_has_no_warning() -> None:
    assert warnings("1212110000") == []


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("2211360000", ["培训项目 36 belongs to part 3, not to part 1"]),  # seen in real data
        ("5212110000", ["培训方式 5 is not listed"]),
        ("1992110000", ["车型 99 is not listed"]),
        ("1215110000", ["培训部分 5 is not listed", "培训项目 11 belongs to part 2, not to part 5"]),
        ("1212990000", ["培训项目 99 is not listed"]),
        ("1212110001", ["does not end in 0000"]),
        ("121211000x", ["has characters that are no digits", "does not end in 0000"]),
    ],
)
def test_an_odd_course_code_is_warned_of_and_not_refused(code: str, told: list[str]) -> None:
    assert [warning.partition(": ")[2] for warning in warnings(code)] == told
    assert read(RECORD, subjcode=code, **(STILL if code[0] != "1" else {}))


def test_every_course_code_of_the_list_has_no_warning() -> None:
    assert [len(each.names) for each in (codes.COURSE_METHODS, codes.COURSE_VEHICLES, codes.COURSE_PARTS)] == [
        4,
        17,
        4,
    ]
    assert len(codes.COURSE_PROJECTS.names) == 30
    for project, part in codes.PART_OF_PROJECT.items():
        assert warnings(f"121{part}{project}0000") == []


@given(st.text(min_size=10, max_size=10))
def test_any_ten_characters_can_be_judged(code: str) -> None:
    assert isinstance(warnings(code), list)
