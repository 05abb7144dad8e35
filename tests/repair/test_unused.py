from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Level
from lsp_aid.repair import unused
from tests.support import txtar
from tests.support.repair import candidates_of, cases, repaired
from tests.support.requires import require

pytestmark = pytest.mark.dune


@pytest.fixture(autouse=True)
def _dune() -> None:
    require("dune")


@pytest.mark.parametrize("path", cases("unused"), ids=lambda path: path.stem)
async def test_fixture(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    outcome = await repaired(case, tmp_path, {"unused": unused})
    best = outcome.repairs[0]
    assert best.verdict.level is Level.VERIFIED
    assert {**case.before, **best.changes.texts} == case.after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # parameters and patterns
        ("let f x = 1", "let f _x = 1"),
        ("let f ?x () = 1", "let f ?x:_ () = 1"),
        ("let f ?(x = 3) () = 1", "let f ?x:(_ = 3) () = 1"),
        ("let f ~(x : int) = 1", "let f ~x:(_ : int) = 1"),
        ("let f ~by:x = 1", "let f ~by:_x = 1"),
        ("let f = fun (x, y) -> y", "let f = fun (_x, y) -> y"),
        ("let f = function (1, x) | (x, 2) -> 3 | _ -> 4", "let f = function (1, _x) | (_x, 2) -> 3 | _ -> 4"),
        ("let f g = try g () with Failure m -> 1", "let f g = try g () with Failure _m -> 1"),
        ("let f g = for i = 1 to 3 do g () done", "let f g = for _i = 1 to 3 do g () done"),
        ("let f (Some _ | None as o) = 1", "let f (Some _ | None) = 1"),
        ("let f g = let ( + ) = g in g", "let f g = g"),
        # records
        ("type t = { a : int }\nlet f { a } = 1", "type t = { a : int }\nlet f { a = _ } = 1"),
        (
            "type t = { a : int; b : int }\nlet f { a; b } = b",
            "type t = { a : int; b : int }\nlet f { b; _ } = b",
        ),
        (
            "type t = { a : int; b : int; c : int }\nlet f { a; b; _ } = a",
            "type t = { a : int; b : int; c : int }\nlet f { a; _ } = a",
        ),
        # cases behind wider ones
        (
            'let f g = function [] -> 0 | w :: _ -> g w | [ "done"; id ] -> g id + 1',
            'let f g = function [] -> 0 | [ "done"; id ] -> g id + 1 | w :: _ -> g w',
        ),
        (
            "let f g = function x :: _, _ -> g x | x :: _, y :: _ -> g (x + y) | _ -> 0",
            "let f g = function x :: _, y :: _ -> g (x + y) | x :: _, _ -> g x | _ -> 0",
        ),
        (
            "let f g = function None -> 0 | Some n -> g n | Some (1 | 2) -> g 0 + 1",
            "let f g = function None -> 0 | Some (1 | 2) -> g 0 + 1 | Some n -> g n",
        ),
        # local bindings
        ("let f g =\n  let x = (1, \"a\") in\n  g", "let f g =\n  g"),
        ("let f g = let h y = g y in g", "let f g = g"),
        ("let f g = let x = g () in 1", "let f g = let _x = g () in 1"),
        ("let f g = let x = 1 and y = 2 in g y", "let f g = let _x = 1 and y = 2 in g y"),
        # opens and rec
        ("open List\n\nopen String\n\nlet x = length \"a\"", "open String\n\nlet x = length \"a\""),
        ("let f x = Fun.(x)", "let f x = (x)"),
        ("let f x = let open Fun in x", "let f x = x"),
        ("let rec f x = x and g x = x", "let f x = x and g x = x"),
        ("module M = struct\n  open List\n  let x = 1\nend", "module M = struct\n  let x = 1\nend"),
        # cases
        ("let f = function\n  | _ -> 1\n  | 2 -> 3", "let f = function\n  | 2 -> 3\n  | _ -> 1"),
        (
            "let f a b = match a, b with\n  | 0, [] -> 1\n  | _, _ -> 2\n  | 1, [ x ] -> x",
            "let f a b = match a, b with\n  | 0, [] -> 1\n  | 1, [ x ] -> x\n  | _, _ -> 2",
        ),
        (
            "let f = function\n  | Some _ -> 1\n  | Some 2 -> max_int\n  | None -> 4",
            "let f = function\n  | Some 2 -> max_int\n  | Some _ -> 1\n  | None -> 4",
        ),
        ("let f b = match b with true -> 1 | false -> 2 | true -> 3", "let f b = match b with true -> 1 | false -> 2"),
        ("let f b = (match b with true -> 1 | _ -> 2 | false -> 3) + 1",
         "let f b = (match b with true -> 1 | false -> 3 | _ -> 2) + 1"),
    ],
)  # fmt: skip
async def test_first_choice(before: str, after: str, tmp_path: Path) -> None:
    [found, *_] = await candidates_of(unused, {"a.ml": before + "\n"}, tmp_path)
    assert found[0].changes.texts == {"a.ml": after + "\n"}


C = "val c : int\n"
ID = "val c : 'a -> 'a\n"


