"""Modules that answer, take or hold something else now: one proposal brings along all that use them."""

from pathlib import Path

import pytest

from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.proposal import Level
from lsp_aid.domain.text import Position, Range
from lsp_aid.repair import promised_labels
from tests.support.repair import diagnostic_problem
from tests.support.requires import require
from tests.support.whole_projects import changed, proposals

pytestmark = pytest.mark.dune
MODULES = {
    "mailer.ml": "let send ~about ~body = about ^ body\n",
    "contact.mli": "type t\n\nval make : string -> t\nval name : t -> string\n",
    "contact.ml": "type t = { name : string }\n\nlet make name = { name }\nlet name t = t.name\n",
    "conf.ml": 'exception Missing of string\n\nlet get k = if k = "" then raise (Missing k) else k\n',
    "store.ml": 'let find k = if k = "" then None else Some 1\n',
    "shelf.ml": "type v = Int of int | Text of string\n\nlet get k = if k = 1 then Some (Int k) else None\n",
    "reader.ml": 'let next s = if s = "" then None else Some (1, s)\n',
    "pairs.ml": "let iter f xs = List.iter (fun (k, v) -> f (k, v + 1)) xs\n",
    "limits.ml": "let most = lazy (1 + 1)\n",
    "log.ml": "let now = Atomic.make 0\nlet level () = Atomic.get now\nlet set_level n = Atomic.set now n\n",
    "lru.ml": "module Make (K : Map.OrderedType) = struct\n  let one (k : K.t) = [ k ]\nend\n",
    "yarn.ml": "module type S = sig val gauge : int end\n\nmodule Lace = struct let gauge = 34 end\n"
    "module Bulky = struct let gauge = 13 end\n",
    "swatch.ml": "module Make (Y : Yarn.S) = struct\n  let stitches cm = cm * Y.gauge\nend\n",
    "cache.ml": "type ('k, 'v) t = ('k, 'v) Hashtbl.t\n",
    "text_util.ml": "let words s = String.split_on_char ' ' s\n",
    "dir.ml": "type t = North | South\n\nlet turn = function North -> South | South -> North\n",
}
BEFORE_AND_AFTER = [
    (
        'let f who = Mailer.send { Mailer.about = who; body = "hi" }',
        'let f who = Mailer.send ~about:who ~body:"hi"',
    ),
    ("let f c = c.Contact.name", "let f c = Contact.name c"),
    (
        'let f k = match Conf.get k with Ok v -> v | Error _ -> ""',
        'let f k = match Conf.get k with v -> v | exception Conf.Missing _ -> ""',
    ),
    ("let f k = try Store.find k with Not_found -> 0", "let f k = Option.value (Store.find k) ~default:0"),
    (
        (
            "let g k = try Some (Store.find k) with Not_found -> None\n"
            "let f k = match Store.find k with n -> n + 1 | exception Not_found -> 0"
        ),
        "let g k = Store.find k\nlet f k = match Store.find k with Some n -> n + 1 | None -> 0",
    ),
    (
        "open Shelf\n\nlet f k = match get k with Int n -> n | Text _ -> 1 | exception Not_found -> 0",
        "open Shelf\n\nlet f k = match get k with Some (Int n) -> n | Some (Text _) -> 1 | None -> 0",
    ),
    ("let f k : int option = try Some (Store.find k) with Not_found -> None", "let f k : int option = Store.find k"),
    (
        "let f s = match Reader.next s with Some n -> n * 2 | None -> 0",
        "let f s = match Reader.next s with Some (n, _) -> n * 2 | None -> 0",
    ),
    (
        'let f xs = Pairs.iter (fun k v -> Printf.printf "%s %d" k v) xs',
        'let f xs = Pairs.iter (fun (k, v) -> Printf.printf "%s %d" k v) xs',
    ),
    ("let f n = n + Limits.most", "let f n = n + (Lazy.force Limits.most)"),
    ("let f n = if !Log.level < n then Log.level := n", "let f n = if Log.level () < n then Log.set_level n"),
    ('let f () = Lru.one "a"', 'module Lru = Lru.Make (String)\n\nlet f () = Lru.one "a"'),
    (
        "let bulky_hat = Swatch.stitches 60",
        "module Swatch = Swatch.Make (Yarn.Bulky)\n\nlet bulky_hat = Swatch.stitches 60",
    ),
    (
        'type t = { cache : Cache.t }\n\nlet f t = Hashtbl.find t.cache 1 ^ "a"',
        'type t = { cache : (int, string) Cache.t }\n\nlet f t = Hashtbl.find t.cache 1 ^ "a"',
    ),
    ("let f s = Strings.words s", "let f s = Text_util.words s"),
    ("let f () = Dir.turn `North", "let f () = Dir.turn Dir.North"),
]


