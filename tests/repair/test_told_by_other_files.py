"""What a file lacks, or hides, where other files of the project say what was meant."""

from pathlib import Path

import pytest

from lsp_aid.domain.ports import Typing
from lsp_aid.repair import (
    aliases_left_out,
    functor_types,
    getters,
    includes_left_out,
    inline_records,
    misspelt_name,
    module_members,
    opens_left_out,
    renamed_constructors,
    turned_everywhere,
)
from lsp_aid.repair.family import Family
from tests.support.one_liners import check_best
from tests.support.repair import candidates_of, problems

pytestmark = pytest.mark.dune

SPAN = {
    "span.mli": "type t\nval make : int -> t\nval start : t -> int\n",
    "span.ml": "type t = { start : int }\nlet make start = { start }\nlet start t = t.start\n",
}
GRAPH = "module type S = sig type vertex type t val one : vertex -> t end\n"
VERTEX = "module type V = sig type t end\n"
CHANNEL = "module type S = sig val id : string val size : int end\n"
MISSING = "exception Missing of { bucket : string; key : string }\n"
CACHE = "type cache = { name : string; size : int }\n"
BOX = {
    "box.mli": "type 'a t\nval make : unit -> 'a t\nval put : 'a t -> 'a -> bool\nval pop : 'a t -> 'a option\n",
    "box.ml": (
        "type 'a t = 'a Queue.t\nlet make = Queue.create\n"
        "let put t x = Queue.push x t; true\nlet pop = Queue.take_opt\n"
    ),
}


