"""The ports: all that a task, a repair or a context source may reach of the outside."""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from lsp_aid.domain.build import BuildResult, Evaluation
from lsp_aid.domain.build_status import BuildStatus
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.chat import Message
from lsp_aid.domain.events import Event
from lsp_aid.domain.journal import Entry, State
from lsp_aid.domain.proposal import Proposal
from lsp_aid.domain.text import Position
from lsp_aid.domain.typed import (
    Again,
    Checked,
    CompilerFlags,
    Judgement,
    Scope,
    Told,
    TypedAgain,
    TypedRange,
    Variant,
)
from lsp_aid.errors import AidError


class View(Protocol):
    """The workspace at one moment: the open documents as the editor holds them, over the files on disk.

    Paths are relative to the project's root, with `/`. A view does not change: a text once read reads the same again.
    """

    @property
    def root(self) -> Path:
        """The project's root, absolute, links resolved."""

    @property
    def open_texts(self) -> Mapping[str, str]:
        """The documents that the editor has open, saved or not."""

    def read(self, path: str) -> str:
        """The text of a file. Raises FileUnreadableError, OutsideError."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file, open or on disk."""

    def paths(self) -> Sequence[str]:
        """All files of the project, sorted: no build folders, no version control, no local switch."""

    def version(self, path: str) -> int | None:
        """The version of an open document; None where the file is not open."""


class Build(Protocol):
    """The build of what is on disk."""

    async def build(self) -> BuildResult:
        """Builds. Raises ToolchainError, BuildTimeoutError. Once a cancelled build returns, its processes are gone."""


class BuildListener(Protocol):
    """Hears of a project's builds, on the event loop."""

    def build_begun(self) -> None:
        """What the last build said may no longer hold."""

    def build_ended(self, status: BuildStatus) -> None:
        """A complete build of the files as they are."""

    def build_failed(self, error: AidError) -> None:
        """No build could be made."""

    def toolchain_changed(self) -> None:
        """Another OCaml or dune is there now: the project is to be opened anew."""


class Monitor(Build, Protocol):
    """A build that is kept up to date, whoever makes it."""

    def start(self, listener: BuildListener) -> None:
        """Begins to follow the project's builds, and tells the listener, from then on."""

    def saved(self, *paths: str) -> None:
        """Files were written, those that are known relative to the root: what was built is not the last word."""

    async def close(self) -> None:
        """Ends it. When this returns no process of it is left, and nobody hears of it any longer."""


class Evaluator(Protocol):
    """Builds texts that are not on disk, apart from the user's files."""

    async def evaluate(self, view: View, changes: ChangeSet, *, untrusted: bool) -> Evaluation:
        """Builds `view` with `changes`. `untrusted`: a model wrote the changes, so the build must run in a sandbox.

        Raises ToolchainError, BuildTimeoutError, OutsideError.
        """


class Model(Protocol):
    """A chat model."""

    @property
    def name(self) -> str: ...

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str]:
        """The answer, piece by piece. Closing the generator, or cancelling its reader, closes the connection.

        Raises the errors below ModelError.
        """


class EventSink(Protocol):
    """Takes note of events. Never raises, never waits."""

    def emit(self, event: Event) -> None: ...


class Progress(Protocol):
    """Tells the user how long work goes. Never raises, never waits."""

    def report(self, message: str) -> None: ...


class Formatter(Protocol):
    """The project's own formatter."""

    async def format(self, path: str, text: str) -> str | None:
        """The text of the file as the formatter has it; None where the project has none, or it cannot. Never raises."""


class Store(Protocol):
    """The proposals that were made for one project. They survive restarts; the oldest are forgotten.

    The methods of this and the next port work on the disk: call them in a thread. They raise FileUnwritableError.
    """

    def keep(self, proposal: Proposal, *, shown: bool = False) -> None:
        """Remembers a proposal; one with the same id is replaced. One that was merely `shown` is forgotten sooner, and
        is not among the recent ones."""

    def find(self, identifier: str) -> Proposal | None:
        """The proposal with that id; None where it is not known, or no longer."""

    def recent(self) -> Sequence[Proposal]:
        """All that are remembered, the latest first."""


