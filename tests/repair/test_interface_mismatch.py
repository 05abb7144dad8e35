from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Kind, Level
from lsp_aid.repair import interface_mismatch
from lsp_aid.repair.families import FAMILIES
from tests.support import txtar
from tests.support.repair import candidates_of, cases, repaired
from tests.support.requires import require

pytestmark = pytest.mark.dune


@pytest.fixture(autouse=True)
def _dune() -> None:
    require("dune")


@pytest.mark.parametrize("path", cases("interface_mismatch"), ids=lambda path: path.stem)
async def test_fixture(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    outcome = await repaired(case, tmp_path, FAMILIES)
    best = outcome.repairs[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.kind is Kind(case.options.get("kind", "fix"))
    assert {**case.before, **best.changes.texts} == case.after


async def first(ml: str, mli: str, folder: Path, user: str = "") -> dict[str, str | None]:
    """What the best candidate for the first error leaves."""
    found = await candidates_of(interface_mismatch, project(ml, mli, user), folder)
    return dict(next(candidates for candidates in found if candidates)[0].changes.texts)


def project(ml: str, mli: str, user: str = "") -> dict[str, str]:
    texts = {"dune": "(library (name m))", "m.ml": ml, "m.mli": mli}
    if user:
        texts |= {"bin/dune": "(executable (name main) (libraries m))", "bin/main.ml": user}
    return texts


@pytest.mark.parametrize(
    ("ml", "mli", "wanted"),
    [
        ("let a = 1\nlet f = 2\n", "val a : int\n", "val a : int\nval f : int\n"),
        ("let f = 2\nlet a = 1\n", "val a : int\n", "val f : int\nval a : int\n"),
        ("let f = [ 2 ]\n", "", "val f : int list\n"),
        (
            "let f = 2\n\nlet a = 1\n",
            "(** Top. *)\n\n(** A. *)\nval a : int\n",
            "(** Top. *)\n\nval f : int\n\n(** A. *)\nval a : int\n",
        ),
        (
            "let a = 1\nlet f = Fun.id\nlet b = 2\n",
            "val a : int\n(** A. *)\n\nval b : int\n(** B. *)\n",
            "val a : int\n(** A. *)\n\nval f : 'a -> 'a\n\nval b : int\n(** B. *)\n",
        ),
        ("let a = 1\nlet f = Buffer.create\n", "val a : int\r\n", "val a : int\r\nval f : int -> Buffer.t\r\n"),
    ],
)
async def test_a_value_is_exported_at_its_place(ml: str, mli: str, wanted: str, tmp_path: Path) -> None:
    texts = project(ml, mli, "let () = ignore M.f\n")
    found = await candidates_of(interface_mismatch, texts, tmp_path)
    assert [c[0].changes.texts for c in found if c] == [{"m.mli": wanted}]


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ("let unrelated = 1\n", {"m.mli": "val print_reference : unit -> unit\nval is_reference : bool\n"}),
        ("let f = M.print_refeernce\n", {"m.ml": "let print_refeernce () = ()\nlet is_reference = true\n"}),
    ],
)
async def test_of_two_names_that_is_misspelt_whose_word_nothing_else_has(
    other: str, wanted: dict[str, str], tmp_path: Path
) -> None:
    ml, mli = "let print_reference () = ()\nlet is_reference = true\n", "val print_refeernce : unit -> unit\n"
    assert await first(ml, mli + "val is_reference : bool\n", tmp_path, other) == wanted


async def test_the_use_decides_where_a_type_is_abstract(tmp_path: Path) -> None:
    """The compiler prints `t` for every string of a module that has `type t = string`."""
    case = txtar.Case("text", {"dune-project": "(lang dune 3.17)\n"})
    case.before |= project(
        'type t = string\nlet make () : t = ""\nlet text (x : t) = x ^ ""\n',
        "type t\nval make : unit -> t\n",
        "let () = print_string (M.text (M.make ()))\n",
    )
    outcome = await repaired(case, tmp_path, FAMILIES)
    assert outcome.repairs[0].changes.texts == {"m.mli": "type t\nval make : unit -> t\nval text : t -> string\n"}


