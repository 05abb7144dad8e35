"""Where the files of a base come from: a revision in git or Mercurial, a folder, or what an editor holds of one.

Version control is asked for contents alone: no hook, no filter, no configuration of the repository's runs a program.
"""

import asyncio
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

from attrs import define, frozen

from lsp_aid.build.process import in_thread, run
from lsp_aid.build.toolchain import scrub, which
from lsp_aid.ces.shadow import SWITCHES, VERSION_CONTROL, Shadow
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.ports import View
from lsp_aid.errors import FileUnwritableError, UsageError
from lsp_aid.workspace.view import WorkspaceView

BUILD_FOLDER = "_build"
_SECONDS = 600.0
_LINK, _MODULE = "120000", "160000"
_QUIET_GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
_QUIET_HG = {"HGPLAIN": "1", "HGRCPATH": "", "HGRCSKIPREPO": "1", "HGENCODING": "UTF-8"}


class Source(Protocol):
    """A project at one revision."""

    @property
    def repository(self) -> str:
        """Where it is from: two sources of the same repository are likely to be alike."""

    async def revision(self) -> str | None:
        """What tells it from all others of the repository; None where only its contents do.

        Raises UsageError for a revision that does not exist, ToolchainError.
        """

    async def lay_out(self, folder: Path) -> None:
        """Writes its files into `folder`, which is not there yet.

        Raises UsageError, ToolchainError, FileUnwritableError.
        """


def source_of(root: Path, revision: str | None, environment: Mapping[str, str]) -> Source:
    """The project at `root` as it stands in `revision`, or as it lies there where that is None.

    Raises UsageError where there is no version control to know of revisions, ToolchainError.
    """
    root = root.resolve()
    if revision is None:
        return Folder(root)
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return Git(
                folder, root.relative_to(folder).as_posix(), revision, _program("git", environment), scrub(environment)
            )
        if (folder / ".hg").is_dir():
            return Mercurial(
                folder, root.relative_to(folder).as_posix(), revision, _program("hg", environment), scrub(environment)
            )
    raise UsageError(f"{root} is under no version control that has revisions", "Leave the revision out.")


def _program(name: str, environment: Mapping[str, str]) -> Path:
    found = which(name, environment.get("PATH", ""))
    if found is None:
        raise UsageError(f"There is no {name} on PATH", "Install it, or leave the revision out.")
    return found


@define
class Folder:
    """A folder as it is now, or with the open texts of `view` over it: all that dune may read of it, but not what was
    built there, nor the project's own switch."""

    root: Path
    view: View | None = None

    @property
    def repository(self) -> str:
        return str(self.root)

    async def revision(self) -> str | None:
        return None

    async def lay_out(self, folder: Path) -> None:
        shadow = Shadow(folder, self.root, skipped=VERSION_CONTROL, skipped_at_top=SWITCHES)
        view = self.view or WorkspaceView(self.root)
        await in_thread(lambda: shadow.sync(view, ChangeSet()), shadow.stop.set)
        await asyncio.to_thread(shadow.forget)


