"""Values that are given in another form than the one that is expected."""

from pathlib import Path
from types import ModuleType

import pytest

from lsp_aid.repair import (
    binding_operators,
    containers,
    curried_functions,
    method_calls,
    module_values,
    optional_values,
)
from tests.support.one_liners import check_best, check_none

pytestmark = pytest.mark.dune

OPTIONS = "module Syntax = struct let ( let* ) = Option.bind end\n"
RESULTS = "let ( let* ) = Result.bind\nlet get n = if n > 0 then Ok n else Error n\n"
MODULES = "module type S = sig val a : int end\nmodule M = struct let a = 1 end\nlet f (module X : S) = X.a\n"
QUEUE = "let queue = object val mutable n = 0 method push i = n <- n + i method size = n end\n"
FETCH = "let fetch ?timeout url = match timeout with None -> url | Some n -> url ^ string_of_int n\n"
CASES = {
    containers: [
        ("let a = lazy [ 1 ]\nlet b = List.hd a", "let a = lazy [ 1 ]\nlet b = List.hd (Lazy.force a)"),
        (
            "let f (a : int Lazy.t) = Lazy.force a\nlet b = f (1 + 2)",
            "let f (a : int Lazy.t) = Lazy.force a\nlet b = f (lazy (1 + 2))",
        ),
        ("let f (a : int array) = List.length a", "let f (a : int array) = Array.length a"),
        (
            'let f (a : string array) = String.concat "," a',
            'let f (a : string array) = String.concat "," (Array.to_list a)',
        ),
        ("let f (a : int Seq.t) : int list = a", "let f (a : int Seq.t) : int list = List.of_seq a"),
        ("let f (a : Buffer.t) = print_string a", "let f (a : Buffer.t) = print_string (Buffer.contents a)"),
        ("let f (a : int Queue.t) = List.length a", "let f (a : int Queue.t) = Queue.length a"),
    ],
    module_values: [
        (MODULES + "let b = f M", MODULES + "let b = f (module M)"),
        (MODULES + "let b = f (M)", MODULES + "let b = f (module M)"),
    ],
    method_calls: [
        (QUEUE + "let () = queue.push 1", QUEUE + "let () = queue#push 1"),
        (QUEUE + "let () = queue.push (queue.size + 1)", QUEUE + "let () = queue#push (queue#size + 1)"),
    ],
    curried_functions: [
        (
            "let f a = Hashtbl.iter (fun (k, v) -> print_int (k + v)) a",
            "let f a = Hashtbl.iter (fun k v -> print_int (k + v)) a",
        ),
        (
            "let f a = List.map (fun x y -> x + y) (a : (int * int) list) = [ 1 ]",
            "let f a = List.map (fun (x, y) -> x + y) (a : (int * int) list) = [ 1 ]",
        ),
    ],
    optional_values: [
        (
            "type t = { n : int }\nlet f ?(at = { n = 1 }) m = at.n + m\nlet a = f ~at:(Some { n = 2 }) 3",
            "type t = { n : int }\nlet f ?(at = { n = 1 }) m = at.n + m\nlet a = f ~at:{ n = 2 } 3",
        ),
        ("let f ?width () = String.make width ' '", "let f ?(width = 0) () = String.make width ' '"),
        ("let f ?sep a = String.concat sep a", 'let f ?(sep = "") a = String.concat sep a'),
        (FETCH + 'let a = fetch ~timeout:(Some 5) "x"', FETCH + 'let a = fetch ~timeout:5 "x"'),
        (FETCH + 'let a = fetch ~timeout:None "x"', FETCH + 'let a = fetch "x"'),
    ],
    binding_operators: [
        (
            RESULTS + "let f n = let* a = get n in let b = get a in Ok (a + b)",
            RESULTS + "let f n = let* a = get n in let* b = get a in Ok (a + b)",
        ),
        (
            RESULTS + "let f n = let* a = get n in let* b = a + 1 in Ok (a + b)",
            RESULTS + "let f n = let* a = get n in let b = a + 1 in Ok (a + b)",
        ),
        (
            RESULTS + "let f n = let* a = get n in let b = get a in Ok (b, a)\n"
            "let g n = let* a = get n in let b = get a in let b = get b in Ok (b, a)",
            RESULTS + "let f n = let* a = get n in let* b = get a in Ok (b, a)\n"
            "let g n = let* a = get n in let* b = get a in let* b = get b in Ok (b, a)",
        ),
        (
            OPTIONS + "let f n = let* a = n in Some (a + 1)",
            OPTIONS + "let f n = let open Syntax in let* a = n in Some (a + 1)",
        ),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_the_form_that_is_expected_comes_first(family: ModuleType, tmp_path: Path) -> None:
    await check_best(family, CASES[family], tmp_path)  # type: ignore[arg-type]


async def test_what_is_none_of_them_is_left_alone(tmp_path: Path) -> None:
    sources = ["let f a = a + true", "let f x = x.nothing", "let f ?a () = a + 1.5", "let f g = List.map g 1"]
    for family in CASES:
        await check_none(family, sources[:2], tmp_path / family.__name__)  # type: ignore[arg-type]