async def test_one_proposal_brings_all_files_along(tmp_path: Path) -> None:
    require("dune")
    before = {f"case_{n}.ml": f"{old}\n" for n, (old, _) in enumerate(BEFORE_AND_AFTER)}
    best = (await proposals({**MODULES, **before}, tmp_path))[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.changes.texts == {f"case_{n}.ml": f"{new}\n" for n, (_, new) in enumerate(BEFORE_AND_AFTER)}


async def test_users_follow_what_is_a_functor_now_and_what_is_none_any_more(tmp_path: Path) -> None:
    require("dune")
    names = "let names : (string, int) Lru.t = Lru.create ()\nlet find k = Lru.find names k\n"
    pool = "module P = Pool.Make (Conn)\n\nlet pool = P.create 3\nlet size (p : P.t) = p\n"
    texts = {
        "lru.mli": "module type S = sig\n  type 'a t\n  type key\n  val create : unit -> 'a t\n"
        "  val find : 'a t -> key -> 'a option\nend\n\nmodule Make (K : Hashtbl.HashedType) : S with type key = K.t\n",
        "lru.ml": "module type S = sig\n  type 'a t\n  type key\n  val create : unit -> 'a t\n"
        "  val find : 'a t -> key -> 'a option\nend\n\nmodule Make (K : Hashtbl.HashedType) = struct\n"
        "  include Hashtbl.Make (K)\n  let create () = create 8\n  let find = find_opt\nend\n",
        "sizes.ml": "module Cache = Lru.Make (Int)\n\nlet sizes : int Cache.t = Cache.create ()\n",
        "names.ml": names,
        "conn.ml": "let host = 1\n",
        "pool.ml": "type t = int\n\nlet create n = n + Conn.host\n",
        "users.ml": pool,
    }
    assert await changed(texts, tmp_path) == {
        "names.ml": "module Cache = Lru.Make (String)\n\nlet names : int Cache.t = Cache.create ()\n"
        "let find k = Cache.find names k\n",
        "users.ml": "let pool = Pool.create 3\nlet size (p : Pool.t) = p\n",
    }


async def test_all_files_name_a_module_as_it_is_called_now(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "dune": "(library\n (name blog))\n",
        "text.ml": "(* Was string_utils.ml. *)\nlet slug s = s\nlet words s = [ s ]\n"
        "module Sub = struct let a = 1 end\n",
        "url.ml": "let url s = String_utils.slug s\nlet n = String_utils.Sub.a\n",
        "index.ml": "open String_utils\n\nlet count s = List.length (words s)\n",
        "test/dune": "(test\n (name t)\n (libraries blog))\n",
        "test/t.ml": 'module S = Blog.String_utils\nlet () = assert (S.slug "a" = "a" && Blog.Sizes.both 1 = 3)\n',
        "wide.ml": "let wide n = n + 1\n",
        "high.ml": "let high n = n\n",
        "sizes.ml": "let both n = Size.wide n + Size.high n\n",
    }
    assert await changed(texts, tmp_path) == {
        "url.ml": "let url s = Text.slug s\nlet n = Text.Sub.a\n",
        "index.ml": "open Text\n\nlet count s = List.length (words s)\n",
        "test/t.ml": 'module S = Blog.Text\nlet () = assert (S.slug "a" = "a" && Blog.Sizes.both 1 = 3)\n',
        "sizes.ml": "let both n = Wide.wide n + High.high n\n",
    }


async def test_definitions_follow_the_labels_of_their_types(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "codec.ml": "module type S = sig val write : string -> into:Buffer.t -> unit\n  val f : len:int -> int end\n",
        "plain.ml": "let write s b = Buffer.add_string b s\nlet f = Fun.id\nlet twice s b = write s b; write s b\n",
        "quoted.ml": 'let write s ~into = Buffer.add_string into ("q" ^ s)\nlet f ~len = len + 1\n',
        "all.ml": "let all : (module Codec.S) list = [ (module Quoted); (module Plain) ]\n",
        "pad.mli": "val pad : width:int -> fill:char -> string -> string\n",
        "pad.ml": "let pad s width fill = s ^ String.make (width - String.length s) fill\n",
    }
    assert await changed(texts, tmp_path) == {
        "plain.ml": "let write s ~into:b = Buffer.add_string b s\nlet f ~len = Fun.id len\n"
        "let twice s b = write s ~into:b; write s ~into:b\n",
        "pad.ml": "let pad ~width ~fill s = s ^ String.make (width - String.length s) fill\n",
    }


async def test_definitions_take_all_that_their_types_say(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "command.ml": "type ctx = { deep : bool }\n\nmodule type S = sig val run : ctx -> string list -> int end\n",
        "ls.ml": "let run (ctx : Command.ctx) args = if ctx.deep then List.length args else 0\n",
        "echo.ml": "let run = function [] -> 1 | _ :: _ -> 0\n",
        "say.ml": "let run _args = 1\n",
        "all.ml": "let all : (module Command.S) list = [ (module Ls); (module Echo); (module Say) ]\n",
    }
    assert await changed(texts, tmp_path) == {
        "echo.ml": "let run _ctx = function [] -> 1 | _ :: _ -> 0\n",
        "say.ml": "let run _ctx _args = 1\n",
    }


async def test_what_is_taken_may_stand_in_the_middle_or_at_the_end(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "shape.ml": "module type S = sig val put : string -> bool -> int -> unit val size : string -> int -> int end\n",
        "line.ml": "let put s n = print_string s; print_int n\nlet size s = String.length s\n",
        "all.ml": "let all : (module Shape.S) list = [ (module Line) ]\n",
    }
    assert await changed(texts, tmp_path) == {
        "line.ml": "let put s _ n = print_string s; print_int n\nlet size s _ = String.length s\n",
    }


async def test_a_value_is_what_other_modules_make_of_it(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "event.ml": "type t = Joined of string | Left\n",
        "bus.ml": "let handlers = ref []\nlet subscribe f = handlers := f :: !handlers\n"
        "let publish e = List.iter (fun f -> f e) !handlers\n",
        "jobs.ml": "let waiting = Queue.create ()\nlet push job = Queue.push job waiting\n",
        "worker.ml": "let stop () = Jobs.push (fun () -> 3)\n",
        "leave.ml": "let () = Bus.subscribe ignore; Bus.publish Event.Left\n",
    }
    assert await changed(texts, tmp_path) == {
        "bus.ml": "let handlers : (Event.t -> unit) list ref = ref []\n"
        "let subscribe f = handlers := f :: !handlers\n"
        "let publish e = List.iter (fun f -> f e) !handlers\n",
        "jobs.ml": "let waiting : (unit -> int) Queue.t = Queue.create ()\nlet push job = Queue.push job waiting\n",
    }


async def test_a_value_of_a_library_is_of_a_type_of_another(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "dune": "(executable (name main) (libraries lib myLib))\n",
        "main.ml": "let () = Lib.Bus.publish MyLib.Event.Left\n",
        "event/dune": "(library (name myLib))\n",
        "event/event.ml": "type t = Joined of string | Left\n",
        "lib/dune": "(library (name lib) (libraries myLib))\n",
        "lib/bus.ml": "let handlers = ref []\nlet publish e = List.iter (fun f -> f e) !handlers\n",
    }
    [found] = await proposals(texts, tmp_path)
    assert found.title == "Say what `handlers` is, as `Bus` is used: `(MyLib.Event.t -> unit) list ref`"


async def test_all_definitions_of_a_file_follow_at_once() -> None:
    at = Range(Position(0, 0), Position(0, 1))
    places = [Range(Position(line, 4), Position(line, 7)) for line in (0, 1)]
    values = [("pad", "width", places[0]), ("cut", "size", places[1])]
    message = "Signature mismatch:\n"
    for name, label, _ in values:
        given, wanted = (f"val {name} : {start}int -> string -> string" for start in ("", f"{label}:"))
        message += f"Values do not match:\n  {given}\nis not included in\n  {wanted}\n"
    related = [
        Related(path, place, what)
        for _, _, place in values
        for path, what in (("t.mli", "Expected declaration"), ("t.ml", "Actual declaration"))
    ]
    error = Diagnostic("t.ml", at, Severity.ERROR, message, related=tuple(related))
    texts = {"t.ml": "let pad n s = s ^ string_of_int n\nlet cut n s = String.sub s 0 n\n"}
    [found] = await promised_labels.candidates(diagnostic_problem(texts, error))
    after = "let pad ~width:n s = s ^ string_of_int n\nlet cut ~size:n s = String.sub s 0 n\n"
    assert found.changes.texts == {"t.ml": after}
