"""Which messages about given programs have no structure: what `lsp_aid.ocaml.messages` is still to learn.

    python -m tools.unstructured_messages PROGRAMS [--field ill_typed] [--ocamlc PATH]

PROGRAMS is a file of JSON objects, one a line, plain or compressed by xz, with a program in one field. Each is
type-checked by itself; the share of messages that stay `Other` is printed with examples. The exit status is 1 where
there is one.
"""

import argparse
import collections
import json
import lzma
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.ocaml import compiler_output, messages
from tools.own_ocaml import use_own_ocaml

_TIMEOUT = 600  # for a whole batch, on a busy machine
_BATCH = 50
_SCRIPT = 'for name do "$0" -stop-after typing -color never "$name" </dev/null >"$name.out" 2>&1; done; true'


def main() -> int:
    arguments = _arguments()
    use_own_ocaml()
    kinds: collections.Counter[str] = collections.Counter()
    unknown: list[tuple[str, Diagnostic]] = []
    for name, diagnostic in _judged(_programs(arguments.programs, arguments.field), arguments.ocamlc, arguments.jobs):
        message = messages.read(diagnostic)
        kinds[type(message).__name__] += 1
        if isinstance(message, messages.Other):
            unknown.append((name, diagnostic))
    total = kinds.total()
    for kind, count in kinds.most_common():
        print(f"{count:6d}  {kind}")
    for name, diagnostic in unknown[: arguments.examples]:
        print(f"\n{name}: {diagnostic.severity} {diagnostic.code or ''}\n{diagnostic.message}")
    print(f"\n{len(unknown)} of {total} messages have no structure ({100 * len(unknown) / max(total, 1):.2f} %)")
    return 1 if unknown else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("programs", type=Path, help="JSON objects, one a line; .xz is unpacked")
    parser.add_argument("--field", default="ill_typed", help="the field that has the program (%(default)s)")
    parser.add_argument("--ocamlc", default="ocamlc", help="the compiler (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="compilers at a time (%(default)s)")
    parser.add_argument("--examples", type=int, default=20, help="messages shown (%(default)s)")
    return parser.parse_args()


def _programs(path: Path, field: str) -> Iterator[tuple[str, str]]:
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            entry = json.loads(line)
            yield str(entry.get("id", number)), entry[field]


def _judged(programs: Iterator[tuple[str, str]], ocamlc: str, jobs: int) -> Iterator[tuple[str, Diagnostic]]:
    """What the compiler says about each program, with the program's name."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        named = []
        for number, (name, text) in enumerate(programs):
            file = Path(folder, f"p{number}.ml")
            file.write_text(text, encoding="utf-8")
            named.append((name, text, file))
        batches = [named[at : at + _BATCH] for at in range(0, len(named), _BATCH)]
        list(pool.map(lambda batch: _compile(ocamlc, [file for *_, file in batch]), batches))
        for name, text, file in named:
            output = file.with_name(f"{file.name}.out").read_bytes()
            for diagnostic in compiler_output.parse(output, lambda _path, text=text: text):  # type: ignore[misc]
                yield name, diagnostic


def _compile(ocamlc: str, files: list[Path]) -> None:
    subprocess.run(["sh", "-c", _SCRIPT, ocamlc, *files], check=True, timeout=_TIMEOUT, cwd=files[0].parent)


if __name__ == "__main__":
    sys.exit(main())
