"""The SOAP envelope of the document's 接口示例: building it, and reading what comes back. Pure.

The sample glues attributes together and escapes nothing; here both are right. An answer with a document
type declaration is refused (SOAP 1.1, section 3, forbids one), so there are no entities to resolve.
"""

from collections.abc import Mapping
from json import dumps
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat
from xml.sax.saxutils import escape

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
METHODS = "http://tempuri.org/"

_HEAD = (
    f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
)


class NoSoapError(Exception):
    """This is no SOAP answer that carries one text; the message says what is missing."""


class FaultError(Exception):
    """The answer is a SOAP fault; the message is its faultstring. `server`: it blames itself, not the request."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.server = code.rpartition(":")[2].startswith("Server")


def envelope(method: str, parameters: Mapping[str, Any]) -> bytes:
    """A call of `method`. Texts go as they are, anything else as JSON; in ASCII, so that no character is illegal."""
    texts = {name: value if isinstance(value, str) else dumps(value) for name, value in parameters.items()}
    inside = "".join(f'<{name} xsi:type="xsd:string">{escape(text)}</{name}>' for name, text in texts.items())
    style = f'xmlns:ns1="{METHODS}" soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'
    call = f"<ns1:{method} {style}>{inside}</ns1:{method}>"
    return f"{_HEAD}{call}</soapenv:Body></soapenv:Envelope>".encode("ascii", "xmlcharrefreplace")


def unwrap(content: bytes) -> str:
    """The one text that the answer's body carries. Raises NoSoapError, FaultError."""
    root = _parsed(content)
    body = root.find(f"{{{ENVELOPE}}}Body") if root.tag == f"{{{ENVELOPE}}}Envelope" else None
    if body is None:
        raise NoSoapError("no SOAP body")
    fault = body.find(f"{{{ENVELOPE}}}Fault")
    if fault is not None:
        raise FaultError(*((fault.findtext(name) or "").strip() for name in ("faultcode", "faultstring")))
    texts = [text for each in body.iter() if len(each) == 0 and (text := (each.text or "").strip())]
    if len(texts) != 1:
        raise NoSoapError(f"{len(texts)} texts in the body instead of one")
    return texts[0]


def _parsed(content: bytes) -> Element:
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, _attributes: builder.start(_qualified(name), {})
    parser.EndElementHandler = lambda name: builder.end(_qualified(name))
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
        return builder.close()
    except (expat.ExpatError, LookupError, ValueError, AssertionError):  # an unknown encoding, or nothing closed
        raise NoSoapError("no well-formed XML") from None


def _qualified(name: str) -> str:
    """expat's `uri}name` as ElementTree writes it."""
    return f"{{{name}" if "}" in name else name


def _refuse(*_declared: object) -> NoReturn:
    raise NoSoapError("a document type declaration")
