"""Which messages of the compiler hang on what else it has read.

With `-short-paths`, which dune asks for, a type has the shortest of its names that the compiler has come across. A
checker that has read more than this one module would know more of them.
"""

import re
from collections.abc import Iterable, Sequence

from lsp_aid.domain.diagnostics import Diagnostic

_FLAG = "-short-paths"
_SHOWS_TYPES = re.compile(r"\b(?:types?|match|matched|included|signatures?)\b", re.IGNORECASE)
_SUBJECT = re.compile(r'\b(?:value|constructor|field|method|function|variable|label|case)s? "[^"]*"')
_QUOTED = re.compile(r'"([^"]*)"')
_NAME = re.compile(r"(?<![\w'])[A-Za-z_][\w'.]*")
_OF_ALL = frozenset(
    (
        *("int", "char", "string", "bytes", "float", "bool", "unit", "exn", "array", "list", "option"),
        *("nativeint", "int32", "int64", "lazy_t", "floatarray", "as"),
    )
)
_TYPE_VARIABLE = re.compile(r"'\w+")


def may_be_otherwise(words: Sequence[str], errors: Iterable[Diagnostic]) -> bool:
    """Whether a compiler with these flags might tell these errors with other names of types."""
    return _FLAG in words and any(map(_names_types, errors))


def _names_types(error: Diagnostic) -> bool:
    if not _SHOWS_TYPES.search(error.message):
        return False
    shown = _QUOTED.findall(_SUBJECT.sub("", error.message))
    if not shown:  # before 5.2 nothing is quoted
        return True
    return any(name not in _OF_ALL for text in shown for name in _NAME.findall(_TYPE_VARIABLE.sub("", text)))
