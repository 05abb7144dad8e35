"""JSON without the module `json`, which takes as long to import as all the rest of the relay.

What reads and writes there is compiled code in `_json`, and that is at hand at once. Where it is not, `json` it is.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_WHITE = " \t\n\r"


class JsonError(ValueError):
    """This is no JSON."""


def loads(data: bytes) -> Any:
    """Raises JsonError."""
    try:
        return _decode(data.decode("utf-8"))
    except (ValueError, RecursionError, StopIteration, SystemError) as error:
        # The last is what compiled code raises where it would raise an exception of a module that is not imported.
        raise JsonError("this is no JSON") from error


def dumps(value: Any) -> bytes:
    """`value`, which holds nothing but what JSON has, in ASCII."""
    return _encode(value).encode("ascii")


def _quick() -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    import _json

    class Context:
        strict = True
        object_hook = object_pairs_hook = array_hook = None
        parse_float, parse_int = float, int
        parse_constant: Callable[[str], float] = {
            "NaN": float("nan"),
            "Infinity": float("inf"),
            "-Infinity": float("-inf"),
        }.__getitem__
        memo: dict[str, str] = {}  # noqa: RUF012 - compiled code has its own

    scan = _json.make_scanner(Context)  # type: ignore[arg-type]
    encoder = _json.make_encoder(None, str, _json.encode_basestring_ascii, None, ":", ",", False, False, True)

    def decode(text: str) -> Any:
        start = 0
        if text[:1] in _WHITE:
            text = text.strip(_WHITE)
        value, end = scan(text, start)
        if end != len(text) and text[end:].strip(_WHITE):
            raise JsonError("something follows the JSON")
        return value

    def encode(value: Any) -> str:
        return "".join(encoder(value, 0))

    if (
        decode('{"a": [1, "\\u00e4", null]}') != {"a": [1, "ä", None]}
        or encode({"a": [1, "ä"]}) != '{"a":[1,"\\u00e4"]}'
    ):
        raise ImportError("another version of compiled code")
    return decode, encode


def _usual() -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    import json

    return json.loads, lambda value: json.dumps(value, separators=(",", ":"))


try:
    _decode, _encode = _quick()
except Exception:
    _decode, _encode = _usual()
