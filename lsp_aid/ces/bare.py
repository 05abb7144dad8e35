"""Programs of an evaluation without any sandbox, for systems that forbid namespaces: they can do what we can.

It has to be asked for by name (`sandbox`: `none`). A tree is copied for each evaluation, so that bases stay as they are
as long as nobody means harm; time is bounded, processes are ended, and that is all.
"""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import define

from lsp_aid.build import process
from lsp_aid.build.dune import raise_if_full
from lsp_aid.build.process import in_thread
from lsp_aid.ces.keeping import FileWrite, Kept, Limits, LostError, Ran, Step
from lsp_aid.errors import BuildTimeoutError

_LIMITED = ("/bin/sh", "-c", 'ulimit -t "$0" -c 0 2>/dev/null; exec "$@"')
_COPY_SECONDS = 1800.0


@define(eq=False)
class BareKeeper:
    """Does what `Keeper` does, in a copy of the tree, or in the tree itself where `way` is `itself`."""

    tree: Path
    way: str = "copy"

    async def run(
        self,
        steps: Sequence[Step],
        limits: Limits,
        files: Sequence[FileWrite] = (),
        wanted: Mapping[str, int] | None = None,
    ) -> Kept:
        """Raises LostError, ToolchainError, FileUnwritableError."""
        scratch = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="bare-", dir=self.tree.parent))
        try:
            root = self.tree
            if self.way != "itself":
                root = scratch / "tree"
                await _copy(self.tree, root)
            await in_thread(lambda: _write(root, files))
            (scratch / "tmp").mkdir()
            ran: list[Ran] = []
            for step in steps:
                ran.append(await _run(step, limits, root, scratch / "tmp"))
                if ran[-1].code or ran[-1].limit:
                    await asyncio.to_thread(raise_if_full, ran[-1].text, root)
                    break
            found = {path: await asyncio.to_thread(_read, root, scratch, path, n) for path, n in (wanted or {}).items()}
            kept = {path: content for path, content in found.items() if content is not None}
            return Kept(tuple(ran), kept, (), 0.0, False, root)
        except OSError as error:
            raise LostError(f"The tree cannot be laid out: {error}") from error
        finally:
            await in_thread(lambda: shutil.rmtree(scratch, ignore_errors=True))

    async def start(self) -> None:
        """There is nothing to start."""

    async def close(self) -> None:
        """There is nothing to end."""


async def _copy(source: Path, target: Path) -> None:
    command = ["cp", "-a", "--reflink=auto", "--", str(source), str(target)]
    done = await process.run(command, cwd=source, environment={"PATH": os.defpath}, seconds=_COPY_SECONDS)
    if done.code != 0:
        raise LostError(f"The base cannot be copied: {done.text.strip()[-300:]}")


async def _run(step: Step, limits: Limits, root: Path, temporary: Path) -> Ran:
    environment = {**step.environment, "TMPDIR": str(temporary), "HOME": str(temporary)}
    program, *words = step.argv  # the program is one of the machine's, wherever it lies
    words = [str(temporary) + word.removeprefix("/tmp") if word.startswith("/tmp/") else word for word in words]  # noqa: S108
    try:
        done = await process.run(
            [*_LIMITED, str(int(limits.cpu) + 1), program, *words],
            cwd=root,
            environment=environment,
            seconds=step.seconds,
        )
    except BuildTimeoutError:
        return Ran(137, b"", "time", step.seconds, 0.0, 0, 0)
    return Ran(done.code, done.output, "output" if done.cut else "", 0.0, 0.0, 0, 0)


def _write(root: Path, files: Sequence[FileWrite]) -> None:
    for file in files:
        place = root / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if Path(os.path.realpath(place.parent)) != Path(os.path.realpath(root)) / place.parent.relative_to(root):
            raise NotADirectoryError(f"{file.path} lies behind a link")
        if place.is_dir() and not place.is_symlink():  # of which all is deleted
            _remove_empty(place)
        with contextlib.suppress(FileNotFoundError):
            place.unlink()
        if file.content is not None:
            place.write_bytes(file.content)
            place.chmod(file.mode)


def _remove_empty(folder: Path) -> None:
    for below in folder.iterdir():
        _remove_empty(below)
    folder.rmdir()


def _read(root: Path, scratch: Path, path: str, most: int) -> bytes | None:
    """The end of a file of the tree, or of what programs take for /tmp."""
    place = scratch / path.removeprefix("/") if path.startswith("/tmp/") else root / path  # noqa: S108
    try:
        number = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(number, "rb") as file:
        file.seek(max(0, os.fstat(number).st_size - most))
        return file.read(most)