@frozen
class Git:
    """The files of `folder`, relative to the repository at `top`, in a commit, with their contents as git keeps them.
    Submodules are left out."""

    top: Path
    folder: str
    name: str
    program: Path
    environment: Mapping[str, str]

    @property
    def repository(self) -> str:
        return str(self.top / self.folder)

    async def revision(self) -> str:
        output = await self._ask(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{self.name}^{{commit}}"])
        return output.decode("ascii", "replace").strip()

    async def lay_out(self, folder: Path) -> None:
        commit = await self.revision()
        tree = commit if self.folder == "." else f"{commit}:{self.folder}"
        listed = await self._ask(["ls-tree", "-r", "-z", "--full-tree", tree])
        entries = [_tree_entry(line) for line in listed.decode("utf-8", "surrogateescape").split("\0") if line]
        entries = [entry for entry in entries if entry[0] != _MODULE]
        names = "".join(f"{name}\n" for _, name, _ in entries).encode()
        contents = await self._ask(["cat-file", "--batch", "--buffer"], names)
        await asyncio.to_thread(_write_tree, folder, entries, contents)

    async def _ask(self, words: list[str], given: bytes = b"") -> bytes:
        """Standard output, whole and apart from what goes to standard error."""
        options = ["-c", f"safe.directory={self.top}", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never"]
        environment = {**self.environment, **_QUIET_GIT}
        with tempfile.TemporaryDirectory(prefix="lsp-aid-git-") as scratch:
            output = Path(scratch, "output")
            argv = ["/bin/sh", "-c", 'out=$1; shift; exec "$@" > "$out"', "sh", str(output), str(self.program)]
            done = await run(
                [*argv, *options, *words], cwd=self.top, environment=environment, seconds=_SECONDS, stdin=given
            )
            if done.code != 0:
                why = done.text.strip()[-300:] or f"git ended with status {done.code}"
                raise UsageError(
                    f"The revision {self.name} of {self.top} cannot be had: {why}", "Name one that exists."
                )
            return await asyncio.to_thread(output.read_bytes)


@frozen
class Mercurial:
    """The files of `folder`, relative to the repository at `top`, in a changeset."""

    top: Path
    folder: str
    name: str
    program: Path
    environment: Mapping[str, str]

    @property
    def repository(self) -> str:
        return str(self.top / self.folder)

    async def revision(self) -> str:
        return (await self._ask(["log", f"--rev={self.name}", "--limit=1", "--template={node}"])).strip()

    async def lay_out(self, folder: Path) -> None:
        whole = folder if self.folder == "." else folder.with_name(f"{folder.name}.whole")
        include = [] if self.folder == "." else [f"--include=path:{self.folder}"]
        node = await self.revision()
        await self._ask(
            [
                "archive",
                f"--rev={node}",
                "--type=files",
                "--no-decode",
                "--config=ui.archivemeta=no",
                *include,
                "--",
                str(whole),
            ]
        )
        if whole != folder:
            await asyncio.to_thread(_take_out, whole, self.folder, folder)

    async def _ask(self, words: list[str]) -> str:
        environment = {**self.environment, **_QUIET_HG}
        argv = [str(self.program), "--noninteractive", f"--repository={self.top}", *words]
        done = await run(argv, cwd=self.top, environment=environment, seconds=_SECONDS)
        if done.code != 0:
            raise UsageError(
                f"The revision {self.name} of {self.top} cannot be had: {done.text.strip()[-300:]}",
                "Name one that exists.",
            )
        return done.text


def _take_out(whole: Path, part: str, folder: Path) -> None:
    (whole / part).rename(folder)
    shutil.rmtree(whole)


def _tree_entry(line: str) -> tuple[str, str, str]:
    """The mode, the object's name and the path of one entry."""
    head, _, path = line.partition("\t")
    mode, _, name = head.split()
    return mode, name, path


def _write_tree(folder: Path, entries: list[tuple[str, str, str]], contents: bytes) -> None:
    folder.mkdir(parents=True)
    made = {folder}
    at = 0
    for mode, name, path in entries:
        head_end = contents.index(b"\n", at)
        said, _, size = contents[at:head_end].split()
        if said.decode() != name:
            raise UsageError(f"git tells something else than {name}")
        start, at = head_end + 1, head_end + 2 + int(size)
        place = folder / path
        if not _is_plain(path) or PurePosixPath(path).parts[0] == BUILD_FOLDER:
            continue
        try:
            if place.parent not in made:
                place.parent.mkdir(parents=True, exist_ok=True)
                if Path(os.path.realpath(place.parent)) != Path(os.path.realpath(folder)) / place.parent.relative_to(
                    folder
                ):
                    raise UsageError(f"{path} lies behind a link")
                made.add(place.parent)
            if mode == _LINK:
                place.symlink_to(os.fsdecode(contents[start : at - 1]))
            else:
                number = os.open(
                    place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o755 if mode == "100755" else 0o644
                )
                with os.fdopen(number, "wb") as file:
                    file.write(contents[start : at - 1])
        except OSError as error:
            raise FileUnwritableError(
                f"{place} cannot be written: {error.strerror}", "Free space or permit writing there."
            ) from error


def _is_plain(path: str) -> bool:
    parts = path.split("/")
    return not any(part in ("", ".", "..") or part.casefold() == ".git" for part in parts)


def digest(folder: Path, *, skipped: frozenset[str] = frozenset((BUILD_FOLDER,))) -> str:
    """What tells the contents of a folder from all others: names, kinds, contents, and what may be executed.
    `skipped` are names at its top."""
    found = hashlib.sha256()
    for path, entry in _entries(folder, "", skipped):
        if entry.is_symlink():
            kind, content = b"link", os.fsencode(Path(entry.path).readlink())
        elif entry.is_dir(follow_symlinks=False):
            continue
        elif not entry.is_file(follow_symlinks=False):
            kind, content = b"other", b""
        else:
            executable = entry.stat(follow_symlinks=False).st_mode & stat.S_IXUSR
            kind, content = b"program" if executable else b"file", Path(entry.path).read_bytes()
        for part in (os.fsencode(path), kind, content):
            found.update(b"%d:" % len(part))
            found.update(part)
    return found.hexdigest()


def _entries(folder: Path, prefix: str, skipped: frozenset[str]) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name in skipped:
            continue
        path = f"{prefix}{entry.name}"
        yield path, entry
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(Path(entry.path), f"{path}/", frozenset())


def raise_unless_project(folder: Path, repository: str) -> None:
    """Raises UsageError for a revision that holds no dune project."""
    if not (folder / "dune-project").is_file() and not (folder / "dune-workspace").is_file():
        raise UsageError(f"{repository} is no dune project at that revision", "Name a folder with a dune-project file.")
