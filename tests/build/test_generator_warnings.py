"""What ocamlyacc and menhir say of a grammar stays known while they do not run again."""

import subprocess
from pathlib import Path

import pytest

from lsp_aid.build.build_log import BuildLog
from lsp_aid.build.dune import build_result, disk_reader
from lsp_aid.build.process import Finished
from tests.support.requires import require

pytestmark = pytest.mark.dune

GRAMMAR = """%token INT PLUS EOF
%start main
%type <int> main
%%
main: expr EOF { $1 };
expr: INT { 1 }
 | expr PLUS expr { $1 + $3 };
"""
MENHIR = """%token INT PLUS EOF
%start <int> main
%type <int> expr
%%
main: e = expr; EOF { e }
expr:
 | INT { 1 }
 | a = expr; PLUS; b = expr { a + b }
"""


def lay_out(root: Path, stanza: str, grammar: str, project: str = "") -> Path:
    (root / "src").mkdir(parents=True)
    (root / "dune-project").write_text(f"(lang dune 3.17)\n{project}")
    (root / "src/dune").write_text(f"(library (name g))\n{stanza}\n")
    (root / "src/parser.mly").write_text(grammar)
    return root


def build(root: Path, *options: str) -> str:
    command = ["dune", "build", "--root", ".", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_conflicts_are_told_of_their_grammar_until_it_changes(tmp_path: Path) -> None:
    root = lay_out(tmp_path, "(ocamlyacc parser)", GRAMMAR)
    log = BuildLog(root, root / "_build", disk_reader(root))
    build(root)
    log.update()
    (conflict,) = log.warnings()
    assert (conflict.path, conflict.message) == ("src/parser.mly", "1 shift/reduce conflict.")
    build(root)
    log.restart()
    log.update()
    assert log.warnings() == (conflict,)
    (root / "src/parser.mly").write_text(GRAMMAR.replace("PLUS expr {", "PLUS INT {").replace("+ $3", ""))
    build(root)
    log.restart()
    log.update()
    assert log.warnings() == ()


def test_what_ocamlyacc_prints_without_its_grammar_is_told_once(tmp_path: Path) -> None:
    root = lay_out(tmp_path, "(ocamlyacc parser)", GRAMMAR)
    read = disk_reader(root)
    log = BuildLog(root, root / "_build", read)
    printed = Finished(0, build(root).encode())
    assert b"conflict" in printed.output
    log.update()
    result = build_result(printed, root, root / "_build", read, 0.0)
    (conflict,) = log.with_warnings(result).diagnostics
    assert conflict.path == "src/parser.mly"


def test_menhir_says_it_once_in_either_way(tmp_path: Path) -> None:
    require("menhir")
    root = lay_out(tmp_path, "(menhir (modules parser))", MENHIR, "(using menhir 3.0)\n")
    log = BuildLog(root, root / "_build", disk_reader(root))
    build(root)
    log.update()
    (conflict,) = log.warnings()
    assert conflict.path == "src/parser.mly"
    (root / "src/dune").write_text("(library (name g))\n(menhir (modules parser) (infer false))\n")
    (root / "src/parser.mly").write_text(MENHIR.replace("%token", "%left PLUS\n%token"))
    build(root)
    log.restart()
    log.update()
    assert log.warnings() == ()
