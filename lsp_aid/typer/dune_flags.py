"""The flags that dune passes to the compiler, from what it tells merlin."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from attrs import define, field

from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.errors import NotTrustedError, ToolchainError
from lsp_aid.ocaml.dune_file import Group, Word, parse
from lsp_aid.typer.installing import Run

_SECONDS = 30.0
_HEAD = re.compile(r"^[^\s():]+: (/.*)$", re.MULTILINE)
_ALWAYS = ("-no-alias-deps",)  # dune has it on every command line, and does not tell merlin

_CONTEXT = "default"

Stamp = tuple[tuple[str, int, int], ...]


@define(eq=False)
class DuneFlags:
    """Asks dune, in `build_dir`, for what the modules of the project at `root` are compiled with.

    `environment` is what dune is run with. What was told is kept until dune writes it anew.
    """

    root: Path
    build_dir: Path
    dune: Path
    environment: Mapping[str, str]
    trusted: bool
    _run: Run
    _known: dict[str, tuple[Stamp, dict[str, CompilerFlags]]] = field(factory=dict, init=False)

    async def flags_for(self, path: str) -> CompilerFlags | None:
        """The flags of the module at `path`, relative to the root; None for what dune has not built, or does not know.

        Raises NotTrustedError, ToolchainError, BuildTimeoutError.
        """
        if not self.trusted:
            raise NotTrustedError(f"{self.root} is not trusted, so dune is not asked there", "Trust the folder.")
        folder, stamp = await asyncio.to_thread(self._nearest, PurePosixPath(path).parent)
        if not stamp:
            return None
        known = self._known.get(folder)
        if known is None or known[0] != stamp:
            known = self._known[folder] = (stamp, await self._ask(folder))
        return known[1].get(path) or known[1].get(str(PurePosixPath(path).with_suffix("")))

    def _nearest(self, folder: PurePosixPath) -> tuple[str, Stamp]:
        """The folder at or above this one for which dune has written a configuration, and what tells when it was.
        Modules of subfolders can belong to a library above."""
        for ancestor in (folder, *folder.parents):
            place = self.build_dir / _CONTEXT / ancestor / ".merlin-conf"
            try:
                entries = sorted(place.iterdir())
                return str(ancestor), tuple((e.name, (s := e.stat()).st_mtime_ns, s.st_ino) for e in entries)
            except OSError:
                continue
        return "", ()

    async def _ask(self, folder: str) -> dict[str, CompilerFlags]:
        command = [
            *(str(self.dune), "ocaml", "merlin", "dump-config", "--root", str(self.root)),
            *("--build-dir", str(self.build_dir), "--no-config", "--no-print-directory", folder),
        ]
        done = await self._run(command, cwd=self.root, environment=self.environment, seconds=_SECONDS)
        if done.code != 0:
            tail = done.text.strip()[-500:]
            raise ToolchainError(f"dune does not tell the flags of {folder}: {tail}", "Use dune 3.17 or later.")
        return read(done.text, self.build_dir)


def read(output: str, build_dir: Path) -> dict[str, CompilerFlags]:
    """The flags by path relative to the context, with and without the file's suffix, from `dump-config`'s output."""
    found = {}
    heads = [*_HEAD.finditer(output)]
    ends = [head.start() for head in heads[1:]] + [len(output)]
    for head, end in zip(heads, ends, strict=False):
        path = Path(head[1])
        if not path.is_relative_to(build_dir):
            continue
        context, *below = path.relative_to(build_dir).parts
        tree, _ = parse(output[head.end() : end])
        if below and tree and isinstance(tree[0], Group):
            found["/".join(below)] = _flags(tree[0], build_dir / context)
    return found


def _flags(config: Group, folder: Path) -> CompilerFlags:
    words: list[str] = []
    unit = ""
    for item in config.items:
        if not isinstance(item, Group):
            continue
        match item.head:
            case "B":
                words += [word for value in item.words for word in ("-I", value)]
            case "BH":
                words += [word for value in item.words for word in ("-H", value)]
            case "FLG":
                for part in item.arguments:
                    if isinstance(part, Group):
                        words += [word.value for word in part.items if isinstance(word, Word)]
                    else:
                        words.append(part.value)
            case "UNIT_NAME":
                unit = item.words[0] if item.words else ""
    return CompilerFlags((*_ALWAYS, *words), folder, unit)
