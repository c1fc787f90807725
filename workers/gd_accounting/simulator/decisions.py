"""What the platform answers to a request that passed its checks. Pure functions on its state, no HTTP."""

import base64
from collections.abc import Callable
from typing import Any

from workers.gd_accounting.simulator import endpoints
from workers.gd_accounting.simulator.checks import Values
from workers.gd_accounting.simulator.endpoints import Endpoint
from workers.gd_accounting.simulator.state import Platform
from workers.gd_accounting.simulator.verification import VALID_SECONDS, picture

Decision = Callable[[Platform, str, Values], Any]
"""In: state, who calls (empty: no login needed), checked values. Out: the answer's data or Refused."""


def get_data(platform: Platform, _app_id: str, values: Values) -> str:
    """Section 3."""
    return platform.authorizations.redeem(values["authorizationCode"])


def check(platform: Platform, _app_id: str, values: Values) -> dict[str, bool]:
    """Section 4."""
    return {"check": platform.filed_for(values["ticket"])}


def register(platform: Platform, app_id: str, values: Values) -> None:
    """Section 5."""
    platform.enrol(app_id, values)


def cancel(platform: Platform, app_id: str, values: Values) -> dict[str, bool]:
    """Section 6."""
    return {"cancel": platform.cancel(app_id, values)}


def mobile_login(platform: Platform, _app_id: str, values: Values) -> None:
    """Section 7: no token, but the appId in the parameters must be one that was assigned."""
    platform.accounts.known(values["appId"])


def qr_code(platform: Platform, _app_id: str, values: Values) -> dict[str, Any]:
    """Section 8; validaty is spelled as the document spells it."""
    number = platform.verifications.show(values["ticket"], values["courseTypeCode"])
    image = base64.b64encode(picture(number)).decode()
    return {"imageBase64": image, "uuid": number, "validaty": VALID_SECONDS}


def verification(platform: Platform, _app_id: str, values: Values) -> str:
    """Section 9."""
    return platform.verifications.result(values["ticket"], values["uuid"])


def credit(platform: Platform, app_id: str, values: Values) -> None:
    """Section 10."""
    platform.credit(app_id, values)


def login(platform: Platform, _app_id: str, values: Values) -> dict[str, str]:
    """Section 11."""
    return {"token": platform.accounts.login(values["appId"], values["secret"])}


DECISIONS: dict[Endpoint, Decision] = {
    endpoints.GET_DATA: get_data,
    endpoints.CHECK: check,
    endpoints.REGISTER: register,
    endpoints.CANCEL: cancel,
    endpoints.MOBILE_LOGIN: mobile_login,
    endpoints.QR_CODE: qr_code,
    endpoints.VERIFICATION: verification,
    endpoints.CREDIT: credit,
    endpoints.LOGIN: login,
}
