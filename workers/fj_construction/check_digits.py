"""Check digits of the identifiers in a certificate. Pure; the document's own samples fail some of them."""

import re
from datetime import date

_UNIFIED = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ROOT = "1.2.156.3005.2."
"""Of an 电子证照标识; what follows it is checked."""


def credit_code(value: str) -> bool:
    """统一社会信用代码, GB 32100-2015: 18 characters, the last one a check."""
    if not re.fullmatch(f"[{_UNIFIED}]{{18}}", value):
        return False
    total = sum(_UNIFIED.index(character) * pow(3, place, 31) for place, character in enumerate(value[:17]))
    return _UNIFIED[-total % 31] == value[17]


def identity_number(value: str) -> bool:
    """公民身份号码, GB 11643-1999: a real day of birth, and the check digit."""
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9Xx]", value):
        return False
    try:
        date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == value[17].upper()


def certificate_mark(value: str) -> bool:
    """电子证照标识: the root, five parts, and a check over them by ISO/IEC 7064 MOD 37,36."""
    if not re.fullmatch(r"1\.2\.156\.3005\.2(\.[0-9A-Z]+){4}\.[0-9A-Z]", value):
        return False
    *parts, check = value.removeprefix(_ROOT).split(".")
    return mod_37_36("".join(parts)) == check


def mod_37_36(text: str) -> str:
    """The check character of a text of digits and capital letters (GB/T 17710)."""
    product = 36
    for character in text:
        total = (product + _ALPHANUMERIC.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ALPHANUMERIC[(37 - product) % 36]
