"""Slips of type and of names that everybody makes, each with the edit that undoes it."""

from pathlib import Path
from types import ModuleType

import pytest

from lsp_aid.repair import (
    cells,
    containers,
    conversion_functions,
    curried_functions,
    defaults_for_options,
    float_definitions,
    forgotten_indices,
    indexing,
    labelled_callbacks,
    lopsided,
    marks,
    method_calls,
    numeric_types,
    optional_values,
    packed_modules,
    printers,
    references,
    rounded,
    unused,
    variant_tags,
    wrapped_branches,
)
from tests.support.one_liners import check_best, check_none

pytestmark = pytest.mark.dune

TWO = "module type E = sig val a : int end\nmodule type S = sig val b : int end\n"
NUM = "module type N = sig type t val f : t -> int end\n"
MUTUAL = "module M : sig val f : int -> int end = struct let rec f n =\n  if n = 0\n  then 0\n  else f (n - 1)"
LOOP = "let f m = for i = 0 to 1 do for j = 0 to 1 do m.(i).({}) <- 0 done done"
CASES = {
    rounded: [
        (
            "let f a x = let i = floor (x /. 2.) in a.(i)",
            "let f a x = let i = int_of_float (floor (x /. 2.)) in a.(i)",
        ),
        ("let f a x = Array.get a (ceil x)", "let f a x = Array.get a (int_of_float (ceil x))"),
    ],
    float_definitions: [
        (
            "let f xs = List.fold_left ( + ) 0 xs / List.length xs\nlet a = f [ 1.5 ]",
            "let f xs = List.fold_left ( +. ) 0. xs /. float_of_int (List.length xs)\nlet a = f [ 1.5 ]",
        ),
        ("let f w h = w * h\nlet a x = f 1. (x +. 2.)", "let f w h = w *. h\nlet a x = f 1. (x +. 2.)"),
    ],
    lopsided: [
        (
            'let f = List.fold_left (fun b w -> if String.length w > b then w else b) ""',
            'let f = List.fold_left (fun b w -> if String.length w > String.length b then w else b) ""',
        ),
        (
            "type t = { age : int }\nlet f = List.sort (fun a b -> compare a.age b)",
            "type t = { age : int }\nlet f = List.sort (fun a b -> compare a.age b.age)",
        ),
    ],
    printers: [
        (
            'let f n = if n > 0 then Printf.printf "%d" n else Printf.printf "-"\nlet a = f 1 ^ "!"',
            'let f n = if n > 0 then Printf.sprintf "%d" n else Printf.sprintf "-"\nlet a = f 1 ^ "!"',
        ),
        (
            'let a = String.concat "" (List.map (fun n -> Printf.printf "%d" n) [ 1 ])',
            'let a = String.concat "" (List.map (fun n -> Printf.sprintf "%d" n) [ 1 ])',
        ),
    ],
    references: [
        (
            "type t = { mutable n : int }\nlet f t = incr t.n",
            "type t = { mutable n : int }\nlet f t = t.n <- t.n + 1",
        ),
        ("let f (a : int array) = decr (a.(0))", "let f (a : int array) = a.(0) <- a.(0) - 1"),
    ],
    cells: [
        (
            "type t = { n : int Atomic.t }\nlet f t = 2 * !(t.n)",
            "type t = { n : int Atomic.t }\nlet f t = 2 * Atomic.get t.n",
        ),
        (
            "type t = { n : int Atomic.t }\nlet f t by = t.n := !(t.n) + by\nlet g u = u.n := 2 * !(u.n)",
            (
                "type t = { n : int Atomic.t }\n"
                "let f t by = ignore (Atomic.fetch_and_add t.n by)\nlet g u = Atomic.set u.n (2 * Atomic.get u.n)"
            ),
        ),
        (
            "type t = { n : int Atomic.t }\nlet f t = t.n <- t.n + 1",
            "type t = { n : int Atomic.t }\nlet f t = Atomic.incr t.n",
        ),
    ],
    containers: [
        (
            "let f g = let a = Domain.spawn g in 1 + a",
            "let f g = let a = Domain.spawn g in 1 + (Domain.join a)",
        ),
    ],
    marks: [
        (
            "let f (q : int Queue.t) = if Queue.length q > 1 then Queue.pop q; q",
            "let f (q : int Queue.t) = if Queue.length q > 1 then ignore (Queue.pop q); q",
        ),
    ],
    method_calls: [
        (
            "class c = object method get = 1 end\nlet f (c : c) = c.get",
            "class c = object method get = 1 end\nlet f (c : c) = c#get",
        ),
    ],
    defaults_for_options: [
        (
            "type t = { n : int; s : int }\nlet f t o k = { o with n = List.nth_opt t k }",
            "type t = { n : int; s : int }\nlet f t o k = { o with n = Option.value (List.nth_opt t k) ~default:o.n }",
        ),
        (
            "let f t k = let n = Hashtbl.find_opt t k in Hashtbl.replace t k (n + 1)",
            "let f t k = let n = Option.value (Hashtbl.find_opt t k) ~default:0 in Hashtbl.replace t k (n + 1)",
        ),
    ],
    packed_modules: [
        (
            TWO + "let f (x : (module S) option) = match x with Some u -> u.b | None -> 0",
            TWO + "let f (x : (module S) option) = match x with Some (module U) -> U.b | None -> 0",
        ),
        (
            NUM + "let f (module S : N) xs = List.map S.f xs",
            NUM + "let f (type a) (module S : N with type t = a) xs = List.map S.f xs",
        ),
        (
            TWO + "let f s = let module M = (val s) in M.b",
            TWO + "let f s = let module M = (val s : S) in M.b",
        ),
    ],
    forgotten_indices: [
        (LOOP.format("i"), LOOP.format("j")),
        (
            "let f m = Array.iteri (fun i -> Array.iteri (fun j x -> m.((j * 2) + j) <- x))",
            "let f m = Array.iteri (fun i -> Array.iteri (fun j x -> m.((i * 2) + j) <- x))",
        ),
        (
            "let at m x y = m.(x).(y)\nlet f m = for y = 0 to 9 do for x = 0 to 9 do print_int (at m x 0) done done",
            "let at m x y = m.(x).(y)\nlet f m = for y = 0 to 9 do for x = 0 to 9 do print_int (at m x y) done done",
        ),
        (
            "let f at = for i = 1 to 9 do for j = 0 to 9 do print_int (at j 1 + at j 0) done done",
            "let f at = for i = 1 to 9 do for j = 0 to 9 do print_int (at j i + at j 0) done done",
        ),
        (
            "type t = { a : int; b : int }\nlet f a b = ignore b; { a = 0; b }",
            "type t = { a : int; b : int }\nlet f a b = ignore b; { a; b }",
        ),
        (
            "let f = function [ a ] as l -> if a then [ a ] else [] | l -> l",
            "let f = function [ a ] as l -> if a then l else [] | l -> l",
        ),
    ],
    indexing: [
        ("let f m i j = m.(i, j) + 1", "let f m i j = m.(i).(j) + 1"),
    ],
    numeric_types: [
        ('let f n = n + 1 = 2 && n = "1"', "let f n = n + 1 = 2 && n = 1"),
    ],
    variant_tags: [
        (
            "type t = [ `Warning | `Bad ]\nlet f (t : t) = t = `Warn\nlet g = function `Warn -> 0 | `Bad -> 1",
            "type t = [ `Warning | `Bad ]\nlet f (t : t) = t = `Warning\nlet g = function `Warning -> 0 | `Bad -> 1",
        ),
        (
            "type t = [ `Deep | `New ]\nlet f (t : t) = match t with `Hoar -> 0 | `New -> 1\nlet g = `Hoar",
            "type t = [ `Deep | `New ]\nlet f (t : t) = match t with `Deep -> 0 | `New -> 1\nlet g = `Deep",
        ),
        (
            "let f = function `Left -> 0 | `Centre -> 1\ntype t = [ `Left | `Center ]\nlet g (t : t) = f t",
            "let f = function `Left -> 0 | `Center -> 1\ntype t = [ `Left | `Center ]\nlet g (t : t) = f t",
        ),
        (
            'let f = function `Red -> "red" | `Green -> "green"\nlet a = List.map f [ `Red; `Blue ]',
            'let f = function `Red -> "red" | `Green -> "green" | `Blue -> "blue"\nlet a = List.map f [ `Red; `Blue ]',
        ),
    ],
    wrapped_branches: [
        (
            "let f a b = match a, b with Ok a, Ok b -> a + b | Error e, _ | _, Error e -> Error e",
            "let f a b = match a, b with Ok a, Ok b -> Ok (a + b) | Error e, _ | _, Error e -> Error e",
        ),
        ("let f a b = if b > 0 then a / b else None", "let f a b = if b > 0 then Some (a / b) else None"),
        (
            "let f = function 0 -> None | 1 -> Some (fun x -> x) | 2 -> (fun x -> x) | n -> fun x -> x * n",
            "let f = function 0 -> None | 1 -> Some (fun x -> x) | 2 -> Some (fun x -> x) | n -> Some (fun x -> x * n)",
        ),
    ],
    conversion_functions: [
        ("let f (l : float list) = List.map string_of_int l", "let f (l : float list) = List.map string_of_float l"),
        ("let g f : string = f 1.5\nlet a = g Int.to_string", "let g f : string = f 1.5\nlet a = g Float.to_string"),
    ],
    labelled_callbacks: [
        (
            "let f ~by n = by + n\nlet g = List.map2 f [ 1 ] [ 2 ]",
            "let f ~by n = by + n\nlet g = List.map2 (fun by x -> f ~by x) [ 1 ] [ 2 ]",
        ),
    ],
    curried_functions: [
        (
            "let f t = Hashtbl.iter (fun (k, v) -> print_int (k + v)) t",
            "let f t = Hashtbl.iter (fun k v -> print_int (k + v)) t",
        ),
    ],
    unused: [
        (
            MUTUAL + "\nand g n = f n end",
            MUTUAL + "\n end",
        ),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_the_likeliest_edit_undoes_it(family: ModuleType, tmp_path: Path) -> None:
    await check_best(family, CASES[family], tmp_path)  # type: ignore[arg-type]


async def test_what_is_none_of_them_is_left_alone(tmp_path: Path) -> None:
    sources = ["let f x : int = x +. 1.", "let f a = incr a.(0).(1)", "let f a b = 1 > a && b < true"]
    for family in (rounded, float_definitions, lopsided, optional_values):
        await check_none(family, sources, tmp_path / family.__name__)  # type: ignore[arg-type]