@pytest.mark.parametrize(
    ("ml", "use", "type_"),
    [
        ("type t = int list\nlet make () = [ 1 ]\nlet f t = List.length t\n", "M.f (M.make ()) + 1", "t -> int"),
        ("type t = int list\nlet make () = [ 1 ]\nlet f a b = a @ b\n", "M.f (M.make ()) (M.make ())", "t -> t -> t"),
        ("type t = int list\nlet make () = [ 1 ]\nlet f t = List.hd t\n", "M.f (M.make ()) + 1", "t -> int"),
        ("type t = int list\nlet make () = [ 1 ]\nlet f t = Some t\n", "M.f [ M.make () ]", "'a -> 'a option"),
        ("type t = int list\nlet make () = [ 1 ]\nlet f = List.rev\n", 'M.f [ "a" ]', "'a list -> 'a list"),
        ("type t = int\nlet make () = 1\nlet f x = x + 1\n", "M.f 2 + 1", "int -> int"),
        ("type t = int\nlet make () = 1\nlet f x = x + 1\n", "M.f (M.make ()) + 1", "t -> int"),
        (
            "type t = (string * int) list\nlet make () = []\nlet f k t = List.assoc k t\n",
            'M.f "a" (M.make ()) + 1',
            "string -> t -> int",
        ),
    ],
)
async def test_a_value_is_exported_with_the_abstract_type(ml: str, use: str, type_: str, tmp_path: Path) -> None:
    """What the compiler infers names what the abstract type stands for, in any instance of it."""
    mli = "type t\n\nval make : unit -> t\n"
    texts = project(ml, mli, f"let () = ignore ({use})\n")
    case = txtar.Case("abstract", {"dune-project": "(lang dune 3.17)\n", **texts})
    outcome = await repaired(case, tmp_path, {"interface_mismatch": interface_mismatch})
    assert outcome.repairs[0].changes.texts == {"m.mli": f"{mli}\nval f : {type_}\n"}


async def test_an_abstract_type_with_a_parameter_is_found_in_less(tmp_path: Path) -> None:
    ml = "type 'a t = ('a * int) list\nlet make () : 'a t = []\nlet f t = List.length t\n"
    mli = "type 'a t\n\nval make : unit -> 'a t\n"
    changed = await first(ml, mli, tmp_path, "let () = ignore (M.f (M.make ()))\n")
    assert changed == {"m.mli": f"{mli}\nval f : 'a t -> int\n"}


async def test_only_what_differs_of_a_type_is_changed(tmp_path: Path) -> None:
    ml = "type 'a t = 'a list\nlet f ~by (x : 'a t) = ignore by; Some (List.length x + by)\n"
    mli = "type 'a t\n\nval f :\n  by:int -> (* how many *)\n  'a t ->\n  int\n"
    assert await first(ml, mli, tmp_path) == {"m.mli": mli.replace("  int\n", "  int option\n")}


async def test_an_argument_that_was_added_leaves_the_others_as_written(tmp_path: Path) -> None:
    ml = "type t = int list\nlet f ?(by = 1) x : int list = List.map (( + ) by) x\n"
    mli = "type t\nval f : t -> t\n"
    assert await first(ml, mli, tmp_path) == {"m.mli": "type t\nval f : ?by:int -> t -> t\n"}


async def test_an_argument_of_an_abstract_type_stays_one_beside_a_result_of_what_it_stands_for(tmp_path: Path) -> None:
    ml = "type t = int list\nlet f ?(by = 1) ~after (x : t) n : int list = List.map (( + ) (by + after + n)) x\n"
    mli = "type t\nval f : t -> int -> int list\n"
    wanted = "type t\nval f : ?by:int -> after:int -> t -> int -> int list\n"
    assert await first(ml, mli, tmp_path) == {"m.mli": wanted}


async def test_the_interface_is_renamed_where_others_use_the_other_name(tmp_path: Path) -> None:
    texts = project("let to_list x = [ x ]\n", "val tolist : 'a -> 'a list\n", "let () = ignore (M.to_list 1)\n")
    case = txtar.Case("names", {"dune-project": "(lang dune 3.17)\n", **texts})
    outcome = await repaired(case, tmp_path, {"interface_mismatch": interface_mismatch})
    assert outcome.repairs[0].changes.texts == {"m.mli": "val to_list : 'a -> 'a list\n"}


async def test_documentation_within_a_type_is_kept(tmp_path: Path) -> None:
    ml = "type t = A | B of int | C\ntype r = { x : int; y : int }\n"
    mli = "type t =\n  | A  (** a *)\n  | C  (** c *)\n\ntype r = { x : int  (** x *) }\n"
    wanted = mli.replace("(** a *)\n", "(** a *)\n  | B of int\n")
    assert await first(ml, mli, tmp_path) == {"m.mli": wanted}
    assert await first(ml, wanted, tmp_path / "2") == {
        "m.mli": wanted.replace("int  (** x *)", "int;  (** x *) y : int;")
    }


async def test_several_entries_are_settled_together(tmp_path: Path) -> None:
    mli = "exception E of int\nmodule type S = sig val x : int end\nval f : lines:int -> ?by:int -> unit -> int\n"
    assert await first("", mli, tmp_path) == {
        "m.ml": 'exception E of int\nmodule type S = sig val x : int end\nlet f ~lines:_ ?by:_ _ = failwith "TODO: f"\n'
    }


