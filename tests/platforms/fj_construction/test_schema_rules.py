"""Rules between fields, photos, and 业务信息."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schemas.fj_construction import codes
from schemas.fj_construction.certificates import (
    TRANSFERRING,
    ManagerCertificate,
    SafeCertificate,
    SpecialCertificate,
)
from tests.platforms.fj_construction.document import ROWS, TABLES, jpg, packed, png, refused

ALL: list[type[BaseModel]] = [SafeCertificate, SpecialCertificate, ManagerCertificate]
WITH_PHOTO: list[type[BaseModel]] = [SpecialCertificate, ManagerCertificate]
KB_50 = 50 * 1024


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("blank", [None, ""])
def test_state_99_needs_its_description(model: type[BaseModel], blank: str | None) -> None:
    wrong = refused(model, certState="99", certStatusDescription=blank)
    assert wrong == {("certStatusDescription", "description_missing")}


@pytest.mark.parametrize("model", [SafeCertificate, SpecialCertificate])
def test_state_99_takes_any_description(model: type[BaseModel]) -> None:
    assert model.model_validate({**ROWS[model], "certState": "99", "certStatusDescription": "停业"})


@pytest.mark.parametrize("text", [TRANSFERRING, TRANSFERRING.removesuffix("。")])
def test_state_99_of_a_manager_has_its_fixed_description(text: str) -> None:
    row = {**ROWS[ManagerCertificate], "certState": "99", "certStatusDescription": text}
    assert ManagerCertificate.model_validate(row)


def test_state_99_of_a_manager_takes_no_other_description() -> None:
    wrong = refused(ManagerCertificate, certState="99", certStatusDescription="其他")
    assert wrong == {("certStatusDescription", "fixed_text")}


@pytest.mark.parametrize("blank", [None, ""])
def test_trade_99_needs_its_description(blank: str | None) -> None:
    wrong = refused(SpecialCertificate, operationCategory="99", categoryDescription=blank)
    assert wrong == {("categoryDescription", "description_missing")}


@pytest.mark.parametrize(
    ("category", "appointment", "title", "degree", "enough"),
    [
        ("A", "01", None, None, True),  # A证（法人）
        ("A", "02", None, None, False),  # A证（非法人）
        ("A", "02", "03", None, True),
        ("A", "02", None, "03", True),
        ("A", "99", "", "", False),
        ("B", "07", None, None, True),
        ("B", "07", "03", "03", True),
        ("C1", "08", None, None, False),
        ("C2", "08", "03", None, True),
        ("C3", "08", None, "03", True),
        ("C", "08", None, None, False),
    ],
)
def test_a_title_or_a_degree_is_required_by_category(
    category: str, appointment: str, title: str | None, degree: str | None, enough: bool
) -> None:
    changes = {
        "categoryCode": category,
        "appointment": appointment,
        "technicalTitle": title,
        "educationDegree": degree,
    }
    if enough:
        assert ManagerCertificate.model_validate({**ROWS[ManagerCertificate], **changes})
    else:
        assert refused(ManagerCertificate, **changes) == {("educationDegree", "title_or_degree_missing")}


def test_a_wrong_category_is_reported_alone() -> None:
    wrong = refused(ManagerCertificate, categoryCode="", technicalTitle=None, educationDegree=None)
    assert wrong == {("categoryCode", "text_empty")}


@pytest.mark.parametrize("scope", ["建筑", "施工建筑", "建筑施工 "])
def test_the_licence_scope_is_fixed(scope: str) -> None:
    assert refused(SafeCertificate, licenseScope=scope) & {
        ("licenseScope", "fixed_text"),
        ("licenseScope", "text_too_long"),
    }


@pytest.mark.parametrize("model", WITH_PHOTO)
@pytest.mark.parametrize("gender", ["0", "3", "男"])
def test_a_gender_is_1_or_2(model: type[BaseModel], gender: str) -> None:
    assert refused(model, gender=gender) == {("gender", "unknown_code")}


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("province", ["35000", "3500000", "35000a", "３５００００", "福建省福州市"])
def test_a_province_has_six_digits(model: type[BaseModel], province: str) -> None:
    assert refused(model, provinceNum=province) == {("provinceNum", "division")}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (SafeCertificate, "responsiblePersonIDType"),
        (SpecialCertificate, "identityCardType"),
        (ManagerCertificate, "identityCardType"),
    ],
)
def test_a_document_type_is_one_of_gb_t_36903(model: type[BaseModel], name: str) -> None:
    for code in codes.HOLDER_DOCUMENTS.names:
        assert model.model_validate({**ROWS[model], name: code})
    assert refused(model, **{name: "112"}) == {(name, "unknown_code")}


@pytest.mark.parametrize("name", ["certState", "operateType"])
def test_codes_of_the_specification_that_we_do_not_know_are_the_platforms_to_judge(name: str) -> None:
    for model in ALL:
        assert model.model_validate({**ROWS[model], name: "77"})


# --- photos


@pytest.mark.parametrize("model", WITH_PHOTO)
@pytest.mark.parametrize("picture", [png(), jpg(), png(KB_50), jpg(KB_50)])
@pytest.mark.parametrize(
    "prefix",
    ["", "data:image/png;base64,", "data:image/jpg;base64, ", "data:image/jpeg;base64,", "DATA:image/PNG;base64, "],
)
def test_a_photo_is_a_picture_with_or_without_the_prefix_of_a_data_url(
    model: type[BaseModel], picture: bytes, prefix: str
) -> None:
    photo = prefix + packed(picture)
    assert model.model_validate({**ROWS[model], "photo": photo}).photo == photo  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("photo", "wrong"),
    [
        (packed(png(KB_50 + 1)), "photo_too_large"),
        (packed(jpg(KB_50 + 1)), "photo_too_large"),
        (packed(b"GIF89a" + b"\0" * 50), "photo_format"),
        (packed(b"%PDF-1.7"), "photo_format"),
        (packed(b""), "photo_format"),
        ("data:image/png;base64,", "photo_format"),
        ("data:image/gif;base64," + packed(png()), "photo_base64"),
        ("not base64!", "photo_base64"),
        ("汉字", "photo_base64"),
        ("", "photo_format"),
    ],
)
def test_a_photo_is_checked_by_its_content(photo: str, wrong: str) -> None:
    assert refused(SpecialCertificate, photo=photo) == {("photo", wrong)}


def test_the_base64_of_a_photo_may_be_broken_into_lines_and_lack_its_padding() -> None:
    text = packed(png()).rstrip("=")
    photo = "\n".join(text[start : start + 20] for start in range(0, len(text), 20))
    assert SpecialCertificate.model_validate({**ROWS[SpecialCertificate], "photo": photo})


@given(st.text())
def test_no_text_makes_the_photo_rule_fall_over(photo: str) -> None:
    assert {name for name, _ in refused(SpecialCertificate, photo=photo)} == {"photo"}


# --- 业务信息


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize(
    "value", ['[{"itemvalue":"01","itemtext":"资质"}]', [{"itemvalue": "01", "itemtext": "资质"}], "{}"]
)
def test_business_information_is_json_or_the_list_of_the_sample(model: type[BaseModel], value: object) -> None:
    assert model.model_validate({**ROWS[model], "businessInformation": value})


@pytest.mark.parametrize("value", ["no json", [{"itemvalue": "01"}], [{"itemvalue": "01", "itemtext": "a", "b": 1}]])
def test_business_information_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="businessInformation"):
        SafeCertificate.model_validate({**ROWS[SafeCertificate], "businessInformation": value})


def test_business_information_has_at_most_5000_characters() -> None:
    text = json.dumps("汉" * 4998, ensure_ascii=False)
    assert SafeCertificate.model_validate({**ROWS[SafeCertificate], "businessInformation": text})
    assert refused(SafeCertificate, businessInformation=text + " ") == {("businessInformation", "text_too_long")}
    items = [{"itemvalue": "01", "itemtext": "汉" * 2500}] * 2
    assert refused(SafeCertificate, businessInformation=items) == {("businessInformation", "text_too_long")}


def test_every_table_has_a_row_to_start_from() -> None:
    for model in TABLES:
        assert model.model_validate(ROWS[model])
