"""The code lists: those of the document itself, and those of facts D4 and D5."""

import pytest

from schemas.dictionaries import Dictionary
from schemas.fj_construction import codes

STATES = ("01", "02", "03", "04", "05", "06", "99")
OPERATIONS = tuple(f"{number:02}" for number in range(1, 9))


@pytest.mark.parametrize(
    ("dictionary", "expected"),
    [
        (codes.CERT_TYPES, ("1", "2", "3")),
        (codes.GENDERS, ("1", "2")),
        (codes.LOG_TYPES, ("1", "2", "3")),
        (codes.METHODS, ("GET", "POST")),
        (codes.STATES["1"], STATES),
        (codes.STATES["2"], STATES),
        (codes.STATES["3"], (*STATES[:6], "07", "99")),
        (codes.OPERATE_TYPES["1"], OPERATIONS),
        (codes.OPERATE_TYPES["2"], OPERATIONS),
        (codes.OPERATE_TYPES["3"], (*OPERATIONS, "09", "10")),
        (codes.TRADES, (*(f"{number:02}" for number in range(1, 12)), "99")),
        (codes.POSITIONS, ("A", "B", "C1", "C2", "C3")),
        (codes.APPOINTMENTS, (*OPERATIONS, "99")),
        (codes.TECHNICAL_TITLES, OPERATIONS[:5]),
        (codes.EDUCATION_DEGREES, (*OPERATIONS[:7], "99")),
        (
            codes.HOLDER_DOCUMENTS,
            (
                *("001", "099", "111", "114", "115", "118", "119", "120", "122"),
                *("411", "412", "413", "414", "511", "516", "999"),
            ),
        ),
    ],
)
def test_a_list_has_its_codes(dictionary: Dictionary, expected: tuple[str, ...]) -> None:
    assert tuple(dictionary.names) == expected


def test_states_differ_between_the_kinds_of_certificates() -> None:
    assert [codes.STATES[kind].names["03"] for kind in "123"] == ["吊销", "吊销", "撤销"]
    assert [codes.OPERATE_TYPES[kind].names["08"] for kind in "123"] == ["变更", "变更", "办理转入"]


def test_states_go_with_operations_that_exist() -> None:
    for code in codes.STATE_OPERATIONS.names:
        kind, operation, state = code.split("/")
        assert operation in codes.OPERATE_TYPES[kind].names
        assert state in codes.STATES[kind].names
    for kind, operations in codes.OPERATE_TYPES.items():
        for operation in operations.names:
            assert any(code.startswith(f"{kind}/{operation}/") for code in codes.STATE_OPERATIONS.names)
