"""What the server is given from outside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import field, frozen

from lsp_aid.config import Settings
from lsp_aid.domain.ports import Journal, LiveTyping, Monitor, Store, View
from lsp_aid.tasks.project import Project


class TrustStore(Protocol):
    """Which folders' programs may be run."""

    def is_trusted(self, root: Path) -> bool: ...

    def trust(self, root: Path) -> None:
        """Remembers a folder. Raises FileUnwritableError."""


@frozen
class Opened:
    """A project that is open, and what follows its builds. The monitor is closed before the project. `typing` is the
    typer by what was built in a folder, where there is one."""

    project: Project
    monitor: Monitor
    typing: Callable[[Path], LiveTyping] | None = None


class Keeper(Protocol):
    """Whoever outlives the server, where somebody does: what has to be known after a restart is kept there."""

    @property
    def kept(self) -> Mapping[str, Any]:
        """What servers before this one, of the same editor, had asked to be kept: key -> plain JSON."""

    def keep(self, key: str, value: Any) -> None:
        """Keeps something, plain JSON; None is forgotten."""

    def describe(self, editor: str) -> None:
        """Says which editor is served, for people."""

    def busy(self, jobs: int) -> None:
        """Says how many jobs are under way: a server that is to be replaced is given time to end them."""

    async def bring(self, names: Sequence[str]) -> None:
        """Sees to it that the environment holds these variables, where the editor's own does."""


@frozen
class NoKeeper:
    """Implements `Keeper` where nobody outlives the server."""

    @property
    def kept(self) -> Mapping[str, Any]:
        return {}

    def keep(self, key: str, value: Any) -> None: ...

    def describe(self, editor: str) -> None: ...

    def busy(self, jobs: int) -> None: ...

    async def bring(self, names: Sequence[str]) -> None: ...


@frozen
class Services:
    """`find_root`: the root of the dune project that a file or folder belongs to, None where there is none.

    `store` and `journal` are those of a root; they are there without trust, since they run nothing.
    `page` writes a Markdown text to a file that an editor can open; it raises FileUnwritableError.
    `make_view` takes a root and the open documents below it: path relative to the root -> text and version.
    """

    open_project: Callable[[Path, Settings], Awaitable[Opened]]
    find_root: Callable[[Path], Path | None]
    make_view: Callable[[Path, Mapping[str, tuple[str, int]]], View]
    trust: Callable[[Settings], TrustStore]
    store: Callable[[Path], Store]
    journal: Callable[[Path], Journal]
    page: Callable[[str], Path]
    environment: Mapping[str, str]
    keeper: Keeper = field(factory=NoKeeper)
