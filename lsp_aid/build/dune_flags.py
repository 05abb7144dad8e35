"""The flags that dune passes to the compiler, as it tells them to editors (`dune ocaml-merlin`)."""

import asyncio
import contextlib
import os
from pathlib import Path, PurePosixPath

from attrs import define, field

from lsp_aid.build.csexp import Csexp, CsexpError, decode, encode
from lsp_aid.build.dune import dune_environment
from lsp_aid.build.process import run
from lsp_aid.build.toolchain import Toolchain
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.errors import NotTrustedError, ToolchainError

_SECONDS = 30.0
_CONTEXT = "default"
_ALWAYS = ("-no-alias-deps",)  # dune has it on every command line, and does not tell editors
_FOLDERS = {b"B": "-I", b"BH": "-H"}

Stamp = tuple[tuple[str, int, int], ...]


@define(eq=False)
class DuneFlags:
    """Asks dune for what the modules of the project at `root` are compiled with, as last built in `build_dir`.

    What was told is kept until dune writes its configuration anew. No lock of dune's is taken.
    """

    root: Path
    build_dir: Path
    toolchain: Toolchain
    trusted: bool
    _known: dict[str, tuple[Stamp, CompilerFlags | None]] = field(factory=dict, init=False)

    async def flags_for(self, path: str) -> CompilerFlags | None:
        """The flags of the module at `path`, relative to the root; None for what dune has not built, or does not know.

        Raises NotTrustedError, ToolchainError, BuildTimeoutError.
        """
        if not self.trusted:
            raise NotTrustedError(f"{self.root} is not trusted, so dune is not asked there", "Trust the folder.")
        found = await self._flags_at(path)
        if found is None:
            for copy in await asyncio.to_thread(self._copies, path):
                found = found or await self._flags_at(copy)
        return found

    async def _flags_at(self, path: str) -> CompilerFlags | None:
        stamp = await asyncio.to_thread(self._stamp, PurePosixPath(path).parent)
        known = self._known.get(path)
        if known is None or known[0] != stamp:
            known = self._known[path] = (stamp, await self._ask(path) if stamp else None)
        return known[1]

    def _stamp(self, folder: PurePosixPath) -> Stamp:
        """What tells whether dune has written its configuration anew for a folder, or for one above: modules of
        subfolders can belong to a library above. Empty where there is none."""
        found: list[tuple[str, int, int]] = []
        for ancestor in (folder, *folder.parents):
            try:
                entries = sorted((self.build_dir / _CONTEXT / ancestor / ".merlin-conf").iterdir())
                found += [(str(e), (status := e.stat()).st_mtime_ns, status.st_ino) for e in entries]
            except OSError:
                continue
        return tuple(found)

    def _copies(self, path: str) -> list[str]:
        """Where dune has copied a source to, to compile it there (`copy_files#`), as the copies themselves say."""
        name, found = PurePosixPath(path).name, []
        head = f'# 1 "{path}"\n'.encode("utf-8", "surrogateescape")
        for folder, folders, files in os.walk(self.build_dir / _CONTEXT):
            if ".merlin-conf" in folders and name in files:
                with contextlib.suppress(OSError), Path(folder, name).open("rb") as file:
                    if file.read(len(head)) == head:
                        found.append(Path(folder, name).relative_to(self.build_dir / _CONTEXT).as_posix())
            folders[:] = sorted(other for other in folders if not other.startswith("."))
        return found

    async def _ask(self, path: str) -> CompilerFlags | None:
        if self.toolchain.dune is None:
            raise ToolchainError("No dune was found", "Install dune 3.17 or later, or set `toolchain`.")
        command = [
            *(str(self.toolchain.dune), "ocaml-merlin", "--root", str(self.root), "--build-dir", str(self.build_dir)),
            *("--no-config", "--no-print-directory"),
        ]
        request = encode((b"File", str(self.root / path).encode("utf-8", "surrogateescape"))) + encode(b"Halt")
        environment = dune_environment(self.toolchain)
        done = await run(command, cwd=self.root, environment=environment, seconds=_SECONDS, stdin=request)
        start = done.output.find(b"((")  # dune's own warnings come before
        try:
            return read(decode(done.output[start:].rstrip()), self.build_dir / _CONTEXT)
        except CsexpError as error:
            tail = done.text.strip()[-500:]
            raise ToolchainError(
                f"dune does not tell the flags of {path}: {tail}", "Use dune 3.17 or later."
            ) from error


def read(config: Csexp, folder: Path) -> CompilerFlags | None:
    """The flags in dune's answer, for a compiler that runs in `folder`; None where it knows none."""
    words: list[str] = list(_ALWAYS)
    unit = ""
    for directive in config if isinstance(config, tuple) else ():
        match directive:
            case (b"ERROR", *_):
                return None
            case (b"B" | b"BH" as head, bytes(value)):
                words += (_FOLDERS[head], _text(value))
            case (b"FLG", tuple(values)) | (b"FLG", *values):
                words += [_text(value) for value in values if isinstance(value, bytes)]
            case (b"UNIT_NAME", bytes(value)):
                unit = _text(value)
    return CompilerFlags(tuple(words), folder, unit)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
