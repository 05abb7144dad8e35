"""Slips that keep a text from being parsed: what is proposed first is what was meant."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attrs import frozen

from lsp_aid.config import load
from lsp_aid.domain.ports import Typer, Typing
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.repair import syntax_errors
from lsp_aid.wiring import Wiring
from tests.support.one_liners import check_best
from tests.support.repair import LoneTyping, problems

pytestmark = pytest.mark.dune


@frozen
class Unbuilt:
    """Types each module as dune has it before anything of the stanza is compiled."""

    typer: Typer

    async def flags_for(self, path: str) -> CompilerFlags | None:
        return CompilerFlags(("-w", "-a", "-open", "Dune__exe"))


@pytest.fixture
async def typing(tmp_path: Path) -> AsyncIterator[Typing]:
    async with Wiring().lone_typer(load(None, {})) as opened:
        yield LoneTyping(opened)


TEXTS = [
    ("(* Sizes of\n   boxes.\n\nlet a = 1", "(* Sizes of\n   boxes. *)\n\nlet a = 1"),
    ("(* first\nlet a = 1\n(* second *)\nlet b = 2", "(* first *)\nlet a = 1\n(* second *)\nlet b = 2"),
    ('(* of "x *)\nlet a = "b"', '(* of "x" *)\nlet a = "b"'),
    ('let a = "x\nlet b = "y" ^ a', 'let a = "x"\nlet b = "y" ^ a'),
    (
        'let f a = Error (Printf.sprintf "x: %s a)\nlet b = "y"',
        'let f a = Error (Printf.sprintf "x: %s" a)\nlet b = "y"',
    ),
    (
        'let f a b = Printf.printf "%02d of %s: no" 1 b; Printf.printf "%d, %d\\n (a + 1) a;\n  b ^ "y"',
        'let f a b = Printf.printf "%02d of %s: no" 1 b; Printf.printf "%d, %d\\n" (a + 1) a;\n  b ^ "y"',
    ),
    ('let f a = [ "x; a ]\nlet b = "y"', 'let f a = [ "x"; a ]\nlet b = "y"'),
    ('let f a = print_endline ("x" ^ a ^ "!)\nlet b = "y"', 'let f a = print_endline ("x" ^ a ^ "!")\nlet b = "y"'),
    ('let a = x"\nlet b = "y"', 'let a = "x"\nlet b = "y"'),
    ("let a = {|x}\nlet b = {|y|}\nlet c = b", "let a = {|x|}\nlet b = {|y|}\nlet c = b"),
    ('let a = {j|\n  {"x": 1}\n}', 'let a = {j|\n  {"x": 1}\n|j}'),
    ("let a = {|\n  x}\nlet f b = {|y|} ^ b", "let a = {|\n  x\n|}\nlet f b = {|y|} ^ b"),
    ("let a = '\\'\nlet b = [ '\\'; '/' ]", "let a = '\\\\'\nlet b = [ '\\\\'; '/' ]"),
]
DECLARATIONS = [
    ("val f : int -> int\nlet f x = x + 1", "let f x = x + 1"),
    ("type ('a, 'b) t = 'a * 'b\ntype u 'a 'b = ('a, 'b) t", "type ('a, 'b) t = 'a * 'b\ntype ('a, 'b) u = ('a, 'b) t"),
    ("let f (xs : list<int>) = List.length xs", "let f (xs : int list) = List.length xs"),
    ("type t = A int | B string | C", "type t = A of int | B of string | C"),
    ("type t = A of int | B (int * int)\nlet f = B (1, 2)", "type t = A of int | B of (int * int)\nlet f = B (1, 2)"),
    ("type t =\n  | A of int\n  ; B of string\n  | C", "type t =\n  | A of int\n  | B of string\n  | C"),
    ("exception Bad string", "exception Bad of string"),
    ("type color = red | green | blue", "type color = Red | Green | Blue"),
    ("let Area w h = w * h\nlet a = Area 1 2", "let area w h = w * h\nlet a = area 1 2"),
    (
        "module stack = struct\n  let a = 1\nend\nlet b = Stack.a",
        "module Stack = struct\n  let a = 1\nend\nlet b = Stack.a",
    ),
    ("type t = { a int; b : int }", "type t = { a : int; b : int }"),
    ("type t = { a : int; b : int\nlet f x = x.a", "type t = { a : int; b : int }\nlet f x = x.a"),
    ("let f x =\n  let let y = x in\n  y", "let f x =\n  let y = x in\n  y"),
    ("let rec rec f x = f x", "let rec f x = f x"),
]
KEYWORDS = [
    ("let a = 1\nlte b = a + 1\nlet c = b", "let a = 1\nlet b = a + 1\nlet c = b"),
    ("let f = funtion\n  | 0 -> 1\n  | _ -> 2", "let f = function\n  | 0 -> 1\n  | _ -> 2"),
    ("let f x = match x wiht\n  | 0 -> 1\n  | _ -> 2", "let f x = match x with\n  | 0 -> 1\n  | _ -> 2"),
    ("module M = strcut\n  let a = 1\nend", "module M = struct\n  let a = 1\nend"),
    ("letrec f n = if n = 0 then 1 else f (n - 1)", "let rec f n = if n = 0 then 1 else f (n - 1)"),
    ("def f x y = x + y\nlet a = f 1 2", "let f x y = x + y\nlet a = f 1 2"),
    ("let fun f x y = x + y\nlet a = f 1 2", "let f x y = x + y\nlet a = f 1 2"),
    ("let f x = case x of\n  | 0 -> 1\n  | _ -> 2", "let f x = match x with\n  | 0 -> 1\n  | _ -> 2"),
]
SIGNS = [
    ("let f n = n : = 1", "let f n = n := 1"),
    ("let f = function 0 - > 1 | _ -> 2", "let f = function 0 -> 1 | _ -> 2"),
    (
        "let f = function\n  | n if n > 9 -> 1\n  | n if n > 5 -> 2\n  | _ -> 3",
        "let f = function\n  | n when n > 9 -> 1\n  | n when n > 5 -> 2\n  | _ -> 3",
    ),
    ("let f = function 0 -> 1 | else -> 2", "let f = function 0 -> 1 | _ -> 2"),
    ("let f n = for i in 1 to n do print_int i done", "let f n = for i = 1 to n do print_int i done"),
    ("let f x = x > 0 ? 1 : 2", "let f x = if x > 0 then 1 else 2"),
    ("let f ~x = x + 1\nlet a = f ~x=1", "let f ~x = x + 1\nlet a = f ~x:1"),
    ("let f ?x=0 y = x + y", "let f ?(x = 0) y = x + y"),
    (
        "type t = { a : int; b : int }\nlet f t = { t | a = 1 }",
        "type t = { a : int; b : int }\nlet f t = { t with a = 1 }",
    ),
    ("let let* = Option.bind", "let ( let* ) = Option.bind"),
    ("let f = List.fold_left + 0", "let f = List.fold_left ( + ) 0"),
    ("let f a = List.map (\\x -> x + 1) a", "let f a = List.map (fun x -> x + 1) a"),
    ("let f a =\n  open List in\n  length a", "let f a =\n  let open List in\n  length a"),
    ('let f a b = a ^\n  b ^\nlet c = f "" ""', 'let f a b = a ^\n  b \nlet c = f "" ""'),
    ("let f x = if !(x > 0) then 1 else 2", "let f x = if not (x > 0) then 1 else 2"),
    (
        "let f = function\n  | 'a' - 'z' | '0'-'9' -> 1\n  | _ -> 2",
        "let f = function\n  | 'a' .. 'z' | '0' .. '9' -> 1\n  | _ -> 2",
    ),
    (
        "let f x =\n  let y = x + 1;;\n  let z =\n    y * 2;;\n  print_int z;;\n  z",
        "let f x =\n  let y = x + 1 in\n  let z =\n    y * 2 in\n  print_int z;\n  z",
    ),
    ("let a = 1\n:wq\nlet b = 2", "let a = 1\nlet b = 2"),
    ("let f x =\n  let y = x in\n:x\n  y", "let f x =\n  let y = x in\n  y"),
]
TYPES = [
    ("type t = { a = int; b = int }", "type t = { a : int; b : int }"),
    ("type t = { a : int; b : mutable int }", "type t = { a : int; mutable b : int }"),
    ("type t = A of int, int | B", "type t = A of int * int | B"),
    ("type t = [ `A | B | `C ]", "type t = [ `A | `B | `C ]"),
    ("let f x : int y : int = x + y", "let f (x : int) (y : int) = x + y"),
    ("let f ~x:int ~y:int = x + y", "let f ~(x : int) ~(y : int) = x + y"),
    (
        "type t = A\nlet f ?(n = 1) ~xs:int list ~a:t () = (n, xs, a)",
        "type t = A\nlet f ?(n = 1) ~(xs : int list) ~(a : t) () = (n, xs, a)",
    ),
    (
        "let f ~key:Uchar.t ?limit:int () = (key, limit)",
        "let f ~(key : Uchar.t) ?(limit : int option) () = (key, limit)",
    ),
    ("let f (x : int) -> int = x", "let f (x : int) : int = x"),
    ("let f (a : int[]) = a.(0)", "let f (a : int array) = a.(0)"),
    ("let f (a : list int) = List.length a", "let f (a : int list) = List.length a"),
    ("module type S = struct\n  val a : int\nend", "module type S = sig\n  val a : int\nend"),
    ("module M =\n  let a = 1\nend", "module M = struct\n  let a = 1\nend"),
    ("module M = Map.Make String\nlet a = M.empty", "module M = Map.Make (String)\nlet a = M.empty"),
    (
        "module F (X : Map.OrderedType, Y : Map.OrderedType) = struct\n  let a = 1\nend",
        "module F (X : Map.OrderedType) (Y : Map.OrderedType) = struct\n  let a = 1\nend",
    ),
    ('let a = print_string "{"id":7}"', 'let a = print_string "{\\"id\\":7}"'),
    ("(* adds numbers )\nlet a = 1", "(* adds numbers *)\nlet a = 1"),
    ("adds numbers *)\nlet a = 1", "(* adds numbers *)\nlet a = 1"),
    ("let a = 1\n<<<<<<< HEAD\n=======\nlet b = 2\n>>>>>>> b\nlet c = b", "let a = 1\nlet b = 2\nlet c = b"),
]
LEFT_OUT = [
    (
        "module type S = sig type k end\nmodule F (K : S) : S with k = K.k = struct type k = K.k end",
        "module type S = sig type k end\nmodule F (K : S) : S with type k = K.k = struct type k = K.k end",
    ),
    (
        "module type S = sig val a : int end\nlet f (b : (module S)) =\n  let module B = b in\n  B.a",
        "module type S = sig val a : int end\nlet f (b : (module S)) =\n  let module B = (val b) in\n  B.a",
    ),
    ("type _ t = A : int t | B of int t -> string t", "type _ t = A : int t | B : int t -> string t"),
    (
        "type t = { a : int; b : int; c : t }\nlet f r = { ...r, a = 1, b = 2 }",
        "type t = { a : int; b : int; c : t }\nlet f r = { r with a = 1; b = 2 }",
    ),
    ("let a = '\\e'\nlet b = \"\\e[0m\"", "let a = '\\027'\nlet b = \"\\027[0m\""),
]
LANGUAGES = [
    ("let f ~a ~b = a + b\nlet c = f a:1 b:2", "let f ~a ~b = a + b\nlet c = f ~a:1 ~b:2"),
    ('let a = [ “x”; "y" ]', 'let a = [ "x"; "y" ]'),
    ("let f x = x ≤ 1 || x − 1 > 3", "let f x = x <= 1 || x - 1 > 3"),
    ("let a = 1 // one\nlet b = 2", "let a = 1 (* one *)\nlet b = 2"),
    ("# sizes\nlet a = 1", "(* sizes *)\nlet a = 1"),
    ("/* sizes */\nlet a = 1", "(* sizes *)\nlet a = 1"),
    ("let f a b = a > 1 & b > 2 or a = b", "let f a b = a > 1 && b > 2 || a = b"),
    ("let f a = a % 2 = 0", "let f a = a mod 2 = 0"),
    ("let f a =\n  let n = ref 0 in\n  n += a;\n  !n", "let f a =\n  let n = ref 0 in\n  n := !n + a;\n  !n"),
    ("let f () =\n  let n = ref 0 in\n  n++;\n  !n", "let f () =\n  let n = ref 0 in\n  incr n;\n  !n"),
    ("let f a = a ^ 'bc'", 'let f a = a ^ "bc"'),
    ("let f a n = while !n < a {\n  incr n\n}", "let f a n = while !n < a do\n  incr n\ndone"),
    (
        "let f a = if a then {\n  print_int 1\n} else {\n  print_int 2\n}",
        "let f a = if a then begin\n  print_int 1\nend else begin\n  print_int 2\nend",
    ),
    ("let f (a : int array) = a[0] + a[1]", "let f (a : int array) = a.(0) + a.(1)"),
    ("let f (a : string) i = a[i] = 'x'", "let f (a : string) i = a.[i] = 'x'"),
    ("let f a =\n  return a", "let f a =\n  a"),
    ("import List\nlet f = map", "open List\nlet f = map"),
]
TOKENS = [
    (
        "let f a =\n  if a then\n    print_int 1;\n  else print_int 2",
        "let f a =\n  if a then\n    print_int 1\n  else print_int 2",
    ),
    ("let f a = [| a; a ]\nlet b = f 1", "let f a = [| a; a |]\nlet b = f 1"),
    (
        "let f a = match a with\n  | 0 => 1\n  | 1 => 2\n  | _ => 3",
        "let f a = match a with\n  | 0 -> 1\n  | 1 -> 2\n  | _ -> 3",
    ),
    (
        "let f a = match a with\n  | 0 = 1\n  | 1 = 2\n  | _ = 3",
        "let f a = match a with\n  | 0 -> 1\n  | 1 -> 2\n  | _ -> 3",
    ),
    (
        "let f a = match a with\n  | 0 : 1\n  | 1 : 2\n  | _ : 3",
        "let f a = match a with\n  | 0 -> 1\n  | 1 -> 2\n  | _ -> 3",
    ),
    ("let f a = List.map (x -> x + 1) a", "let f a = List.map (fun x -> x + 1) a"),
    ("let f a = for i = 0 a do print_int i done", "let f a = for i = 0 to a do print_int i done"),
    ("let f a = for i = 0 to a: print_int i done", "let f a = for i = 0 to a do print_int i done"),
    (
        "let f a =\n  (while a do\n    print_int 1\n  ); 2",
        "let f a =\n  (while a do\n    print_int 1\n  done\n  ); 2",
    ),
    ("let f a = match a of\n  | 0 -> 1\n  | _ -> 2", "let f a = match a with\n  | 0 -> 1\n  | _ -> 2"),
    ("let f a = if a > 1 and a < 5 then 1 else 2", "let f a = if a > 1 && a < 5 then 1 else 2"),
    ("let f effect = effect + 1", "let f effect_ = effect_ + 1"),
    ("open List;\nlet f = map", "open List\nlet f = map"),
    ("let f a =\n  let b = a;\n  b + 1", "let f a =\n  let b = a in\n  b + 1"),
]
LAYOUT = [
    (
        "let f a =\n  print_int a\n  print_int a;\n  print_newline ()",
        "let f a =\n  print_int a;\n  print_int a;\n  print_newline ()",
    ),
    (
        "let f a =\n  a\n  |> List.map succ\n  | List.filter (fun x -> x > 1)\n  |> List.length",
        "let f a =\n  a\n  |> List.map succ\n  |> List.filter (fun x -> x > 1)\n  |> List.length",
    ),
    (
        "let f a =\n  a\n  |> List.map succ\n  List.filter (fun x -> x > 1)\n  |> List.length",
        "let f a =\n  a\n  |> List.map succ\n  |> List.filter (fun x -> x > 1)\n  |> List.length",
    ),
    ('let a = int_of_string "1"\n\nPrintf.printf "%d" a', 'let a = int_of_string "1"\n\nlet () = Printf.printf "%d" a'),
    (
        "let f a =\n  while !a > 0 do\n    decr a\n  end;\n  print_newline ()",
        "let f a =\n  while !a > 0 do\n    decr a\n  done;\n  print_newline ()",
    ),
    (
        "let f a b =\n  let c = a + b in\n  let d = a * b;\n  let e = c - d in\n  e * e",
        "let f a b =\n  let c = a + b in\n  let d = a * b in\n  let e = c - d in\n  e * e",
    ),
    (
        "type t = { mutable a : int }\nlet f t =\n  t.a -> t.a + 1;\n  print_int t.a",
        "type t = { mutable a : int }\nlet f t =\n  t.a <- t.a + 1;\n  print_int t.a",
    ),
    ("let f c = match c with 'a' -> 1 | '* -> 2 | _ -> 3", "let f c = match c with 'a' -> 1 | '*' -> 2 | _ -> 3"),
    ("let f a b = a > 0 & & b > 0", "let f a b = a > 0 && b > 0"),
    ("module type S = sig\n  type t\n  val f = t -> t\nend", "module type S = sig\n  type t\n  val f : t -> t\nend"),
]
NAMES = [
    (
        "type t = { from : int; to_ : int }\nlet make ~from ~to = { from; to_ = to + 1 }, { from; to_ = to }",
        "type t = { from : int; to_ : int }\nlet make ~from ~to_ = { from; to_ = to_ + 1 }, { from; to_ }",
    ),
    (
        "type t = { type : int; at : int }\nlet f typ = { typ; at = 1 }",
        "type t = { typ : int; at : int }\nlet f typ = { typ; at = 1 }",
    ),
    ("type t = { end : int }\nlet f t = t.end + 1", "type t = { end_ : int }\nlet f t = t.end_ + 1"),
]
BLOCKS = [
    (
        (
            "module A = struct\n  module K = struct\n    type t = int\n\n    let compare a b =\n"
            "      match a - b with\n      | 0 -> 0\n      | c -> c\n\n  module S = Set.Make (K)\n\n"
            "  let f = S.empty\nend"
        ),
        (
            "module A = struct\n  module K = struct\n    type t = int\n\n    let compare a b =\n"
            "      match a - b with\n      | 0 -> 0\n      | c -> c\n  end\n\n  module S = Set.Make (K)\n\n"
            "  let f = S.empty\nend"
        ),
    ),
    (
        (
            "let f b n =\n  for y = 0 to n do\n    for x = 0 to y do\n      Buffer.add_char b (Char.chr x)\n"
            "    Buffer.add_char b 'a'\n  done;\n  Buffer.contents b"
        ),
        (
            "let f b n =\n  for y = 0 to n do\n    for x = 0 to y do\n      Buffer.add_char b (Char.chr x)\n    done;\n"
            "    Buffer.add_char b 'a'\n  done;\n  Buffer.contents b"
        ),
    ),
    (
        "let f g n =\n  for y = 0 to n do\n    for x = 0 to y do\n      g x\n    done;\n  n",
        "let f g n =\n  for y = 0 to n do\n    for x = 0 to y do\n      g x\n    done\n  done;\n  n",
    ),
    (
        (
            "let f a b =\n  match a with\n  | None -> (\n    match b with\n    | None -> 0\n    | Some b -> b\n"
            "  | Some a -> a"
        ),
        (
            "let f a b =\n  match a with\n  | None -> (\n    match b with\n    | None -> 0\n    | Some b -> b)\n"
            "  | Some a -> a"
        ),
    ),
]
TWO = [
    (
        "let f a =\n  List.iter (fun x = print_int x) a\nlet g a =\n  for i = 0 to a\n    print_int i\n  done",
        "let f a =\n  List.iter (fun x -> print_int x) a\nlet g a =\n  for i = 0 to a do\n    print_int i\n  done",
    ),
    (
        "type t = { a : int; b : int }\nlet f t = { ...t, a = 1 }",
        "type t = { a : int; b : int }\nlet f t = { t with a = 1 }",
    ),
]
INTERFACES = [
    ("val a : int\nlet b : int", "val a : int\nval b : int", "let a = 1 let b = 2"),
    ("val a : int\nval b int", "val a : int\nval b : int", "let a = 1 let b = 2"),
    ("val a : int\nval b = int", "val a : int\nval b : int", "let a = 1 let b = 2"),
    ("val f : !a:int -> unit -> int", "val f : ?a:int -> unit -> int", "let f ?(a = 1) () = a"),
    ("val a : int\nb : int", "val a : int\nval b : int", "let a = 1 let b = 2"),
    ("val f : int => int", "val f : int -> int", "let f x = x + 1"),
    (
        "module M : sig\n  val a : int\n\nval b : int",
        "module M : sig\n  val a : int\nend\n\nval b : int",
        "module M = struct let a = 1 end let b = 2",
    ),
    ("type t = { a : int, b : int }", "type t = { a : int; b : int }", "type t = { a : int; b : int }"),
]


@pytest.mark.parametrize(
    "pairs",
    [TEXTS, DECLARATIONS, KEYWORDS, SIGNS, TYPES, LEFT_OUT, LANGUAGES, TOKENS, LAYOUT, BLOCKS, NAMES, TWO],
    ids=[
        "texts",
        "declarations",
        "keywords",
        "signs",
        "types",
        "left out",
        "languages",
        "tokens",
        "layout",
        "blocks",
        "names",
        "two",
    ],
)
async def test_what_was_meant_comes_first(pairs: list[tuple[str, str]], typing: Typing, tmp_path: Path) -> None:
    await check_best(syntax_errors, pairs, tmp_path, typing=typing)


async def test_interfaces(typing: Typing, tmp_path: Path) -> None:
    pairs = [(before, after) for before, after, _ in INTERFACES]
    await check_best(syntax_errors, pairs, tmp_path, typing=typing, implementations=[ml for _, _, ml in INTERFACES])


async def test_modules_that_are_not_built_are_taken_as_they_stand(typing: LoneTyping, tmp_path: Path) -> None:
    before = 'let specs =\n  [ "-v", Plan.show, "show;\n    "-q", Plan.hide, "hide" ]\n\nlet n = List.length specs'
    texts = {"plan.ml": "let show = true\nlet hide = not show\n", "a.ml": before}
    [problem] = await problems(texts, tmp_path, Unbuilt(typing.typer))
    found = sorted(await syntax_errors.candidates(problem), key=lambda c: -c.weight)
    assert found[0].changes.texts == {"a.ml": before.replace("show;", 'show";')}
