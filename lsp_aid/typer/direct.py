"""A check by the compiler itself, one process each: where its library cannot be loaded."""

import asyncio
import tempfile
import time
from pathlib import Path

from lsp_aid.domain.typed import Checked
from lsp_aid.errors import ToolchainError
from lsp_aid.typer.installing import Compiler, Run
from lsp_aid.typer.reports import Source, result

_ALWAYS = ("-c", "-color", "never", "-error-style", "short", "-I", ".cmi")
_FAULTS = ("Fatal error:", "No space left on device")
"""What the compiler says that is no word on the text."""
_TYPES_ALONE = ("-stop-after", "typing")


async def check(source: Source, compiler: Compiler, run: Run, seconds: float) -> Checked:
    """Raises ToolchainError, BuildTimeoutError. The signature and the modules stay empty."""
    started = time.monotonic()
    report, green = "", True
    with tempfile.TemporaryDirectory(prefix="lsp-aid-check-") as folder:
        await asyncio.to_thread(_lay_out, source, Path(folder))
        for command in _commands(source):
            if green:
                words = [str(compiler.ocamlc), *_ALWAYS, *source.flags.words, *command]
                done = await run(words, cwd=Path(folder), environment=compiler.environment, seconds=seconds)
                if done.code < 0 or any(fault in done.text for fault in _FAULTS):
                    tail = done.text.strip()[-500:]
                    raise ToolchainError(f"The compiler could not work, status {done.code}: {tail}")
                report, green = report + done.text, done.code == 0
    return Checked(result(source, report, green=green, seconds=time.monotonic() - started))


def _commands(source: Source) -> list[list[str]]:
    if source.path.endswith(".mli"):
        return [[*_TYPES_ALONE, "-o", f".out/{source.unit}.cmi", "-intf", source.path]]
    commands = [[*_TYPES_ALONE, "-o", f".out/{source.unit}.cmo", "-impl", source.path]]
    if source.interface is not None:
        # What the implementation is held against is its .cmi, so that this one is compiled to its end.
        commands.insert(0, ["-o", f".cmi/{source.unit}.cmi", "-intf", source.interface_path])
    return commands


def _lay_out(source: Source, folder: Path) -> None:
    """Writes the text where it would be, in a folder of its own, and its interface if it has one."""
    file = folder / source.path
    for needed in (file.parent, folder / ".cmi", folder / ".out"):
        needed.mkdir(parents=True, exist_ok=True)
    file.write_bytes(source.text.encode("utf-8", "replace"))
    if file.suffix == ".ml" and (
        source.interface is not None or (source.flags.folder / source.interface_path).exists()
    ):
        file.with_suffix(".mli").write_bytes((source.interface or "").encode("utf-8", "replace"))
