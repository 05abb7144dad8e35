"""The project's own ocamlformat, where it has one. It reads nothing but its settings, and runs nothing."""

import asyncio
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lsp_aid.build.process import run
from lsp_aid.build.toolchain import which
from lsp_aid.errors import AidError

log = logging.getLogger(__name__)

_SECONDS = 10.0


class Ocamlformat:
    """Implements the port `Formatter`, for a project with a file `.ocamlformat` in its root and a toolchain that has
    ocamlformat. Where the file asks for another version than that one, ocamlformat itself refuses.

    `environment` is the toolchain's.
    """

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._root = root
        self._environment = environment

    async def format(self, path: str, text: str) -> str | None:
        program = which("ocamlformat", self._environment.get("PATH", ""))
        if program is None or not (self._root / ".ocamlformat").is_file():
            return None
        try:
            with tempfile.TemporaryDirectory(prefix="lsp-aid-") as folder:
                return await self._run(program, path, text, Path(folder, "formatted"))
        except (AidError, OSError, ValueError) as error:
            log.info("%s is left as it is: %s", path, error)
            return None

    async def _run(self, program: Path, path: str, text: str, output: Path) -> str | None:
        # The text goes to a file, so that no warning gets into it.
        argv = [str(program), f"--root={self._root}", f"--name={self._root / path}", f"--output={output}", "-"]
        done = await run(
            argv, cwd=self._root, environment=self._environment, seconds=_SECONDS, stdin=text.encode("utf-8")
        )
        if done.code != 0:
            log.info("%s is left as it is: ocamlformat ended with status %d", path, done.code)
            return None
        return (await asyncio.to_thread(output.read_bytes)).decode("utf-8")