@pytest.mark.parametrize(
    ("family", "texts", "after"),
    [
        (
            getters,
            {**SPAN, "a.ml": "type t = { span : Span.t; n : int }\nlet f t = t.n + t.span.start\n"},
            {"a.ml": "type t = { span : Span.t; n : int }\nlet f t = t.n + Span.start t.span\n"},
        ),
        (
            includes_left_out,
            {
                "a.ml": "module String = struct\n  let words s = split_on_char ' ' s\nend\n",
                "b.ml": "let f = List.length\n",
            },
            {"a.ml": "module String = struct\n  include String\n\n  let words s = split_on_char ' ' s\nend\n"},
        ),
        (
            includes_left_out,
            {
                "a.ml": (
                    "module Map = Map.Make (Int)\n"
                    "module Set = struct let flip x s = if mem x s then remove x s else s end\n"
                )
            },
            {
                "a.ml": (
                    "module Map = Map.Make (Int)\n"
                    "module Set = struct include Set.Make (Int) let flip x s = if mem x s then remove x s else s end\n"
                )
            },
        ),
        (
            includes_left_out,
            {
                "a.mli": "module List : sig val last : 'a list -> 'a end\n",
                "a.ml": "module List = struct let last xs = List.(hd (rev xs)) end\n",
                "b.ml": "open A\nlet f = List.length\n",
            },
            {
                "a.mli": (
                    "module List : sig include module type of struct include List end val last : 'a list -> 'a end\n"
                ),
                "a.ml": "module List = struct include List let last xs = List.(hd (rev xs)) end\n",
            },
        ),
        (
            renamed_constructors,
            {
                "a.ml": "type t = Leaf of int | Node of t * t | Nil\n",
                "b.ml": "open A\nlet one = Tip 1\nlet f = function Tip n -> n | Node _ | Nil -> 0\n",
                "c.ml": "let rec f = function A.Node (a, b) -> A.Node (f b, f a) | t -> t\n",
            },
            {"b.ml": "open A\nlet one = Leaf 1\nlet f = function Leaf n -> n | Node _ | Nil -> 0\n"},
        ),
        (
            renamed_constructors,
            {
                "a.ml": "type t = Empty | Full of int | Partly of int * int\n",
                "b.ml": "let f : A.t = A.Blank\nlet g n : A.t = A.(if n > 0 then Full n else Partly (n, n))\n",
            },
            {"b.ml": "let f : A.t = A.Empty\nlet g n : A.t = A.(if n > 0 then Full n else Partly (n, n))\n"},
        ),
        (
            misspelt_name,
            {"a.ml": "type t = { max_attempts : int; wait : int }\n", "b.ml": "let f p = p.A.max_retries\n"},
            {"b.ml": "let f p = p.A.max_attempts\n"},
        ),
        (
            misspelt_name,
            {
                "a.ml": "let mean a = a\n",
                "b.ml": "let median a = a\n",
                "c.ml": "let f x = A.mean (A.median x)\n",
            },
            {"c.ml": "let f x = A.mean (B.median x)\n"},
        ),
        (
            opens_left_out,
            {
                "syn.ml": 'let ( let* ) = Result.bind\nlet fail s = Error ("no " ^ s)\n',
                "a.ml": "open Syn\n\nlet f a = fail a\n",
                "b.ml": "(** B *)\n\nlet f a = fail a\nlet g a = let* b = f a in Ok (b + 1)\n",
            },
            {"b.ml": "(** B *)\n\nopen Syn\n\nlet f a = fail a\nlet g a = let* b = f a in Ok (b + 1)\n"},
        ),
        (
            opens_left_out,
            {
                "shape.ml": "type t = Dot | Line of int\n",
                "a.ml": "let a = function Dot -> 0 | Line n -> n\nlet b n = Line n\n",
            },
            {"a.ml": "open Shape\n\nlet a = function Dot -> 0 | Line n -> n\nlet b n = Line n\n"},
        ),
        (
            aliases_left_out,
            {
                "names.ml": "module Map = Map.Make (String)\nmodule Set = Set.Make (String)\n",
                "a.ml": "module Set = Names.Set\n\nlet a = Set.empty\n",
                "b.ml": "let f (m : int Map.t) = Map.cardinal m\n",
            },
            {"b.ml": "module Map = Names.Map\n\nlet f (m : int Map.t) = Map.cardinal m\n"},
        ),
        (
            aliases_left_out,
            {
                "names.ml": "module Map = Map.Make (String)\n",
                "a.ml": "let a = Names.Map.empty\n",
                "b.ml": "let f (m : int Map.t) = Map.cardinal m\n",
            },
            {"b.ml": "let f (m : int Names.Map.t) = Names.Map.cardinal m\n"},
        ),
        (
            misspelt_name,
            {"place.ml": "type t = { lon : float; lat : float }\n", "b.ml": "let f p = p.Place.latitude\n"},
            {"b.ml": "let f p = p.Place.lat\n"},
        ),
        (
            functor_types,
            {
                "clock.ml": "module type S = sig val now : unit -> int end\nmodule Fake = struct let now () = 1 end\n"
                "module Real : S = struct let now () = 2 end\n",
                "a.ml": "module Make (C : Clock.S) = struct let old n = C.now () > n end\n",
                "b.ml": "module Old = A.Make\n\nlet f n = Old.old n\n",
            },
            {"b.ml": "module Old = A.Make (Clock.Real)\n\nlet f n = Old.old n\n"},
        ),
        (
            functor_types,
            {
                "intf.ml": VERTEX + GRAPH,
                "a.mli": "module Make (V : Intf.V) : Intf.S\n",
                "a.ml": "module Make (X : Intf.V) = struct type vertex = X.t type t = X.t list let one v = [ v ] end\n",
            },
            {"a.mli": "module Make (V : Intf.V) : Intf.S with type vertex = V.t\n"},
        ),
        (
            functor_types,
            {
                "intf.ml": VERTEX + GRAPH,
                "a.mli": "module type S = Intf.S\nmodule Make (V : Intf.V) : S\n",
                "a.ml": "include Intf\nmodule Make (X : V) = struct\n"
                "  type vertex = X.t type t = X.t list let one v = [ v ]\nend\n",
            },
            {"a.mli": "module type S = Intf.S\nmodule Make (V : Intf.V) : S with type vertex = V.t\n"},
        ),
        (
            functor_types,
            {
                "a.mli": VERTEX + "module Make (X : V) : sig type v type t val one : v -> t end\n",
                "a.ml": VERTEX + "module Make (X : V) = struct type v = X.t type t = X.t list let one v = [ v ] end\n",
            },
            {"a.mli": VERTEX + "module Make (X : V) : sig type v = X.t type t val one : v -> t end\n"},
        ),
        (
            module_members,
            {
                "channel.ml": CHANNEL,
                "mail.ml": 'let id = "mail"\nlet size = 9\n',
                "text_message.ml": "let size = 1\n",
                "web_hook.ml": 'let id = "web-hook"\nlet size = 4\n',
                "all.ml": "let all = [ (module Mail : Channel.S); (module Text_message); (module Web_hook) ]\n",
            },
            {"text_message.ml": 'let id = "text-message"\nlet size = 1\n'},
        ),
        (
            module_members,
            {
                "channel.ml": CHANNEL,
                "mail.ml": 'let size = 9\nlet id = "Mail"\n',
                "sms.mli": "val size : int\n",
                "sms.ml": "let size = 1\n",
                "all.ml": "let all = [ (module Mail : Channel.S); (module Sms : Channel.S) ]\n",
            },
            {"sms.ml": 'let size = 1\nlet id = "Sms"\n', "sms.mli": "val size : int\nval id : string\n"},
        ),
        (
            module_members,
            {
                "driver.ml": "module type S = sig type t val make : int -> t val close : t -> unit end\n",
                "mem.mli": "type t\nval make : int -> t\nval stop : t -> unit\n",
                "mem.ml": "type t = int ref\nlet make = ref\nlet stop t = t := 0\n",
                "all.ml": "let all = [ (module Mem : Driver.S) ]\n",
                "user.ml": "let f () = Mem.make 1 |> Mem.stop\n",
            },
            {
                "mem.mli": "type t\nval make : int -> t\nval close : t -> unit\n",
                "mem.ml": "type t = int ref\nlet make = ref\nlet close t = t := 0\n",
                "user.ml": "let f () = Mem.make 1 |> Mem.close\n",
            },
        ),
        (
            getters,
            {
                **{f"lib/{path}": text for path, text in SPAN.items()},
                "lib/dune": "(library (name text))\n",
                "lib/edit.ml": "type t = { span : Span.t }\n",
                "bin/dune": "(executable (name main) (libraries text))\n",
                "bin/main.ml": "let f (e : Text.Edit.t) = e.span.start\nlet () = ignore f\n",
            },
            {"bin/main.ml": ("let f (e : Text.Edit.t) = Text.Span.start e.span\nlet () = ignore f\n")},
        ),
        (
            turned_everywhere,
            {
                **BOX,
                "jobs.ml": 'type job = { name : string }\nlet f box job = if Box.put job box then "" else job.name\n',
                "mail.ml": "type t = { inbox : string Box.t }\nlet f t mail = Box.put mail t.inbox\n",
                "right.ml": "let f box x = Box.put box x && Box.pop box = None\nlet g x y = Box.put x y\n",
            },
            {
                "jobs.ml": 'type job = { name : string }\nlet f box job = if Box.put box job then "" else job.name\n',
                "mail.ml": "type t = { inbox : string Box.t }\nlet f t mail = Box.put t.inbox mail\n",
            },
        ),
        (
            turned_everywhere,
            {
                "names.ml": "type t = (string, int) Hashtbl.t\n",
                "a.ml": 'let f (names : Names.t) s = Hashtbl.mem s names || s = ""\n',
                "b.ml": "let f (names : Names.t) s = Hashtbl.find_opt s names\nlet g h = Hashtbl.mem h 1\n",
            },
            {
                "a.ml": 'let f (names : Names.t) s = Hashtbl.mem names s || s = ""\n',
                "b.ml": "let f (names : Names.t) s = Hashtbl.find_opt names s\nlet g h = Hashtbl.mem h 1\n",
            },
        ),
        (
            turned_everywhere,
            {
                "pool.mli": "type t\nval put : t -> string -> int -> t\nval get : t -> string -> t\n",
                "pool.ml": "type t = int\nlet put t _ n = t + n\nlet get t _ = t\n",
                "a.ml": 'let f p n = p |> Pool.put "a" n\nlet g p = f (Pool.put "b" 1 p) 2\n',
                "b.ml": "let f p name = Pool.get name p\nlet g pool = Pool.get pool\nlet h x y = Pool.get x y\n",
            },
            {
                "a.ml": 'let f p n = Pool.put p "a" n\nlet g p = f (Pool.put p "b" 1) 2\n',
                "b.ml": "let f p name = Pool.get p name\nlet g pool = Pool.get pool\nlet h x y = Pool.get x y\n",
            },
        ),
    ],
)
async def test_another_file_says_it(
    family: Family, texts: dict[str, str], after: dict[str, str], tmp_path: Path
) -> None:
    [found] = await candidates_of(family, texts, tmp_path)
    assert found[0].changes.texts == after


