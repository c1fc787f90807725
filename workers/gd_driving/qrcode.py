"""附件一 and 附件三: the QR code of a training terminal, the signed value in it, and the way for an app. Pure."""

from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from io import BytesIO
from secrets import token_urlsafe
from urllib.parse import quote, unquote, urlencode

import segno

from gateway.account import Account
from workers.gd_driving.settings import Settings

PAGE = "https://jpfw.gdcd.gov.cn/m/c"
VALID_SECONDS = 300
"""二维码 5 分钟内有效."""

LONGEST = 255
"""二维码信息内容不得超过255字节."""

MINI_PROGRAM_PAGE = "pages/soild/soild-sign-in"

_MAC_BYTES, _NONCE_BYTES, _PARTS = 12, 3, 3


class TooLongError(Exception):
    """The content has more than 255 bytes; `size` says how many."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class NotOursError(Exception):
    """We never signed this callback value."""


class OutdatedError(Exception):
    """We signed this callback value, too long ago."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Signs the callback values of one account and knows them again."""

    account: str
    secret: str

    def sign(self, callback: str | None, now: int) -> str:
        """`callback`, when and a random part, and the signature over them: `abd=cba.1r3q0.x9Yz.…`."""
        signed = f"{callback or ''}.{_base36(now)}.{token_urlsafe(_NONCE_BYTES)}"
        return f"{signed}.{self._mac(signed)}"

    def read(self, value: str, now: float, valid_seconds: float) -> str | None:
        """The callback parameter that was signed, None where there was none.

        Takes it also as it stood in the address, URL-encoded. Raises NotOursError, OutdatedError.
        """
        for given in (value, unquote(value)):
            signed, _, mac = given.rpartition(".")
            if compare_digest(mac.encode(errors="replace"), self._mac(signed).encode()):
                callback, issued, _ = signed.rsplit(".", _PARTS - 1)
                if not 0 <= now - int(issued, 36) + 1 <= valid_seconds:
                    raise OutdatedError
                return callback or None
        raise NotOursError

    def _mac(self, signed: str) -> str:
        message = f"{self.account}\n{signed}".encode(errors="replace")
        return urlsafe_b64encode(hmac(self.secret.encode(), message, sha256).digest()[:_MAC_BYTES]).decode()


def callbacks(account: Account, settings: Settings) -> Callbacks | None:
    """The account's, where it is set up to have any."""
    secret = settings.callback_secret
    return Callbacks(str(account), secret.get_secret_value()) if secret else None


def content(callback_url: str, callback: str, now: int) -> str:
    """附件一, 3. `callback` comes signed. Raises TooLongError."""
    items = {"redirect_uri": callback_url, "timestamp": str(now), "callback": callback}
    text = f"{PAGE}?{urlencode(items, quote_via=quote, safe='')}"
    if len(text) > LONGEST:
        raise TooLongError(len(text))
    return text


def picture(text: str, pixels: int) -> str:
    """The QR code as PNG, base64, at least `pixels` on each side."""
    code = segno.make_qr(text, error="m")
    modules = code.symbol_size()[0]
    png = BytesIO()
    code.save(png, kind="png", scale=-(-pixels // modules))
    return b64encode(png.getvalue()).decode()


def mini_program_path(app_name: str) -> str:
    """附件三: where an app opens the mini program."""
    return f"{MINI_PROGRAM_PAGE}?from=app&appName={quote(app_name, safe='')}&responseType=code"


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text or "0"
