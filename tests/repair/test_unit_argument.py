from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Level
from lsp_aid.repair import unit_argument
from lsp_aid.repair.unit_argument import arrows
from tests.support import txtar
from tests.support.one_liners import check_best, check_none
from tests.support.repair import candidates_of, cases, repaired

pytestmark = pytest.mark.dune


@pytest.mark.parametrize("path", cases("unit_argument"), ids=lambda path: path.stem)
async def test_fixture(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    outcome = await repaired(case, tmp_path, {"unit_argument": unit_argument})
    best = outcome.repairs[0]
    assert best.verdict.level is Level.VERIFIED
    assert {**case.before, **best.changes.texts} == case.after


async def test_a_result_is_wanted(tmp_path: Path) -> None:
    await check_best(
        unit_argument,
        [
            ("let f () = 1\nlet g = f + 1", "let f () = 1\nlet g = f () + 1"),
            ("let f () = 1\nlet g = 1 + f", "let f () = 1\nlet g = 1 + f ()"),
            ("let f () = 1\nlet g = succ f", "let f () = 1\nlet g = succ (f ())"),
            ("let f () = 1\nlet g = succ (f)", "let f () = 1\nlet g = succ (f ())"),
            ("let f x () = x\nlet g = succ (f 1)", "let f x () = x\nlet g = succ (f 1 ())"),
            (
                "let f () = Some 1\nlet g = match f with Some x -> x | None -> 0",
                "let f () = Some 1\nlet g = match f () with Some x -> x | None -> 0",
            ),
            ('let g = match read_line with "q" -> 1 | _ -> 2', 'let g = match read_line () with "q" -> 1 | _ -> 2'),
            ("let f () = true\nlet g = if f then 1 else 2", "let f () = true\nlet g = if f () then 1 else 2"),
            (
                "type t = { x : int }\nlet f () = { x = 1 }\nlet g = f.x",
                "type t = { x : int }\nlet f () = { x = 1 }\nlet g = (f ()).x",
            ),
            ("let f () = [ 1 ]\nlet g = List.map succ f", "let f () = [ 1 ]\nlet g = List.map succ (f ())"),
            ("let g = begin print_newline; 1 end", "let g = begin print_newline (); 1 end"),
            ("let f () = 1\nlet g = f = 1", "let f () = 1\nlet g = f () = 1"),
            ("let f ?(x = 1) () = x\nlet g = f ~x:2 + 1", "let f ?(x = 1) () = x\nlet g = f ~x:2 () + 1"),
            ("let f () () = 1\nlet g = f + 1", "let f () () = 1\nlet g = f () () + 1"),
            ('let f () name = name ^ "!"\nlet g = f "a"', 'let f () name = name ^ "!"\nlet g = f () "a"'),
            (
                "type t = { n : int }\nlet f () = 1\nlet g = let n = f in { n }",
                "type t = { n : int }\nlet f () = 1\nlet g = let n = f () in { n }",
            ),
            (
                "type t = { n : int }\nlet f () = 1\nlet g n = n () + (let r = { n } in r.n)",
                "type t = { n : int }\nlet f () = 1\nlet g n = n () + (let r = { n = n () } in r.n)",
            ),
            ("let f () = 1, 2\nlet g = let a, b = f in a + b", "let f () = 1, 2\nlet g = let a, b = f () in a + b"),
        ],
        tmp_path,
    )


async def test_there_is_no_function(tmp_path: Path) -> None:
    await check_best(
        unit_argument,
        [
            ("let f = 1\nlet g = f () + 1", "let f = 1\nlet g = f + 1"),
            ("let f = 1\nlet g = succ (f ())", "let f = 1\nlet g = succ f"),
            ("let f x = x + 1\nlet g = f 1 ()", "let f x = x + 1\nlet g = f 1"),
            ("let f x y = x + y\nlet g = f () 1 2", "let f x y = x + y\nlet g = f 1 2"),
            ("let f = print_newline ()\nlet g = f ()", "let f () = print_newline ()\nlet g = f ()"),
            ("let f () = print_newline ()\nlet g = at_exit (f ())", "let f () = print_newline ()\nlet g = at_exit f"),
            ('let g = at_exit (print_endline "a")', 'let g = at_exit (fun () -> print_endline "a")'),
        ],
        tmp_path,
    )


async def test_the_definition_may_have_been_meant(tmp_path: Path) -> None:
    [found] = await candidates_of(unit_argument, {"a.ml": "let f = 1\nlet g = f () + 1\n"}, tmp_path)
    assert [c.title for c in found] == ["Remove `()` behind `f`", "Make `f` a function of `()`"]
    assert found[1].changes.texts == {"a.ml": "let f () = 1\nlet g = f () + 1\n"}


async def test_a_module_is_changed_with_its_interface(tmp_path: Path) -> None:
    texts = {
        "hello.ml": 'let say = print_endline "hello"\n',
        "hello.mli": "(** Speaks. *)\n\nval say : unit\n",
        "a.ml": "let () = Hello.say ()\n",
    }
    [[best, *_]] = await candidates_of(unit_argument, texts, tmp_path)
    assert best.changes.texts == {
        "hello.ml": 'let say () = print_endline "hello"\n',
        "hello.mli": "(** Speaks. *)\n\nval say : unit -> unit\n",
    }


async def test_arguments_that_are_not_units_are_not_made_up(tmp_path: Path) -> None:
    sources = ["let f x = print_int x\nlet g = f; 1", "let f (x : int) : string = x", "let g = List.iter print_int; 1"]
    await check_none(unit_argument, sources, tmp_path)


@pytest.mark.parametrize(
    ("type_", "parts"),
    [
        ("int", ["int"]),
        ("unit -> int", ["unit", "int"]),
        ("(unit -> int) -> ?x:(int -> int) -> unit", ["(unit -> int)", "?x:(int -> int)", "unit"]),
        ("< m : int -> int > -> [> `A ] -> 'a", ["< m : int -> int >", "[> `A ]", "'a"]),
    ],
)
def test_arrows(type_: str, parts: list[str]) -> None:
    assert arrows(type_) == parts
