"""A check starts clean: whatever was checked before, in whatever order, the answer is that of a new compiler."""

import random
import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import TyperPool
from lsp_aid.typer.pooled import PooledTyper
from lsp_aid.typer.reports import Source, result
from tests.support.messages import FOLDER, corpus
from tests.support.typer_compilers import own

pytestmark = pytest.mark.slow

FLAGS = CompilerFlags(
    (
        *("-w", "@1..3@5..28@31..39@43@46..47@49..57@61..62@67@69-40-41-42-44-45-48-58-59-60-66-70"),
        *("-strict-sequence", "-strict-formats", "-short-paths"),
    )
)
PROGRAMS = (Path(__file__).parent / "programs.txt").read_text(encoding="utf-8").split("\n----\n")
NAMES = sorted(path.name for path in FOLDER.glob("*.txt") if path.stem not in ("dune", "not_run"))
CASES = [case.files["a.ml"] for name in NAMES for case in corpus(name) if list(case.files) == ["a.ml"]]
ORDERS = 3


def by_ocamlc(texts: Sequence[str], compiler: Compiler, folder: Path) -> list[object]:
    """What plain `ocamlc -stop-after typing` says of each text, in a process of its own."""
    lines = []
    for number, text in enumerate(texts):
        (folder / str(number)).mkdir()
        (folder / str(number) / "a.ml").write_text(text, encoding="utf-8")
        command = [str(compiler.ocamlc), "-c", "-color", "never", "-error-style", "short", *FLAGS.words, "a.ml"]
        lines.append(f"cd {folder}/{number}; {shlex.join(command)} >out 2>&1; echo $? >status\n")
    subprocess.run(["sh"], input="".join(lines), text=True, check=True, env=compiler.environment, timeout=600)
    found = []
    for number, text in enumerate(texts):
        said = (folder / str(number) / "out").read_text(encoding="utf-8", errors="replace")
        green = (folder / str(number) / "status").read_text() == "0\n"
        found.append(verdict(result(Source("a.ml", text, FLAGS), said, green=green, seconds=0.0)))
    return found


def verdict(build: BuildResult) -> object:
    told = [d for d in build.diagnostics if "auto_include" not in (d.code or "")]
    return (build.green, [(d.path, d.range, d.severity, d.code, _told(d), d.related) for d in told])


def _told(diagnostic: Diagnostic) -> str:
    """The compiler counts weak type variables, and lines are broken by how long the number was."""
    return diagnostic.flat_message if "'_weak" in diagnostic.message else diagnostic.message


async def test_in_any_order(pool: TyperPool, compiler: Compiler, tmp_path: Path) -> None:
    texts = [*PROGRAMS, *CASES]
    if compiler != own():
        texts = texts[::3]
    wanted = by_ocamlc(texts, compiler, tmp_path)
    typer = PooledTyper(pool, compiler, trusted=False)
    for seed in range(ORDERS):
        order = random.Random(seed).sample(range(len(texts)), len(texts))
        at = 0
        async for checked in typer.check_many("a.ml", (texts[number] for number in order), FLAGS):
            number, at = order[at], at + 1
            assert checked is not None
            assert verdict(checked.build) == wanted[number], texts[number]
        assert at == len(texts)


WORD = re.compile(r"(?<![\w'.])[a-z_][\w']*")
KEYWORD = re.compile("let|rec|in|fun|function|match|with|if|then|else|begin|end|and|of|type|mutable|module|struct|open")
PIECES = ["1", '"a"', "true", "(", ")", "let x = 1 in", "rec", "+", "type t = A", "[]", "fun y ->"]
LINES = ["let unused = fun z -> 1", "let w = function Some 1 -> 2", 'let () = "a"', "let u = 1 let v = u ^ u"]


def edits(text: str, count: int, seed: int) -> list[str]:
    """What a text becomes, one edit after the other: most at the place of the one before, and most taken back."""
    luck = random.Random(seed)
    names = sorted({word for word in WORD.findall(text) if not KEYWORD.fullmatch(word)})
    lines, found, at = text.split("\n"), [], 0
    for _ in range(count):
        before = list(lines)
        step = luck.choice((-1, 0, 0, 0, 1)) if luck.random() < 0.8 else luck.randrange(len(lines))
        at = (at + step) % len(lines)
        words = [m for m in WORD.finditer(lines[at]) if not KEYWORD.fullmatch(m[0])]
        kind = luck.randrange(8)
        if kind == 0:
            lines[at] += " " + luck.choice(LINES)
        elif kind == 1 or not words:
            lines[at] += " " + luck.choice(PIECES)
        else:
            word = luck.choice(words)
            new = luck.choice([*names, luck.choice(PIECES)])
            lines[at] = lines[at][: word.start()] + new + lines[at][word.end() :]
        found.append("\n".join(lines))
        if luck.random() < 0.9:
            lines = before
    return found


async def test_after_any_edit(pool: TyperPool, compiler: Compiler, tmp_path: Path) -> None:
    """What was typed of the text before it is used for the next; nobody can tell by the answer."""
    module = "\n".join(
        f"type t{n} = L{n} | N{n} of {{ l : t{n}; k : string; mutable c : int }}\n"
        f"let rec add{n} k = function\n"
        f"  | L{n} -> N{n} {{ l = L{n}; k; c = 1 }}\n"
        f"  | N{n} ({{ l; k = other; c = _ }} as node) ->\n"
        f"    if k < other then N{n} {{ node with l = add{n} k l }} else N{n} node\n"
        f"let all{n} = ref []\n"
        f"let remember{n} word = all{n} := add{n} word L{n} :: !all{n}\n"
        f"module M{n} = struct let first = function [] -> None | x :: _ -> Some x end\n"
        f"open M{n}\n"
        f"let one{n} = first !all{n}\n"
        for n in range(5)
    )
    texts = edits(module, 100, seed=1) + edits(module, 100, seed=2)
    wanted = by_ocamlc(texts, compiler, tmp_path)
    typer = PooledTyper(pool, compiler, trusted=False)
    colours = set()
    for number, text in enumerate(texts):
        build = (await typer.check("a.ml", text, FLAGS)).build
        assert verdict(build) == wanted[number], text
        colours.add(build.green)
    at = 0
    async for checked in typer.check_many("a.ml", texts, FLAGS):
        assert checked is not None
        assert verdict(checked.build) == wanted[at], texts[at]
        at += 1
    assert colours == {True, False}
