"""What the compiler and dune say about the code."""

import enum
import re

from attrs import frozen

from lsp_aid.domain.text import Range


class Severity(enum.StrEnum):
    ERROR = "error"
    WARNING = "warning"


@frozen
class Related:
    """Another place that the message points at, such as `Expected declaration`."""

    path: str
    range: Range
    message: str


@frozen
class Diagnostic:
    """One message about one place.

    `path` is relative to the project's root, with `/`; empty where the message is about the project as a whole.
    `message` is whole, its line breaks kept, without the `File ...:` head, the excerpt and the `Error:` word.
    `code` is what stands in brackets behind `Error` or `Warning`: `warning 32 [unused-value-declaration]`.
    `hint` is the text behind a trailing `Hint:`; it is part of `message` as well.
    `source` is `ocaml` or `dune`.
    """

    path: str
    range: Range
    severity: Severity
    message: str
    source: str = "ocaml"
    code: str | None = None
    hint: str | None = None
    related: tuple[Related, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def flat_message(self) -> str:
        """The message with every run of white space as one space: OCaml wraps lines anywhere."""
        return re.sub(r"\s+", " ", self.message).strip()

    @property
    def identity(self) -> tuple[str, str | None, str]:
        """What stays the same when the lines above it move: for telling old errors from new ones. By which way dune
        came upon an error (`-> required by`) differs between builds."""
        return (self.path, self.code, self.flat_message.split(" -> required by ")[0])