@pytest.mark.parametrize(
    ("interface", "before", "after"),
    [
        (C, "let a = 1\n\nlet b = 2\n\nlet c = b\n", "let b = 2\n\nlet c = b\n"),
        (ID, "let c x = x\n\n(* one *)\n(* two *)\nlet a x =\n  x\n\n(* end *)\n", "let c x = x\n\n(* end *)\n"),
        (C, "let c = 1\n\n(* apart *)\n\nlet a = 2\n", "let c = 1\n\n(* apart *)\n"),
        (C, "let a = print_int 1\nlet c = 2\n", "let _a = print_int 1\nlet c = 2\n"),
        ("val c : bool -> bool\n", "let rec a x = if x then a x else c x\nand c x = x\n", "let rec c x = x\n"),
        ("val c : bool -> bool\n", "let rec c x = x\nand a x = if x then a x else c x\n", "let rec c x = x\n"),
        (C, "let a, d = 1, 2\nlet c = d\n", "let _a, d = 1, 2\nlet c = d\n"),
        (C, "type a = A | B\nlet c = 1\n", "let c = 1\n"),
        ("val c : unit\n", "type t = A | B\nlet c = ignore A\n", "type t = A\nlet c = ignore A\n"),
        (
            "val c : unit\n",
            "type t =\n  | A (* one *)\n  | B\nlet c = ignore B\n",
            "type t =\n  | B\nlet c = ignore B\n",
        ),
        (C, "exception E\nlet c = 1\n", "let c = 1\n"),
        (
            C,
            "type t = { mutable x : int }\nlet a = { x = 1 }\nlet c = a.x\n",
            "type t = { x : int }\nlet a = { x = 1 }\nlet c = a.x\n",
        ),
        (
            C,
            "type t = { x : int; y : int }\nlet make x y = { x; y }\nlet c = (make 1 2).x\n",
            "type t = { x : int; _y : int }\nlet make x y = { x; _y = y }\nlet c = (make 1 2).x\n",
        ),
    ],
)
async def test_ways_for_what_the_interface_hides(interface: str, before: str, after: str, tmp_path: Path) -> None:
    [found, *_] = await candidates_of(unused, {"project.ml": before, "project.mli": interface}, tmp_path)
    assert {"project.ml": after} in [candidate.changes.texts for candidate in found]


async def test_what_keeps_a_value_that_was_work_comes_before_what_deletes_it(tmp_path: Path) -> None:
    long = "let a x =\n  let y = x + 1 in\n  let z = y * y in\n  y + z\n"
    for before, ways in ((long, ["Mark", "Remove"]), ("let a = 1\n", ["Remove", "Mark"])):
        texts = {"project.ml": before + "let c = 2\n", "project.mli": "val c : int\n"}
        [found] = await candidates_of(unused, texts, tmp_path)
        assert [candidate.title.split()[0] for candidate in found] == ways


async def test_the_last_of_a_file_goes_with_its_helpers_above(tmp_path: Path) -> None:
    rest, helpers = "let c = 2\n", "\nlet half x = x / 2\n\nlet third x = x / 3\n\n"
    texts = {"project.ml": f"{rest}{helpers}let unused x = half (third x)\n", "project.mli": "val c : int\n"}
    [found] = await candidates_of(unused, texts, tmp_path)
    together = [one for one in found if "which it alone uses" in one.title]
    assert [one.changes.texts for one in together] == [{"project.ml": rest}]


async def test_what_a_comment_keeps_is_marked_and_what_has_helpers_goes_with_them(tmp_path: Path) -> None:
    helpers = "exception Full\n\nlet seen = Queue.create ()\n\n"
    note = "let note x =\n  if Queue.length seen > 9 then raise Full;\n  Queue.add x seen\n\n"
    for before, way in (
        ("(* TODO: show them *)\n", "Mark `note`"),
        ("", "Remove the unused value `note`, and `seen` and"),
    ):
        texts = {"project.ml": helpers + before + note + "let c = 2\n", "project.mli": "val c : int\n"}
        [found] = await candidates_of(unused, texts, tmp_path / way.split()[0])
        assert found[0].title.startswith(way)
    assert found[0].changes.texts == {"project.ml": "let c = 2\n"}


async def test_a_value_that_another_module_asks_for_is_not_removed(tmp_path: Path) -> None:
    texts = {
        "dune": "(library (name a))",
        "a.mli": "val x : int\n",
        "a.ml": "let x = 1\nlet y = 2\n",
        "bin/dune": "(executable (name main) (libraries a))",
        "bin/main.ml": "let () = print_int A.y\n",
    }
    assert await candidates_of(unused, texts, tmp_path) == [[], []]


async def test_what_is_quickly_asked_for_again_goes(tmp_path: Path) -> None:
    [found] = await candidates_of(unused, {"a.ml": "let f x =\n  let n = List.length x in\n  x\n"}, tmp_path)
    assert max(found, key=lambda c: c.weight).changes.texts == {"a.ml": "let f x =\n  x\n"}


async def test_the_other_ways_are_offered_as_well(tmp_path: Path) -> None:
    [found] = await candidates_of(unused, {"a.ml": "let f x = let y = x in 1\n"}, tmp_path)
    assert [c.title for c in found] == [
        "Mark `y` as unused: `_y`",
        "Remove the unused binding of `y`",
    ]