async def test_a_module_that_the_file_names_is_not_opened(tmp_path: Path) -> None:
    before = "let a = Level.High\nlet b = Low\nlet c = function High -> 1 | Low -> 2\n"
    [problem] = await problems({"level.ml": "type t = High | Low\n", "a.ml": before}, tmp_path)
    assert not await opens_left_out.candidates(problem)


async def test_what_an_inline_record_lacks_is_at_hand(strict_typing: Typing, tmp_path: Path) -> None:
    before = CACHE + MISSING + "let f c key = if c.size = 0 then raise (Missing key) else c.name ^ key"
    after = (
        CACHE + MISSING + "let f c key = if c.size = 0 then raise (Missing { bucket = c.name; key }) else c.name ^ key"
    )
    beside = MISSING + "let f bucket key = if bucket = key then raise (Missing key)"
    punned = MISSING + "let f bucket key = if bucket = key then raise (Missing { bucket; key })"
    await check_best(inline_records, [(before, after), (beside, punned)], tmp_path, typing=strict_typing)


async def test_of_two_fields_none_is_taken(strict_typing: Typing, tmp_path: Path) -> None:
    two = "type cache = { name : string; path : string }\n"
    text = two + MISSING + "let f c key = if c.name = c.path then raise (Missing key)\n"
    [problem] = await problems({"a.ml": text}, tmp_path, strict_typing)
    assert not await inline_records.candidates(problem)