class Journal(Protocol):
    """What was applied to one project. It survives restarts; the oldest entries are forgotten."""

    def turn(self) -> AbstractContextManager[None]:
        """While it is held, no other process writes files of this project for lsp-aid."""

    def note(self, changes: ChangeSet, *, proposal: str = "", title: str = "", state: State = State.APPLIED) -> Entry:
        """Notes changes that are applied, or that are about to be."""

    def entries(self) -> Sequence[Entry]:
        """All entries, the latest first, those that were undone included."""

    def find(self, identifier: str) -> Entry | None:
        """The entry with that id, or the latest for the proposal with that id."""

    def set_state(self, entry: Entry, state: State) -> Entry:
        """The entry as it is from now on: applied, or closed as undone."""

    def forget(self, entry: Entry) -> None:
        """Strikes out what was not applied after all."""


class Typer(Protocol):
    """The compiler's type checker, on texts that need not be on disk. Paths are relative to `flags.folder`, with `/`.

    The methods raise ToolchainError, BuildTimeoutError; NotTrustedError where the flags run programs of a folder that
    the user has not trusted. What cannot be had from the compiler at hand is empty. Cancelling ends the work.
    """

    async def check(
        self, path: str, text: str, flags: CompilerFlags, *, interface: str | None = None, signature: bool = False
    ) -> Checked:
        """What compiling `text` would say. `interface` stands for the `.mli` beside it; without it, the one that was
        built last counts, if there is an `.mli` below `flags.folder`. `signature`: whether that is wanted too; printing
        it can take as long as the check."""

    def check_many(
        self,
        path: str,
        texts: Iterable[str],
        flags: CompilerFlags,
        *,
        interface: str | None = None,
        signature: bool = False,
    ) -> AsyncGenerator[Checked | None]:
        """The same of many texts for one path, in the order of the texts: thousands of small ones a second.

        None stands for one that takes too much time or memory. `texts` is read little by little, as answers arrive, and
        no `check` has to wait for them. Close the generator (`contextlib.aclosing`) where the rest is not wanted.
        """

    def judge(
        self,
        path: str,
        head: str,
        variants: Iterable[Variant],
        tail: str,
        flags: CompilerFlags,
        *,
        signature: bool = False,
        told: Told = Told.ALL,
    ) -> AsyncGenerator[Judgement | None]:
        """Whether the items `head`, each variant and `tail` make a module without a type error; as `check_many`, and
        faster, since `head` is typed once. Each part is whole items. Warnings and interfaces are left to `check`.

        Unless all is `told` it is not said what the error is, nor the type at the place to look at in what has one:
        most of the time goes into that."""

    async def check_against(
        self,
        units: Sequence[Again],
        flags: CompilerFlags,
        interfaces: Mapping[str, bytes],
        *,
        background: bool = False,
    ) -> Sequence[TypedAgain] | None:
        """What compiling the texts would say if the modules named, which are built below `flags.folder`, had these
        interfaces (contents of .cmi files), whatever digests others know of. None where that cannot be had.
        `background`: others come first."""

    async def imports(self, files: Sequence[Path]) -> Sequence[frozenset[str]] | None:
        """Of each .cmo or .cmi file all modules whose interfaces may have been read for it. None where that cannot be
        had, for one since a file is of another compiler."""

    async def type_at(self, path: str, text: str, position: Position, flags: CompilerFlags) -> Sequence[TypedRange]:
        """What stands around a position, the innermost first. The text may be wrong elsewhere."""

    async def scope_at(
        self,
        path: str,
        text: str,
        position: Position,
        flags: CompilerFlags,
        *,
        prefix: str = "",
        within: str = "",
        limit: int = 200,
    ) -> Scope:
        """The names in scope at a position, at most `limit` of each kind; those that start with `prefix`, and where
        `within` is given, those of that module."""

    async def signature(self, module: str, flags: CompilerFlags) -> str | None:
        """The signature of a module path (`Stdlib.List`) or of a `.cmi` file; None where there is none."""


class Typing(Protocol):
    """A project's typer, and what each of its modules is compiled with."""

    @property
    def typer(self) -> Typer: ...

    async def flags_for(self, path: str) -> CompilerFlags | None:
        """The flags of the module at `path`, relative to the root; None where they are not known, or may not be asked
        for. Raises ToolchainError, BuildTimeoutError."""


class LiveTyping(Typing, Protocol):
    """The same by what was built last of the files as they are, for texts that are being edited."""

    async def is_doubtful(
        self,
        checked: Checked,
        path: str,
        flags: CompilerFlags,
        unsaved: Collection[str],
        saved: Collection[str],
        *,
        settled: bool,
    ) -> bool:
        """Whether errors may only come from what is not built, or not anew: then nothing can be said of the text.

        `unsaved` and `saved` are files, relative to the root, that were edited or written since the last build.
        `settled`: that is complete and green, and no other is under way.
        """
