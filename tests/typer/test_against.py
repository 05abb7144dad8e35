"""Modules held against other interfaces than those that were built."""

import re
import subprocess
from pathlib import Path

import pytest

from lsp_aid.domain.typed import Again, CompilerFlags
from lsp_aid.typer.installing import Compiler
from lsp_aid.typer.pool import TyperPool
from lsp_aid.typer.pooled import PooledTyper

FILES = {
    "a.mli": "type t = int\nval x : t\n",
    "a.ml": "type t = int\nlet x = 1\n",
    "b.ml": "include A\nlet y = x + 1\n",
    "c.ml": "let z = B.y + A.x\n",
    "d.ml": "let w = C.z\n",
    "e.mli": '[@@@alert one "two"]\nval v : int\n',
    "e.ml": "let v = A.x\n",
}
ORDER = ("a.mli", "a.ml", "b.ml", "c.ml", "d.ml", "e.mli", "e.ml")


@pytest.fixture
def built(compiler: Compiler, tmp_path: Path) -> CompilerFlags:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    subprocess.run([compiler.ocamlc, "-c", *ORDER], cwd=tmp_path, env=compiler.environment, check=True, timeout=300)
    return CompilerFlags(("-I", str(tmp_path), "-w", "+a-70", "-warn-error", "+a"), tmp_path)


async def test_other_interfaces(pool: TyperPool, compiler: Compiler, built: CompilerFlags) -> None:
    typer = PooledTyper(pool, compiler, trusted=False)

    def again(path: str, *, provides: bool = True) -> Again:
        return Again(path, FILES[path], path[0], provides)

    as_built = await typer.check_against(
        [again(path, provides=path not in ("a.ml", "e.ml")) for path in ORDER[1:]], built, {}
    )
    assert as_built is not None
    assert [typed.checked.build.output for typed in as_built] == [""] * 6
    assert not any(typed.signature or typed.file for typed in as_built)
    reads = {path: typed.reads & {"A", "B", "C", "D", "E"} for path, typed in zip(ORDER[1:], as_built, strict=True)}
    assert reads == {"a.ml": set(), "b.ml": {"A"}, "c.ml": {"A", "B"}, "d.ml": {"C"}, "e.mli": set(), "e.ml": {"A"}}

    text = "type t = float\nval x : t\nval more : t\n"
    (changed,) = await typer.check_against([Again("a.mli", text, "a", True)], built, {}) or ()
    assert "more" in changed.signature
    given = {"A": changed.file}
    after = await typer.check_against([again("b.ml"), again("c.ml"), again("d.ml")], built, given)
    assert after is not None
    assert [[d.path for d in typed.checked.build.errors] for typed in after] == [["b.ml"], ["c.ml"], []]
    mended = Again("b.ml", "include A\nlet y = int_of_float x + 1\n", "b", True)
    own = Again("a.ml", FILES["a.ml"].replace("int", "float").replace("1", "1.\nlet more = x"), "a", False, text)
    wrong = Again("a.ml", FILES["a.ml"], "a", False, text)
    found = await typer.check_against([mended, own, wrong], built, given)
    assert found is not None
    assert [typed.checked.build.green for typed in found] == [True, True, False]
    assert "more" in found[0].signature
    both = {**given, "B": found[0].file}
    last = await typer.check_against([Again("c.ml", "let z = B.y + truncate B.more\n", "c", True)], built, both)
    assert last is not None
    assert last[0].checked.build.green, last[0].checked.build.output
    assert not last[0].signature

    files = [built.folder / name for name in ("c.cmo", "a.cmi", "d.cmo")]
    assert [names & {"A", "B", "C", "D"} for names in await typer.imports(files) or ()] == [
        {"A", "B", "C"},
        {"A"},
        {"A", "B", "C", "D"},
    ]


async def test_an_interface_that_was_read_is_replaced(
    pool: TyperPool, compiler: Compiler, built: CompilerFlags
) -> None:
    typer = PooledTyper(pool, compiler, trusted=False)
    for _ in range(3):
        assert (await typer.check("a.ml", FILES["a.ml"], built)).build.green
        given = await typer.check("a.ml", FILES["a.ml"], built, interface=FILES["a.mli"].replace("= int", ""))
        assert given.build.green, given.build.output
        assert given.is_whole
    alerted = await typer.check("e.mli", FILES["e.mli"], built)
    assert alerted.build.green, alerted.build.output


MARKED = """\
val a : int @@
external b : int -> int = "%identity" @@
type c = { d : int @; mutable e : int @ } @@
type f = G @ | H of { i : int @ } @@
type j = ..
type j += K of { l : int @ } | L @
exception M @
module N : sig val o : int @@ end @@
module type P = sig type q @@ end @@
module R (S : sig val t : int @@ end) : sig val u : int @@ end
class v : object end @@
class type w = object end @@
"""
"""With all places for attributes that others see."""


async def test_attributes_and_where_they_stand_are_seen(pool: TyperPool, compiler: Compiler) -> None:
    typer = PooledTyper(pool, compiler, trusted=False)

    async def signature(attribute: str, place: "re.Match[str] | None") -> str:
        marked = f"{MARKED[: place.start()]}[{place[0]}{attribute}]{MARKED[place.end() :]}" if place else MARKED
        text = re.sub(r" @+(?!\w)", "", marked)
        checked = await typer.check("a.mli", text, CompilerFlags(), signature=True)
        assert checked.build.green, checked.build.output
        return checked.signature

    places = [*re.finditer("@+", MARKED)]
    plain = await signature("", None)
    marked = [await signature('deprecated "x"', place) for place in places]
    assert len({plain, *marked}) == 1 + len(places) == 20
    assert await signature('ocaml.doc "x"', places[0]) == plain
