"""Every error that lsp-aid raises on purpose.

    AidError
    ├── ConfigError              a setting that cannot be used
    ├── UsageError               a request or a command line that cannot be carried out as asked
    ├── WorkspaceError           something about the user's files
    │   ├── NoProjectError       no dune project and no .ml file where one was named
    │   ├── NotTrustedError      building would run programs of a folder that the user has not trusted
    │   ├── FileUnreadableError  a file that is missing, unreadable, binary or not UTF-8
    │   ├── FileUnwritableError  a read-only or full disk, a missing permission
    │   ├── OutsideError         a path that leaves the workspace or enters a folder that is not to be edited
    │   └── StaleError           a text has changed since it was read
    ├── EditError                a set of edits that cannot be used
    │   ├── ReplyFormatError     a model's reply in which no edit can be read
    │   └── PlacementError       an edit that has no place, or more than one
    ├── ToolchainError           OCaml or dune is missing, too old or cannot be started
    ├── BuildTimeoutError        a build that took longer than the configured limit
    ├── SandboxError             no sandbox where one is needed
    └── ModelError               the model did not answer
        ├── ModelNotConfiguredError
        ├── ModelUnreachableError    refused, unknown host, broken TLS
        ├── ModelRejectedError       401, 403, 404 and other answers that asking again won't change
        ├── ModelRateLimitedError    429
        ├── ModelServerError         5xx
        ├── ModelProtocolError       an answer that is not the protocol
        ├── ModelStalledError        no byte for longer than the limit
        └── ModelCutOffError         the stream ended before the answer did

A build that fails is no error: it is a `domain.build.BuildResult`. Code that does not parse, edits that do not
type-check: data as well. An exception means that our own machinery could not do its work.

A message says what happened, to what, and what the user can do.
"""

from collections.abc import Sequence

from attrs import frozen


class AidError(Exception):
    """What happened (`what`, a sentence without its full stop) and what the user can do about it (`cure`)."""

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(what, cure)
        self.what = what.rstrip(".")
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.what}. {self.cure}".rstrip() if self.cure else f"{self.what}."


class ConfigError(AidError):
    """A setting that cannot be used."""


class UsageError(AidError):
    """A request or a command line that cannot be carried out as asked."""


class WorkspaceError(AidError):
    """Something about the user's files."""


class NoProjectError(WorkspaceError):
    """No dune project and no .ml file where one was named."""


class NotTrustedError(WorkspaceError):
    """Building would run programs of a folder that the user has not trusted."""


class FileUnreadableError(WorkspaceError):
    """A file that is missing, unreadable, binary or not UTF-8."""


class FileUnwritableError(WorkspaceError):
    """A read-only or full disk, a missing permission. `lost` are files, relative to the root, that were written already
    and could not be put back."""

    def __init__(self, what: str, cure: str = "", lost: Sequence[str] = ()) -> None:
        super().__init__(what, cure)
        self.lost = tuple(lost)


class OutsideError(WorkspaceError):
    """A path that leaves the workspace or enters a folder that is not to be edited."""


class NotSourceError(OutsideError):
    """A path in a folder of a name that holds no source as a rule. `path` is relative to the root."""

    def __init__(self, what: str, cure: str = "", path: str = "") -> None:
        super().__init__(what, cure)
        self.path = path


class StaleError(WorkspaceError):
    """A text has changed since it was read. `paths` are the files, relative to the root, where they are known."""

    def __init__(self, what: str, cure: str = "", paths: Sequence[str] = ()) -> None:
        super().__init__(what, cure)
        self.paths = tuple(paths)


class EditError(AidError):
    """A set of edits that cannot be used."""


class NotTextError(EditError):
    """A set of edits that may be right, and changes what is no text, so that it can be neither read nor made here."""


class ReplyFormatError(EditError):
    """A model's reply in which no edit can be read."""


@frozen
class Candidate:
    """Lines of a file that an edit may have meant. `line`, from 0, is that of the first."""

    line: int
    lines: tuple[str, ...]


@frozen
class Refusal:
    """Why a block of a reply was not placed. `block` counts from 1 within the file; 0 is the edit of the file as such.

    `reason` is a sentence without its full stop, `cure` what a model can do about it, `quoted` what it was to find.
    """

    path: str
    block: int
    reason: str
    cure: str = ""
    quoted: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()


class PlacementError(EditError):
    """Edits that have no place, or more than one. `refusals` tells of each that stands in the way."""

    def __init__(self, what: str, cure: str = "", refusals: tuple[Refusal, ...] = ()) -> None:
        super().__init__(what, cure)
        self.refusals = refusals


class ToolchainError(AidError):
    """OCaml or dune is missing, too old or cannot be started."""


class BuildTimeoutError(AidError):
    """A build that took longer than the configured limit."""


class SandboxError(AidError):
    """No sandbox where one is needed."""


class ModelError(AidError):
    """The model did not answer."""


class ModelNotConfiguredError(ModelError):
    """No model is configured."""


class ModelUnreachableError(ModelError):
    """The endpoint refused the connection, its host is unknown, or TLS failed."""


class ModelRejectedError(ModelError):
    """The endpoint answered 401, 403, 404 or another status that asking again won't change."""


class ModelRateLimitedError(ModelError):
    """The endpoint answered 429. `retry_after` is in seconds, None where it was not said."""

    def __init__(self, what: str, cure: str = "", retry_after: float | None = None) -> None:
        super().__init__(what, cure)
        self.retry_after = retry_after


class ModelServerError(ModelError):
    """The endpoint answered 5xx."""


class ModelProtocolError(ModelError):
    """The endpoint's answer is not the chat completions protocol."""


class ModelStalledError(ModelError):
    """No byte arrived for longer than the limit."""


class ModelCutOffError(ModelError):
    """The stream ended before the answer did."""