async def test_a_type_that_is_not_exported_is(tmp_path: Path) -> None:
    user = "let f (x : M.u) = x\nlet () = ignore f\n"
    wanted = {"m.mli": "type t = A\ntype u = B\n"}
    assert await first("type t = A\ntype u = B\n", "type t = A\n", tmp_path, user) == wanted


@pytest.mark.parametrize(
    ("use", "shown"),
    [
        ("let () = print_int (M.f 1).M.seen", "type f = { seen : int }"),
        ("let () = ignore (M.f 1)", "type f"),
    ],
)
async def test_a_value_is_exported_with_the_type_that_it_gives(use: str, shown: str, tmp_path: Path) -> None:
    ml = "let a = 1\ntype f = { seen : int }\nlet f seen = { seen }\n"
    texts = await first(ml, "val a : int\n", tmp_path, f"{use}\n")
    assert texts == {"m.mli": f"val a : int\n{shown}\nval f : int -> f\n"}


async def test_the_type_of_a_constructor_that_others_match_is_exported(tmp_path: Path) -> None:
    ml = "type t = A | B\nlet a n = n = 0\nlet f n = if a n then A else B\n"
    texts = await first(ml, "val a : int -> bool\n", tmp_path, "let () = match M.f 1 with M.A | B -> ()\n")
    assert (texts["m.mli"] or "").startswith("type t = A | B")


@pytest.mark.parametrize(
    ("ml", "mli", "wanted", "kind"),
    [
        ("let x = 1\n", "type t\nval x : int\n", "type t = unit\nlet x = 1\n", Kind.SKELETON),
        ("let x = 1\n", "type 'a t\nval x : int\n", "type 'a t = unit\nlet x = 1\n", Kind.SKELETON),
        (
            "type state = int\nlet x = 1\n",
            "type t\nval x : t\n",
            "type state = int\ntype t = state\nlet x = 1\n",
            Kind.GUESS,
        ),
        (
            "let x = 1\n",
            "val x : int\nmodule N : sig\n  type t = A | B\n  type u\n  val f : by:int -> t\n  module M : Set.S\nend\n",
            (
                "let x = 1\nmodule N = struct\n  type t = A | B\n  type u = unit\n"
                '  let f ~by:_ = failwith "TODO: f"\n  module M = (val (failwith "TODO: M" : (module Set.S)))\nend\n'
            ),
            Kind.SKELETON,
        ),
        (
            "module N = struct\n  let g = 1\nend\n",
            "module N : sig\n  val f : int -> int\n  val g : int\nend\n",
            'module N = struct\n  let g = 1\n  let f _ = failwith "TODO: f"\nend\n',
            Kind.SKELETON,
        ),
        (
            "module N = struct let g = 1 end\n",
            "module N : sig type t val g : int end\n",
            "module N = struct let g = 1 type t = unit end\n",
            Kind.SKELETON,
        ),
    ],
)
async def test_what_is_promised_and_not_there_is_written_down(
    ml: str, mli: str, wanted: str, kind: Kind, tmp_path: Path
) -> None:
    case = txtar.Case("missing", {"dune-project": "(lang dune 3.17)\n", **project(ml, mli)})
    outcome = await repaired(case, tmp_path, {"interface_mismatch": interface_mismatch})
    best = outcome.repairs[0]
    assert best.changes.texts == {"m.ml": wanted}
    assert (best.kind, best.verdict.level) == (kind, Level.VERIFIED)


async def test_nothing_is_taken_out_of_an_interface(tmp_path: Path) -> None:
    for found in await candidates_of(interface_mismatch, project("", "module N : sig end\n"), tmp_path):
        assert [list(candidate.changes.texts) for candidate in found] == [["m.ml"]]


async def test_an_operator_of_an_open_module_is_exported_where_the_abstract_type_is_a_function(tmp_path: Path) -> None:
    ml = "type 'a t = string -> 'a option\n\nlet word s = Some s\n\nmodule Syntax = struct\n"
    ml += "  let ( let+ ) t f s = Option.map f (t s)\n  let ( and+ ) a b s =\n"
    ml += "    match (a s, b s) with Some x, Some y -> Some (x, y) | _ -> None\nend\n"
    mli = "type 'a t\n\nval word : string t\n\nmodule Syntax : sig\n  val ( let+ ) : 'a t -> ('a -> 'b) -> 'b t\nend\n"
    user = "open M.Syntax\n\nlet () = ignore (let+ a = M.word and+ b = M.word in a ^ b)\n"
    wanted = mli.replace("'b t\nend", "'b t\n  val ( and+ ) : 'a t -> 'b t -> ('a * 'b) t\nend")
    assert await first(ml, mli, tmp_path, user) == {"m.mli": wanted}
