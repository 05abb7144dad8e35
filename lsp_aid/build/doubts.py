"""Whether what the typer says of a text may only come from what is not built, or not built anew.

The typer reads the interfaces that dune has made. While a module is in error its own is not there, and those of the
modules behind it are old; while a build runs anything may be. Of an error that may come from that nothing is said: dune
will tell what holds.
"""

import asyncio
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath

from attrs import define, field

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.typed import Checked, CompilerFlags
from lsp_aid.ocaml import messages

_CONTEXT = "default"
_UNBUILT = frozenset({"missing-alias", "corrupted-interface", "inconsistent-files", "missing-interface-file"})
"""Broken rules that are about files, not about the text."""
_OF_FILES = re.compile(
    r"no corresponding \.?cmi file was found|Could not find the \.cmi file|[Ee]rror while running external preprocessor"
    r"|Cannot find file|is not a compiled interface|seems to be for a (?:more recent|older) version"
)
_SOURCES = (".mli", ".ml", ".mly", ".mll", ".re", ".rei")
_LIBRARY_FOLDER = re.compile(r"\.[^/]+\.e?objs/byte")


@define(eq=False)
class Doubts:
    """Of the project at `root`, as built in `build_dir`. What is known of its sources is known until `forget`."""

    root: Path
    build_dir: Path
    _sources: dict[str, list[str]] | None = field(default=None, init=False)

    def forget(self) -> None:
        """A build has ended: other sources may be there."""
        self._sources = None

    async def about(
        self,
        checked: Checked,
        path: str,
        flags: CompilerFlags,
        unsaved: Collection[str],
        saved: Collection[str],
        *,
        settled: bool,
    ) -> bool:
        """As `LiveTyping.is_doubtful` says."""
        if not checked.build.errors:
            return False
        changed = {*unsaved}  # as they are now; they may be others by the time that the thread has them

        def look() -> bool:
            changed.update(other for other in saved if self._is_to_be_built(other))
            return self._about(checked, path, flags, changed, settled)

        saved = tuple(saved)
        return await asyncio.to_thread(look)

    def _about(
        self, checked: Checked, path: str, flags: CompilerFlags, changed: Collection[str], settled: bool
    ) -> bool:
        built = list(self._built_folders(flags))
        if any(self._is_of_files(error, path, built) for error in checked.build.errors):
            return True
        named = checked.modules - {_module(path)}
        if any(_module(other) in named for other in changed if not _is_pair(other, path)):
            return True
        return not settled and any(not self._is_up_to_date(name, path, built) for name in named)

    def _is_to_be_built(self, path: str) -> bool:
        """Whether dune has another text of a file."""
        try:
            return (self.root / path).read_bytes() != (self.build_dir / _CONTEXT / path).read_bytes()
        except OSError:
            return True

    def _is_of_files(self, error: Diagnostic, path: str, built: list[Path]) -> bool:
        if error.path != path:
            return True  # it is the interface's, which is told of where that is checked
        if _OF_FILES.search(error.flat_message):
            return True
        match messages.read(error):
            case messages.BrokenRule(rule=rule):
                return rule in _UNBUILT
            case messages.UnboundName(sort="module", path=name):
                if any(not _interfaces(folder) for folder in built):
                    return True
                return any(not self._is_there(part, built) for part in name.split(".") if part in self.sources())
        return False

    def _is_up_to_date(self, name: str, path: str, built: Iterable[Path]) -> bool:
        """Whether a module's interface was built after its source was written. What has no source here, or is of a
        library that is not used, is."""
        files = [file for file in self.sources().get(name, ()) if not _is_pair(file, path)]
        if not files:
            return True
        made = [_time(folder / file) for folder in built for file in _of_module(name, _interfaces(folder))]
        return not made or max(made) >= max(_time(self.root / file) for file in files)

    def _is_there(self, name: str, built: Iterable[Path]) -> bool:
        return any(True for folder in built for _ in _of_module(name, _interfaces(folder)))

    def sources(self) -> dict[str, list[str]]:
        """The files that say what the interface of a module is, by its name: where there is an .mli, that alone."""
        if self._sources is None:
            self._sources = {}
            for folder, folders, names in os.walk(self.root):
                folders[:] = [name for name in folders if name[0] not in "._" and name != "node_modules"]
                below = Path(folder).relative_to(self.root)
                for name in names:
                    file = PurePosixPath(name)
                    if file.suffix in _SOURCES and not (file.suffix == ".ml" and f"{name}i" in names):
                        self._sources.setdefault(_module(name), []).append((below / name).as_posix())
        return self._sources

    def _built_folders(self, flags: CompilerFlags) -> Iterator[Path]:
        """The folders with the interfaces of the project's own libraries that the flags name."""
        base = self.build_dir / _CONTEXT
        for option, word in zip(flags.words, flags.words[1:], strict=False):
            if option in ("-I", "-H"):
                folder = flags.folder / word
                if folder.is_relative_to(base) and _LIBRARY_FOLDER.search(folder.as_posix()):
                    yield folder


def _module(path: str) -> str:
    stem = PurePosixPath(path).name.split(".")[0]
    return stem[:1].upper() + stem[1:]


def _is_pair(one: str, other: str) -> bool:
    """Whether two files are of one module: the same, or its implementation and interface."""
    return PurePosixPath(one).with_suffix("") == PurePosixPath(other).with_suffix("")


def _interfaces(folder: Path) -> list[str]:
    try:
        return [file.name for file in folder.iterdir() if file.suffix == ".cmi"]
    except OSError:
        return []


def _of_module(name: str, files: Iterable[str]) -> Iterator[str]:
    """`lib__A.cmi`, `dune__exe__A.cmi`, or `a.cmi`."""
    plain = f"{name[:1].lower()}{name[1:]}.cmi"
    return (file for file in files if file == plain or file.endswith(f"__{name}.cmi"))


def _time(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
