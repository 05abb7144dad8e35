"""Errors of type that are mended elsewhere: in definitions, signatures and formats, or by another type's operator."""

from pathlib import Path
from types import ModuleType

import pytest

from lsp_aid.repair import (
    coercions,
    containers,
    format_arguments,
    formatters,
    functor_types,
    inline_records,
    logged_messages,
    module_members,
    nested_fields,
    option_errors,
    own_equalities,
    polymorphic_recursion,
    sequence_nodes,
)
from tests.support.one_liners import check_best, check_none

pytestmark = pytest.mark.dune

KEYS = "type key = [ `Up | `Down ]\ntype t = [ key | `Quit ]\nlet name : t -> int = function #key -> 1 | `Quit -> 2\n"
CELLS = "type _ t = Int : int -> int t | Not : bool t -> bool t | If : bool t * 'a t * 'a t -> 'a t\n"
ARMS = "match e with Int n -> n | Not b -> not (eval b) | If (c, a, b) -> if eval c then eval a else eval b"
POOL = "module type S = sig type key type t val empty : t val add : key -> t -> t end\n"
MADE = "struct module M = Set.Make (K) type key = K.t type t = M.t let empty = M.empty let add = M.add end\n"
USED = 'module N = Make (String)\nlet a = N.add "a" N.empty'
MSGF = "(('a, Format.formatter, unit) format -> 'a) -> unit"
LOG = f"module Log = struct\n  let info (msgf : {MSGF}) = msgf Format.eprintf\nend\n"
BASE = "open struct let ( = ) (a : int) b = a = b let ( <> ) (a : int) b = a <> b end\nlet b = 1 = 2 || 1 <> 2\n"
LAZY = "type r = { a : int; b : int }\nlet l = lazy 1\n"
CHAIN = "type error = Other | Unknown_book of string\nlet ( let* ) = Result.bind\nlet f t k : (int, error) result =\n"
PP = "let pp ppf n = Format.pp_print_int ppf n\nlet name = string_of_int\n"
HTTP = "type h = { host : string; port : int }\ntype t = { name : string; http : h }\n"
PPS = "module P = struct let pp = Format.pp_print_int end\n"
BAD = "exception Bad of { line : int; text : string }\n"
BOXES = "type t = Text of string | Rows of { gap : string; rows : string list }\n"
ACTIONS = "type t = Run of { prog : string; args : string list; dir : string option } | Echo of string\n"
TEXTS = "module type S = sig type t val text : t -> string end\nmodule Q (C : S) = struct let f = C.text end\n"
SEEDED = "\nmodule T = Hashtbl.MakeSeeded (K)"
CASES = {
    coercions: [
        (KEYS + "let f (k : key) = name k", KEYS + "let f (k : key) = name (k :> t)"),
    ],
    polymorphic_recursion: [
        (
            CELLS + f"let rec eval (type a) (e : a t) : a = {ARMS}",
            CELLS + f"let rec eval : type a. a t -> a = fun e -> {ARMS}",
        ),
    ],
    functor_types: [
        (
            POOL + f"module Make (K : Set.OrderedType) : S = {MADE}{USED}",
            POOL + f"module Make (K : Set.OrderedType) : S with type key = K.t = {MADE}{USED}",
        ),
        (
            POOL
            + f"module Make (K : Set.OrderedType) : S = {MADE}module N = Make (Int)\n"
            + "let f (g : N.key -> int) = g\nlet b = f abs",
            POOL
            + f"module Make (K : Set.OrderedType) : S with type key = K.t = {MADE}module N = Make (Int)\n"
            + "let f (g : N.key -> int) = g\nlet b = f abs",
        ),
        (
            "module K = struct type t = int let compare = compare end\nmodule M = Map.Make\nlet a = M.empty",
            "module K = struct type t = int let compare = compare end\nmodule M = Map.Make (K)\nlet a = M.empty",
        ),
    ],
    format_arguments: [
        (
            'let line n = Printf.sprintf "%s" n\nlet a = line 3',
            'let line n = Printf.sprintf "%d" n\nlet a = line 3',
        ),
        (
            'let warn file line = Printf.printf "%s:%d" file',
            'let warn file line = Printf.printf "%s:%d" file line',
        ),
        (
            'let warn file line text : unit = Printf.printf "%s:%d %s" file text',
            'let warn file line text : unit = Printf.printf "%s:%d %s" file line text',
        ),
    ],
    formatters: [
        (
            PP + 'let f (n : int) m = Printf.sprintf "%d: %s" m (pp n)',
            PP + 'let f (n : int) m = Format.asprintf "%d: %a" m pp n',
        ),
        (PP + 'let f (n : int) = "a" ^ pp n', PP + 'let f (n : int) = "a" ^ Format.asprintf "%a" pp n'),
        (PP + 'let f n = Format.printf "%a!" name n', PP + 'let f n = Format.printf "%s!" (name n)'),
        (PP + 'let f n = Printf.printf "%a!" pp n', PP + 'let f n = Format.printf "%a!" pp n'),
        (
            PPS
            + 'let f a b = Printf.sprintf "%s, %d" (P.to_string a) b\n'
            + 'let g a = "a" ^ P.to_string a\nlet h l = String.concat "" (List.map P.to_string l)',
            PPS
            + 'let f a b = Format.asprintf "%a, %d" P.pp a b\n'
            + 'let g a = "a" ^ Format.asprintf "%a" P.pp a\n'
            + 'let h l = String.concat "" (List.map (Format.asprintf "%a" P.pp) l)',
        ),
    ],
    inline_records: [
        (
            BAD + 'let f line = raise (Bad (line, "x"))\nlet g h = try h () with Bad (_, text) -> text',
            BAD + 'let f line = raise (Bad { line; text = "x" })\nlet g h = try h () with Bad { text; _ } -> text',
        ),
        (
            ACTIONS + "let f = function Run (prog, _) -> prog | Echo s -> s\nlet g s = Run (s, [])",
            ACTIONS
            + "let f = function Run { prog; _ } -> prog | Echo s -> s\n"
            + "let g s = Run { prog = s; args = []; dir = None }",
        ),
        (
            BOXES + "let f = function Text s -> s | Rows rows -> String.concat rows.gap rows",
            BOXES + "let f = function Text s -> s | Rows rows -> String.concat rows.gap rows.rows",
        ),
    ],
    logged_messages: [
        (
            LOG + 'let f n =\n  Log.info "at %d" n;\n  Log.info "done"',
            LOG + 'let f n =\n  Log.info (fun m -> m "at %d" n);\n  Log.info (fun m -> m "done")',
        ),
    ],
    containers: [
        (
            "let f (s : int Seq.t) = s |> List.map succ |> List.iter print_int",
            "let f (s : int Seq.t) = s |> Seq.map succ |> Seq.iter print_int",
        ),
        (
            "let f (s : int Seq.t) = s |> List.map succ |> List.sort compare",
            "let f (s : int Seq.t) = s |> Seq.map succ |> List.of_seq |> List.sort compare",
        ),
        (
            "let f t = Hashtbl.to_seq_keys t |> List.sort compare",
            "let f t = Hashtbl.to_seq_keys t |> List.of_seq |> List.sort compare",
        ),
        (LAZY + "let f (a : int Lazy.t) b = { a; b }", LAZY + "let f (a : int Lazy.t) b = { a = Lazy.force a; b }"),
        (
            LAZY + "let g ~a ~b : r = { a; b }\nlet f b = let a = l in g ~a ~b",
            LAZY + "let g ~a ~b : r = { a; b }\nlet f b = let a = l in g ~a:(Lazy.force a) ~b",
        ),
    ],
    sequence_nodes: [
        (
            "let f b : int Seq.t = if b then Seq.Nil else Seq.empty",
            "let f b : int Seq.t = if b then Seq.empty else Seq.empty",
        ),
        ("let f b : int Seq.t = Seq.Cons (b, Seq.empty)", "let f b : int Seq.t = (fun () -> Seq.Cons (b, Seq.empty))"),
        (
            "let f (s : int Seq.t) = match s with Seq.Nil -> 0 | Seq.Cons (n, _) -> n",
            "let f (s : int Seq.t) = match s () with Seq.Nil -> 0 | Seq.Cons (n, _) -> n",
        ),
    ],
    nested_fields: [
        (
            HTTP + 'let a host : t = { host; name = "a"; port = 1 }',
            HTTP + 'let a host : t = { http = { host; port = 1 }; name = "a" }',
        ),
        (
            HTTP + "let a (c : t) = { c with port = 1 }",
            HTTP + "let a (c : t) = { c with http = { c.http with port = 1 } }",
        ),
        (
            HTTP + "let a { name; port; _ } = name, port",
            HTTP + "let a { name; http = { port; _ }; _ } = name, port",
        ),
        (
            HTTP + "let a ({ name; host; _ } : t) = name ^ host",
            HTTP + "let a ({ name; http = { host; _ }; _ } : t) = name ^ host",
        ),
    ],
    option_errors: [
        (
            CHAIN + "  let* book = List.assoc_opt k t in Ok book",
            CHAIN + "  let* book = Option.to_result ~none:(Unknown_book k) (List.assoc_opt k t) in Ok book",
        ),
        (
            CHAIN.replace("Other | Unknown_book of string", "Full | Not_found") + "  List.assoc_opt k t",
            CHAIN.replace("Other | Unknown_book of string", "Full | Not_found")
            + "  Option.to_result ~none:Not_found (List.assoc_opt k t)",
        ),
    ],
    module_members: [
        (
            "module K = struct type t = int let equal = ( = ) let hash _ k = k end" + SEEDED,
            "module K = struct type t = int let equal = ( = ) let seeded_hash _ k = k end" + SEEDED,
        ),
        (
            TEXTS + "module K = struct type t = int let min = min end\nmodule R = Q (K)",
            TEXTS + "module K = struct type t = int let min = min let text = string_of_int end\nmodule R = Q (K)",
        ),
    ],
    own_equalities: [
        (BASE + 'let f a = a = "x"', BASE + 'let f a = String.equal a "x"'),
        (BASE + "let f a = String.trim a <> a", BASE + "let f a = not (String.equal (String.trim a) a)"),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_what_a_maintainer_does_comes_first(family: ModuleType, tmp_path: Path) -> None:
    await check_best(family, CASES[family], tmp_path)  # type: ignore[arg-type]


async def test_what_is_none_of_them_is_left_alone(tmp_path: Path) -> None:
    sources = ["let f a = a + true", 'let f a = 1 = (a ^ "")', "let f (a : [ `A ]) : [ `B ] = a"]
    for family in CASES:
        await check_none(family, sources, tmp_path / family.__name__)  # type: ignore[arg-type]
