"""Modules that others see otherwise: typed with those who see them, to what dune comes to."""

from pathlib import Path

import pytest

from lsp_aid.ces.checkout import Folder
from lsp_aid.ces.engine import MOST_TYPED, Engine
from lsp_aid.ces.verdict import Colour, Level
from tests.ces.conftest import edits, write

pytestmark = pytest.mark.dune

PROJECT: dict[str, str | bytes | None] = {
    "dune-project": "(lang dune 3.0)\n",
    "base/dune": "(library (name base_lib))\n",
    "base/kind.ml": "type t = Small | Large of int\nlet size = function Small -> 0 | Large n -> n\n",
    "base/wide.ml": "include Kind\nlet twice k = 2 * size k\n",
    "base/shape.mli": "type t = Kind.t\nval area : t -> int\n",
    "base/shape.ml": "type t = Kind.t\nlet area = Kind.size\n",
    "base/apart.ml": "let three = 3\nlet _ = Kind.size\n",
    "base/far.ml": "let six = 2 * Apart.three\n",
    "base/quiet.mli": "val mute : unit -> unit\n",
    "base/quiet.ml": "let mute () = ignore (Kind.size Kind.Small)\n",
    "base/marks.mli": 'module P : sig val f : int [@@deprecated "x"] end\nmodule Q : sig val f : int end\n',
    "base/marks.ml": "module P = struct let f = 1 end\nmodule Q = struct let f = 2 end\n",
    "base/old.mli": 'val f : int [@@deprecated "x"]\nval h : int\n',
    "base/old.ml": "let f = 1\nlet h = 2\n",
    "base/fresh.ml": "let f = 1\nlet h = 2\n",
    "base/copied.ml": "let f = 1\nlet h = Old.h\n",
    "base/choice.ml": "module Old = Old\nmodule Chosen = Fresh\n",
    "base/behind.ml": "include Choice.Chosen\n",
    "base/reader.ml": "let all = Marks.Q.f + Copied.f + Behind.f\n",
    "made/dune": """\
(rule (with-stdout-to made.ml (echo "let biggest = Base_lib.Kind.Large 9")))
(library (name made_lib) (wrapped false) (libraries base_lib))
""",
    "made/user.ml": "let size = Base_lib.Kind.size Made.biggest\n",
    "use/dune": "(library (name use_lib) (libraries base_lib made_lib))\n",
    "use/paint.ml": "open Base_lib\nlet cost s = Shape.area s + Wide.twice s\nlet free = cost Small\n",
    "use/also.ml": "let f = Paint.cost\n",
    "bin/dune": "(executable (name main) (libraries use_lib))\n",
    "bin/main.ml": "let () = print_int (Use_lib.Paint.cost Base_lib.Kind.Small + User.size)\n",
}

KIND = "type t = Small | Large of int\nlet size = function Small -> 0 | Large n -> n\n"
CASES: dict[str, dict[str, str | None]] = {
    "one value more": {"base/kind.ml": KIND + "let more = 1\n"},
    "a constructor more, which a match lacks": {
        "base/kind.ml": "type t = Small | Huge | Large of int\nlet size _ = 0\n"
    },
    "a constructor with another argument": {
        "base/kind.ml": "type t = Small | Large of float\nlet size = function Small -> 0 | Large n -> truncate n\n"
    },
    "a value gone that is read behind an include": {"base/kind.ml": "type t = Small | Large of int\nlet sizes _ = 0\n"},
    "another type, with who uses it": {
        "base/kind.ml": KIND.replace("Large n -> n", "Large n -> float n").replace("-> 0", "-> 0."),
        "base/wide.ml": "include Kind\nlet twice k = 2. *. size k\n",
        "base/shape.ml": "type t = Kind.t\nlet area k = truncate (Kind.size k)\n",
        "base/quiet.ml": "let mute () = ignore (Kind.size Kind.Small +. 1.)\n",
    },
    "an interface that says less": {"base/shape.mli": "type t\nval area : t -> int\n"},
    "an interface that says more": {
        "base/shape.mli": "type t = Kind.t\nval area : t -> int\nval round : bool\n",
        "base/shape.ml": "type t = Kind.t\nlet area = Kind.size\nlet round = true\n",
    },
    "what a module of another library makes its own": {"use/paint.ml": "let cost _ = 0.\n"},
    "what was only renamed": {"base/apart.ml": "let four = 4\nlet three = four - 1\n"},
    "what hides another name": {"base/kind.ml": KIND + "let cost = 1\nmodule Shape = struct let area _ = true end\n"},
    "what hides another name where that is opened": {
        "base/wide.ml": "include Kind\nlet twice k = size k\nlet six = 6\n"
    },
    "a deprecation that moves to what is used": {
        "base/marks.mli": 'module P : sig val f : int end\nmodule Q : sig val f : int [@@deprecated "x"] end\n'
    },
    "a deprecation that an include brings": {"base/copied.ml": "include Old\n"},
    "a deprecation behind an alias": {"base/choice.ml": "module Old = Old\nmodule Chosen = Old\n"},
    "a deprecation that goes": {"base/old.mli": "val f : int\nval h : int\n"},
    "an alert about a whole module": {"base/old.mli": '[@@@alert old "x"]\nval f : int\nval h : int\n'},
    "two that are red": {"base/apart.ml": "let three = true\n", "base/quiet.mli": "val mute : int\n"},
    "errors behind errors": {"base/kind.ml": KIND.replace("let size", "let size ()")},
    "what is red by itself, and what needs it": {
        "base/apart.ml": "let three = 3.\nlet _ = Kind.size\n",
        "base/far.ml": "let six = 2. * Apart.three\n",
    },
}


@pytest.fixture
async def told(engine: Engine, home: Path) -> tuple[Engine, Path]:
    return engine, write(home / "project", PROJECT)


async def test_what_is_said_is_what_dune_says(told: tuple[Engine, Path]) -> None:
    engine, root = told
    warm = await engine.open(Folder(root))
    assert warm.base.record.built.green, warm.base.record.built.errors
    by_types = {}
    for case, files in CASES.items():
        changes = edits(warm, files)
        found = await warm.types.judge(changes, MOST_TYPED)
        truth = await engine._outcome(warm, changes, Level.TYPES)
        by_types[case] = found.green or bool(found.red)
        if found.green:
            assert truth.colour is Colour.GREEN, (case, truth.errors)
        if found.red:
            assert truth.colour is Colour.RED, (case, found.red)
        known = {error.identity for error in truth.errors}
        assert {error.identity for error in found.red} <= known, (case, found.red, truth.errors)
    # There the error is in a text that the build writes.
    assert [case for case, done in by_types.items() if not done] == ["a constructor with another argument"]


async def test_what_is_known_of_a_base_is_kept(told: tuple[Engine, Path]) -> None:
    engine, root = told
    warm = await engine.open(Folder(root))
    needs = (await warm.types.dependents()).needs
    await needs.learn_all()
    readers = {made.rpartition("/")[2] for made, _ in needs.users({"Base_lib__Apart"})}
    assert readers == {"base_lib__Far"}
    again = type(needs)(needs.base, needs.graph, needs.typer)
    await again.load()
    assert again.users({"Base_lib__Apart"}) == needs.users({"Base_lib__Apart"})
    for changes, files in ((edits(warm, CASES["one value more"]), 1), (edits(warm, CASES["errors behind errors"]), 1)):
        few = await warm.types.judge(changes, files)
        assert not few.green
        assert not few.red
        assert "compilations" in few.reason
