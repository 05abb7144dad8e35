"""Slips that are made every day, in types: each text is mended as its author would."""

from pathlib import Path
from types import ModuleType

import pytest

from lsp_aid.domain.ports import Typing
from lsp_aid.repair import (
    annotations,
    backticks,
    changed_calls,
    compared_literals,
    comparisons,
    conditions,
    constructor_arity,
    containers,
    defined_twice,
    elements,
    function_literals,
    functions_of_own_types,
    indexing,
    locally_abstract,
    neighbours,
    nested_calls,
    nested_matches,
    objects,
    order_of_items,
    packed_modules,
    printers,
    references,
    renamed_methods,
    shadowed_fields,
    statements,
    type_variables,
)
from tests.support.one_liners import check_best

pytestmark = pytest.mark.dune


CHECK = 'let ( let* ) = Result.bind\nlet check n = if n > 0 then Ok () else Error "low"\n'
TOKENS = "type token = Plus | Int of int | Op of string * int\n"
SHAPES = "type circle = { name : string; radius : float }\ntype square = { name : string; side : float }\n"
PLUGIN = "module type Plugin = sig val name : string val run : int -> int end\n"
TYPES = "type _ ty = Int : int ty | Str : string ty\n"
SHOWN = "fun ty v ->\n  match ty with Int -> string_of_int v | Str -> v"
LETS, SUM = "let ( let* ) = Option.bind\n", "let f a : int option =\n  let* x = a in\n  Some (x + 1)"
MAP = "module M = Map.Make (String)\n"
OUTER = "let f a b =\n  match a with\n"
FUEL = "module V = struct type f = P | D type t = Car of f | Bus end\n"
FUEL += "let f t =\n  match t with\n  | V.Car f ->\n"
IDS = "module Id : sig type t val length : t -> int val to_string : t -> string end = struct "
IDS += "type t = string let length = String.length let to_string s = s end\n"
WALKS = "class a = object method vexpr (n : int) = ignore n end\n"
WALKS += "class b = object inherit a method vfile (_ : string) = () end\n"
CELLS = "type _ t = Int : int -> int t | Not : bool t -> bool t\n"
ARMS = "match e with Int n -> n | Not b -> not (eval b)"
LOGGED = 'function Int n -> log "n"; n | Not b -> not (eval ~log b)'
CASES = {
    statements: [
        (
            'let f () =\n  print_string "a"\n  print_string "b"\n  print_newline ()',
            'let f () =\n  print_string "a";\n  print_string "b";\n  print_newline ()',
        ),
        (
            "let rec gcd a b =\n  if b = 0 then a;\n  gcd b (a mod b)",
            "let rec gcd a b =\n  if b = 0 then a\n  else gcd b (a mod b)",
        ),
        ("let f a =\n  a\n  |> List.tl\n  List.map succ", "let f a =\n  a\n  |> List.tl\n  |> List.map succ"),
        ("let a = read_int ()\n\nprint_int a", "let a = read_int ()\n\nlet () = print_int a"),
        (CHECK + "let f n =\n  check n;\n  Ok (n + 1)", CHECK + "let f n =\n  let* () = check n in\n  Ok (n + 1)"),
    ],
    defined_twice: [
        ("type t = A | B of int\n\ntype t = A | B of int\n\nlet f = B 1", "type t = A | B of int\n\nlet f = B 1"),
        ("type t = A | B | C | A", "type t = A | B | C"),
        ("type t = { a : int; b : int; a : int }", "type t = { a : int; b : int }"),
        ("module A = struct let x = 1 end\nmodule A = struct let x = 1 end", "module A = struct let x = 1 end"),
        ("type t = A\ntype t = A | B\nlet f = B", "type t = A | B\nlet f = B"),
    ],
    nested_matches: [
        (
            FUEL + "    match f with\n    | V.P -> 1\n    | V.D -> 2\n  | V.Bus -> 3",
            FUEL + "    (match f with\n    | V.P -> 1\n    | V.D -> 2)\n  | V.Bus -> 3",
        ),
        (
            OUTER + "  | Some x ->\n    match b with\n    | Some y -> x + y\n    | None -> x\n  | None -> 0",
            OUTER + "  | Some x ->\n    (match b with\n    | Some y -> x + y\n    | None -> x)\n  | None -> 0",
        ),
        (
            OUTER + "  | [] ->\n    let c = b + 1 in\n    match c with\n    | 0 -> 1\n    | _ -> 2\n  | x :: _ -> x",
            OUTER + "  | [] ->\n    let c = b + 1 in\n    (match c with\n    | 0 -> 1\n    | _ -> 2)\n  | x :: _ -> x",
        ),
    ],
    indexing: [
        ("let f (a : string) = a.(0)", "let f (a : string) = a.[0]"),
        ("let f (a : int array) = a.[0] + 1", "let f (a : int array) = a.(0) + 1"),
        ("let f (a : int list) = 1 + a.(0)", "let f (a : int list) = 1 + List.nth a 0"),
        ("let f (a : bytes) = print_char a.[0]", "let f (a : bytes) = print_char (Bytes.get a 0)"),
        ("let f (a : bytes) = a.(0) <- 'x'", "let f (a : bytes) = Bytes.set a 0 'x'"),
        (
            'let f (t : (string, int) Hashtbl.t) = t.("a") <- 1',
            'let f (t : (string, int) Hashtbl.t) = Hashtbl.replace t "a" 1',
        ),
    ],
    references: [
        ("let n = ref 0\nlet f () = n <- !n + 1", "let n = ref 0\nlet f () = n := !n + 1"),
        (
            "let f =\n  let n = 0 in\n  fun () -> n := !n + 1; !n",
            "let f =\n  let n = ref 0 in\n  fun () -> n := !n + 1; !n",
        ),
        (
            "let sum a =\n  let n = 0 in\n  List.iter (fun x -> n <- n + x) a;\n  n",
            "let sum a =\n  let n = ref 0 in\n  List.iter (fun x -> n := !n + x) a;\n  !n",
        ),
        (
            "type t = { n : int ref }\nlet f t = t.n <- t.n + 1",
            "type t = { n : int ref }\nlet f t = t.n := !(t.n) + 1",
        ),
        (
            "let f (m : int) = let n = ref 0 in while n < m do incr n done; !n",
            "let f (m : int) = let n = ref 0 in while !n < m do incr n done; !n",
        ),
    ],
    objects: [
        (
            'class a n = object\n  method n = n\n  method m : string = "x" ^ self#n\nend',
            'class a n = object (self)\n  method n = n\n  method m : string = "x" ^ self#n\nend',
        ),
        (
            "class a = object val n = 0 method up = n <- n + 1 end",
            "class a = object val mutable n = 0 method up = n <- n + 1 end",
        ),
        (
            "class a = object method incr = () method get = 1 end\nlet f (x : a) = x#increment; x#get",
            "class a = object method incr = () method get = 1 end\nlet f (x : a) = x#incr; x#get",
        ),
    ],
    printers: [
        ('let f x : string = Printf.printf "%d" x', 'let f x : string = Printf.sprintf "%d" x'),
        ('let f x : unit = Printf.sprintf "%d\\n" x', 'let f x : unit = Printf.printf "%d\\n" x'),
        ("let f x = print_string x; Printf.eprintf x", 'let f x = print_string x; Printf.eprintf "%s" x'),
        ('let f x = Printf.printf "\\r[%d%]" x', 'let f x = Printf.printf "\\r[%d%%]" x'),
        ('let f a b = Printf.sprintf "(%d)" a b', 'let f a b = Printf.sprintf "(%d, %d)" a b'),
        ('let f () = Printf.printf "100% of them\\n"', 'let f () = Printf.printf "100%% of them\\n"'),
        (
            'let pp ppf (a, b) = Format.fprintf ppf "%d %d" a b\nlet f () = Format.printf "%a@." (1, 2)',
            'let pp ppf (a, b) = Format.fprintf ppf "%d %d" a b\nlet f () = Format.printf "%a@." pp (1, 2)',
        ),
    ],
    conditions: [
        ("let f n = if n land 1 then 1 else 2", "let f n = if n land 1 <> 0 then 1 else 2"),
        ("let f a = if List.find_opt a [] then 1 else 2", "let f a = if List.find_opt a [] <> None then 1 else 2"),
        (
            "let f p a = List.fold_left (fun n x -> n + (p x : bool)) 0 a",
            "let f p a = List.fold_left (fun n x -> n + Bool.to_int (p x : bool)) 0 a",
        ),
    ],
    backticks: [
        (
            "let f : [ `A | `B ] -> int = function `A -> 1 | B -> 2",
            "let f : [ `A | `B ] -> int = function `A -> 1 | `B -> 2",
        ),
        (
            "type t = A | B\nlet f = function A -> 1 | B -> 2\nlet a = f `A",
            "type t = A | B\nlet f = function A -> 1 | B -> 2\nlet a = f A",
        ),
    ],
    constructor_arity: [
        (
            TOKENS + "let f = function Plus -> 1 | Int -> 2 | Op _ -> 3",
            TOKENS + "let f = function Plus -> 1 | Int _ -> 2 | Op _ -> 3",
        ),
    ],
    function_literals: [
        (
            "let f a : int list = List.fold_left (fun x b -> x :: b) [] (a : int list)",
            "let f a : int list = List.fold_left (fun b x -> x :: b) [] (a : int list)",
        ),
        (
            "let f a = Hashtbl.fold (fun (k, _) b -> k :: b) a []",
            "let f a = Hashtbl.fold (fun k _ b -> k :: b) a []",
        ),
        (
            "let f a = List.map (fun (x, _) -> x) (a : (int * int * int) list)",
            "let f a = List.map (fun (x, _, _) -> x) (a : (int * int * int) list)",
        ),
    ],
    order_of_items: [
        (
            "type a = A of b list\ntype b = B of a | C",
            "type a = A of b list\nand b = B of a | C",
        ),
        ("let f x = x + n\n\nlet n = 3", "let n = 3\n\nlet f x = x + n"),
        (
            "let f x = g (h x)\n\nlet h x = x + 1\n\nlet other = 2\n\nlet g x = h x * 2",
            "let h x = x + 1\n\nlet g x = h x * 2\n\nlet f x = g (h x)\n\nlet other = 2",
        ),
        (
            "let f x = g x\n\nlet g x = x + n\n\nlet n = 3",
            "let n = 3\n\nlet g x = x + n\n\nlet f x = g x",
        ),
    ],
    shadowed_fields: [
        (
            SHAPES + "let f c = c.name ^ string_of_float c.radius",
            SHAPES + "let f (c : circle) = c.name ^ string_of_float c.radius",
        ),
    ],
    packed_modules: [
        (
            PLUGIN + "type p = (module Plugin)\nlet f (one : p) = one.name",
            PLUGIN + "type p = (module Plugin)\nlet f (one : p) = let (module One) = one in One.name",
        ),
        (PLUGIN + "let f (module P) = P.run 1", PLUGIN + "let f (module P : Plugin) = P.run 1"),
        (
            PLUGIN + "let f (a : (module Plugin) list) = List.map (fun p -> p.name) a",
            PLUGIN + "let f (a : (module Plugin) list) = List.map (fun (module P : Plugin) -> P.name) a",
        ),
    ],
    annotations: [
        (
            "let f s : string = String.split_on_char ' ' s\nlet n = List.length (f \"a\")",
            "let f s : string list = String.split_on_char ' ' s\nlet n = List.length (f \"a\")",
        ),
        (
            "module S = struct type a = A type b = B let read B = 1 end\nopen S\nlet f ~(x : a) = read x + 1",
            "module S = struct type a = A type b = B let read B = 1 end\nopen S\nlet f ~(x : b) = read x + 1",
        ),
        ("type t = Leaf | Node of t * 'a * t", "type 'a t = Leaf | Node of 'a t * 'a * 'a t"),
        ("type 'a t = A of 'a | B\nlet f (x : t) = x", "type 'a t = A of 'a | B\nlet f (x : 'a t) = x"),
        (
            f"module T = struct {TYPES.strip()} end\nopen T\nlet f : 'a T.ty -> 'a -> string = {SHOWN}",
            f"module T = struct {TYPES.strip()} end\nopen T\nlet f : type a. a T.ty -> a -> string = {SHOWN}",
        ),
        (
            TYPES + f"let f : 'a ty -> 'a -> string = {SHOWN}",
            TYPES + f"let f : type a. a ty -> a -> string = {SHOWN}",
        ),
    ],
    functions_of_own_types: [
        (IDS + "let f (i : Id.t) = String.length i", IDS + "let f (i : Id.t) = Id.length i"),
        (
            IDS + "let f (l : Id.t list) = List.map (fun i -> string_of_int i) l",
            IDS + "let f (l : Id.t list) = List.map (fun i -> Id.to_string i) l",
        ),
        (
            IDS + "let f (l : Id.t list) = l |> List.map String.length |> List.fold_left max 0",
            IDS + "let f (l : Id.t list) = l |> List.map Id.length |> List.fold_left max 0",
        ),
    ],
    renamed_methods: [
        (
            WALKS + "class c = object inherit b as super method! expr n = print_int n; super#expr n end",
            WALKS + "class c = object inherit b as super method! vexpr n = print_int n; super#vexpr n end",
        ),
    ],
    locally_abstract: [
        (
            CELLS + f"let rec eval ~(log : string -> unit) : 'a t -> 'a = {LOGGED}",
            CELLS + f"let rec eval : type a. log:(string -> unit) -> a t -> a = fun ~log -> {LOGGED}",
        ),
        (
            CELLS + f"let rec eval (e : 'v t) : 'v = {ARMS}",
            CELLS + f"let rec eval : type v. v t -> v = fun e -> {ARMS}",
        ),
    ],
    elements: [
        (
            'let f (a : int list) = String.concat ", " a',
            'let f (a : int list) = String.concat ", " (List.map string_of_int a)',
        ),
        ('let f n = if n < 0 then raise "low" else n', 'let f n = if n < 0 then failwith "low" else n'),
        ("let f = function [] -> None | x :: _ -> Some x + 1", "let f = function [] -> None | x :: _ -> Some (x + 1)"),
        (
            "let rec f = function [] -> [] | x :: a -> f a :: x",
            "let rec f = function [] -> [] | x :: a -> f a @ [ x ]",
        ),
        ('let f a = "x" @ a', 'let f a = "x" ^ a'),
        (LETS + "let f a : int option =\n  let* x = a in\n  x + 1", LETS + SUM),
    ],
    compared_literals: [
        (
            'let f c = c >= "0" && c <= "9"\nlet g s = String.for_all f s',
            "let f c = c >= '0' && c <= '9'\nlet g s = String.for_all f s",
        ),
    ],
    changed_calls: [
        ("let f (a : int list) : int list = List.sort a", "let f (a : int list) : int list = List.sort compare a"),
        (
            "type t = float list\nlet f (a : t) = List.fold_left (fun n x -> n +. x) a\nlet b = 1. +. f []",
            "type t = float list\nlet f (a : t) = List.fold_left (fun n x -> n +. x) 0. a\nlet b = 1. +. f []",
        ),
    ],
    neighbours: [
        (
            MAP + "let f a (t : int list M.t) = match M.find a t with Some x -> x | None -> []",
            MAP + "let f a (t : int list M.t) = match M.find_opt a t with Some x -> x | None -> []",
        ),
    ],
    containers: [
        (
            "let f (t : (int, int) Hashtbl.t) = List.iter (fun (a, b) -> print_int (a + b)) (Hashtbl.to_seq t)",
            "let f (t : (int, int) Hashtbl.t) = Seq.iter (fun (a, b) -> print_int (a + b)) (Hashtbl.to_seq t)",
        ),
    ],
    comparisons: [
        (
            "let f a = List.sort (fun x y -> fst x < fst y) a",
            "let f a = List.sort (fun x y -> compare (fst x) (fst y)) a",
        ),
    ],
    type_variables: [
        (
            "let f (g : a -> b) (x : a list) : b list = List.map g x",
            "let f (g : 'a -> 'b) (x : 'a list) : 'b list = List.map g x",
        ),
        (
            "type result = A | B\nlet f x : (int, result) result = if x then Ok 1 else Error A",
            "type result = A | B\nlet f x : (int, result) Stdlib.result = if x then Ok 1 else Error A",
        ),
    ],
    nested_calls: [
        ("let f n = print_endline string_of_int n", "let f n = print_endline (string_of_int n)"),
        ("let f (n : int) = max abs n 2", "let f (n : int) = max (abs n) 2"),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_what_a_maintainer_does_comes_first(family: ModuleType, tmp_path: Path, strict_typing: Typing) -> None:
    await check_best(family, CASES[family], tmp_path, typing=strict_typing)


async def test_of_two_values_of_one_name_in_an_interface_one_is_another(tmp_path: Path, strict_typing: Typing) -> None:
    cases = [
        (
            "type t\nval pp : t -> t -> int\nval pp : t -> string",
            "type t\nval compare : t -> t -> int\nval pp : t -> string",
        ),
        ("val pp : int -> string\n\nval pp : int -> string", "val pp : int -> string\n"),
    ]
    whole = (
        'type t = int\nlet compare = Int.compare\nlet pp = string_of_int\nlet hash (t : t) = ignore t; ""\nlet _ = hash'
    )
    await check_best(
        defined_twice, cases, tmp_path, typing=strict_typing, implementations=[whole, "let pp = string_of_int"]
    )
