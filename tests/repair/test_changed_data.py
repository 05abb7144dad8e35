"""A type has changed its shape, and what makes, compares and converts its values follows."""

from pathlib import Path
from types import ModuleType

import pytest
from attrs import evolve, field, frozen

from lsp_aid.domain.ports import Typing
from lsp_aid.domain.proposal import Kind
from lsp_aid.repair import (
    constants_for_variants,
    definitions_follow,
    makers,
    matched_options,
    options_for_sentinels,
    records,
    records_for_arguments,
    records_for_tuples,
    undone_conversions,
)
from lsp_aid.repair.family import Family
from tests.support.one_liners import check_best
from tests.support.repair import PROJECT, Texts, candidates_of, problems
from tests.support.requires import require
from tests.support.whole_projects import proposals

pytestmark = pytest.mark.dune

LEVEL = (
    "type level = Low | Mid | Very_high\nlet code = function Low -> 1 | Very_high -> 2 | Mid -> 3\n"
    "let put (l : level) s = code l + s\n"
)
USER = (
    "module User : sig type t = private { id : int; name : string } val v : id:int -> string -> t\n"
    "val set_name : t -> string -> t end = struct type t = { id : int; name : string }\n"
    "let v ~id name = { id; name } let set_name t name = { t with name } end\n"
)
SPAN = (
    "module Span : sig type t = private { start : int; stop : int } val make : int -> int -> t end = struct\n"
    "type t = { start : int; stop : int } let make start stop = { start; stop } end\ntype s = { w : Span.t }\n"
)
CALL = (
    "type call = { nr : string option; at : int }\nlet int = int_of_string\n"
    'let ring n ~nr m = String.length (Option.value nr ~default:"") + n + m\n'
)
OTHERS = (
    'module L = struct type t = { id : int; name : string } let a = "a" end\ntype t = { id : int; name : string }\n'
    "let a id = { L.id; name = L.a }\nlet b id = { id; name = L.a }\n"
)
STEP = (
    "module Step : sig type t = private { at : int option; n : int } val make : ?at:int -> int -> t end = struct\n"
    "  type t = { at : int option; n : int }\n  let make ?at n = { at; n }\nend\n"
)
CENTS = (
    "module Cents : sig type t = private C of int val of_int : int -> t end =\n"
    "struct type t = C of int let of_int n = C n end\n"
)
MILES = (
    "module Miles : sig type t val of_float : float -> t val to_float : t -> float end =\n"
    "struct type t = float let of_float = Fun.id let to_float = Fun.id end\n"
    "type road = { long : Miles.t; parts : Miles.t list }\n"
)
TASK = (
    "type task = { due : int option; who : string option }\n"
    'let who t = match t.who with None -> "?" | Some who -> who\n'
)
ID = "type id = Id of string\nlet of_text s = Id s\ntype user = { id : id; rest : id list }\nlet show (Id s) = s\n"
JOB = (
    "module Job = struct\n  type rank = Low | High\n  type t = { id : int; rank : rank }\n"
    "  let default_rank = Low\n  let urgent id = { id; rank = High }\nend\n"
)
POST = (
    "module Post = struct\n  module Tags = Map.Make (String)\n  type state = Draft | Public\n"
    "  type t = { text : string; state : state; tags : int Tags.t }\n"
    "  let make ?(state = Draft) text = { text; state; tags = Tags.empty }\nend\n"
)
PLAN = (
    "type tier = Free | Paid\ntype plan = {\n  name : string;\n  tier : tier;  (* [Free], unless somebody pays *)\n}\n"
)
FRAME = (
    "module Frame = struct\n  type t = { src : int; dst : int; ttl : int; kind : char }\n  let default_ttl = 16\nend\n"
)
CASES = {
    records: [
        (f"{JOB}let f id = {{ Job.id }}", f"{JOB}let f id = {{ Job.id; rank = Job.default_rank }}"),
        (
            f"{POST}let f text = {{ Post.text }}",
            f"{POST}let f text = {{ Post.text; state = Post.Draft; tags = Post.Tags.empty }}",
        ),
        (f"{PLAN}let f name = {{ name }}", f"{PLAN}let f name = {{ name; tier = Free }}"),
        (
            f"{FRAME}let f dst = {{ Frame.src = 1; kind = 'a' }}, dst",
            f"{FRAME}let f dst = {{ Frame.src = 1; dst; ttl = Frame.default_ttl; kind = 'a' }}, dst",
        ),
        (
            f"{FRAME}let f src kind = {{\n  Frame.dst = 1;\n  ttl = 2;\n  kind;\n}}, src",
            f"{FRAME}let f src kind = {{\n  Frame.src;\n  dst = 1;\n  ttl = 2;\n  kind;\n}}, src",
        ),
        (
            f"{FRAME}let f src dst = {{ Frame.kind = 'a'; src; ttl = 1 }}, dst",
            f"{FRAME}let f src dst = {{ Frame.kind = 'a'; src; ttl = 1; dst }}, dst",
        ),
    ],
    constants_for_variants: [
        (f'{LEVEL}let f x = put "low" x + put "very-high" x', f"{LEVEL}let f x = put Low x + put Very_high x"),
        (f"{LEVEL}let f l = put l 0 = 3 || l = 2", f"{LEVEL}let f l = put l 0 = 3 || l = Very_high"),
        (
            f'{LEVEL}let f (l : level) = match l with "low" -> 0 | "very high" -> 5 | _ -> 1',
            f"{LEVEL}let f (l : level) = match l with Low -> 0 | Very_high -> 5 | _ -> 1",
        ),
        (
            f'{LEVEL}let f (l : level) s = match l, s with "low", "mid" | "mid", "low" -> 0 | _, "mid" -> 1 | _ -> 2',
            f'{LEVEL}let f (l : level) s = match l, s with Low, "mid" | Mid, "low" -> 0 | _, "mid" -> 1 | _ -> 2',
        ),
    ],
    definitions_follow: [
        (
            f"{MILES}let half long = long /. 2.\nlet f r = half r.long",
            f"{MILES}let half long = Miles.to_float long /. 2.\nlet f r = half r.long",
        ),
        (
            f"{MILES}let read s = [ float s ]\nlet f r s = {{ r with parts = read s }}",
            f"{MILES}let read s = List.map Miles.of_float [ float s ]\nlet f r s = {{ r with parts = read s }}",
        ),
        (
            f"{MILES}let f r n = let long = float n +. 1. in {{ r with long }}",
            f"{MILES}let f r n = let long = Miles.of_float (float n +. 1.) in {{ r with long }}",
        ),
    ],
    makers: [
        (f'{USER}let f id = {{ User.id; name = "a" }}', f'{USER}let f id = User.v ~id "a"'),
        (
            f"{STEP}let l = [ {{ Step.at = Some 4; n = 2 }}; {{ Step.at = None; n = 1 }} ]",
            f"{STEP}let l = [ Step.make ~at:4 2; Step.make 1 ]",
        ),
        (f'{USER}let f u = {{ u with User.name = "a" }}', f'{USER}let f u = User.set_name u "a"'),
        (
            f"{SPAN}let f s n = {{ s.w with Span.stop = s.w.stop + n }}",
            f"{SPAN}let f s n = Span.make s.w.start (s.w.stop + n)",
        ),
        (f"{SPAN}let f s = {{ s with Span.stop = 1 }}", f"{SPAN}let f s = Span.make s.Span.start 1"),
        (
            f"{USER}{OTHERS}let f id = {{ User.id; name = L.a }}",
            f"{USER}{OTHERS}let f id = User.v ~id L.a",
        ),
        (
            f"{CENTS}let f n = Cents.C n\nlet g n = [ Cents.C (n + 1) ]",
            f"{CENTS}let f n = Cents.of_int n\nlet g n = [ Cents.of_int (n + 1) ]",
        ),
    ],
    options_for_sentinels: [
        (
            f'{CALL}let l = [ {{ nr = "1"; at = 3 }}; {{ nr = ""; at = 0 }} ]',
            f'{CALL}let l = [ {{ nr = Some "1"; at = 3 }}; {{ nr = None; at = 0 }} ]',
        ),
        (
            f'{CALL}let f l = List.filter (fun c -> c.nr <> "") l',
            f"{CALL}let f l = List.filter (fun c -> c.nr <> None) l",
        ),
        (
            f'{CALL}let f c = match c.nr with "" -> [] | "1" | "2" -> [ c.at ] | n -> [ int n ]',
            f'{CALL}let f c = match c.nr with None -> [] | Some "1" | Some "2" -> [ c.at ] | Some n -> [ int n ]',
        ),
        (
            f'{CALL}let f c = if c.nr <> "" then int_of_string c.nr else c.at',
            f"{CALL}let f c = match c.nr with Some nr -> int_of_string nr | None -> c.at",
        ),
        (
            f'{CALL}let f l = List.filter_map (fun c -> if c.nr = "" then None else Some c.nr) l',
            f"{CALL}let f l = List.filter_map (fun c -> c.nr) l",
        ),
        (
            f'{CALL}let f c = ("n", if c.nr = "" then "?" else c.nr)',
            f'{CALL}let f c = ("n", Option.value c.nr ~default:"?")',
        ),
        (
            f'{CALL}let f c = if c.nr = "" then None else Some (int c.nr)',
            f"{CALL}let f c = Option.map int c.nr",
        ),
        (
            f'{CALL}let f c =\n  if c.nr <> "" then Printf.printf "%s" c.nr;\n  c.at',
            f'{CALL}let f c =\n  Option.iter (Printf.printf "%s") c.nr;\n  c.at',
        ),
        (
            f'{CALL}let f l = List.filter_map (fun c -> match c.nr with "" -> None | nr -> Some nr) l',
            f"{CALL}let f l = List.filter_map (fun c -> c.nr) l",
        ),
        (
            f'{CALL}let f l = List.exists (fun c -> c.nr <> "" && int c.nr > 1) l',
            f"{CALL}let f l = List.exists (fun c -> match c.nr with Some nr -> int nr > 1 | None -> false) l",
        ),
        (
            f'{CALL}let f c = ring 1 ~nr:"" c.at + ring 2 ~nr:"a" c.at',
            f'{CALL}let f c = ring 1 ~nr:None c.at + ring 2 ~nr:(Some "a") c.at',
        ),
    ],
    matched_options: [
        (
            f"{TASK}let f t = string_of_int t.due",
            f'{TASK}let f t =\n  match t.due with\n  | None -> "?"\n  | Some due -> string_of_int due',
        ),
        (
            f"{TASK}let f t l = print_int 1; print_string t.who; List.length l",
            f"{TASK}let f t l = print_int 1; Option.iter print_string t.who; List.length l",
        ),
    ],
    undone_conversions: [
        (f"{ID}let f u = show (of_text u.id)", f"{ID}let f u = show u.id"),
        (f"{ID}let f u = List.map show (List.map of_text u.rest)", f"{ID}let f u = List.map show u.rest"),
        (f"{ID}let f u = u.id |> of_text |> show", f"{ID}let f u = u.id |> show"),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_the_likeliest_edit_follows(family: ModuleType, tmp_path: Path, strict_typing: Typing) -> None:
    await check_best(family, CASES[family], tmp_path, typing=strict_typing)


async def test_fields_are_written_as_the_project_writes_them(tmp_path: Path) -> None:
    texts = {
        "range.ml": "type t = { low : int; high : int }\nlet make low high = Some { low; high }\n",
        "a.ml": "let f (r : Range.t) = r.low + r.high\n",
        "b.ml": "let f x = match Range.make x 9 with Some (low, high) -> low + high | None -> 0\n",
    }
    [found] = await candidates_of(records_for_tuples, texts, tmp_path)
    after = "let f x = match Range.make x 9 with Some { low; high } -> low + high | None -> 0\n"
    assert found[0].changes.texts == {"b.ml": after}


async def test_no_case_is_lost_with_a_conversion(tmp_path: Path, strict_typing: Typing) -> None:
    of_string = 'let id_of_string s = if s = "" then None else Some (Id s)\n'
    sources = {
        f"case{number}.ml": f"{ID}{of_string}let f u = match id_of_string u.id with {cases}\n"
        for number, cases in enumerate(
            [
                'Some (Id "a") -> "" | Some id -> show id | None -> "?"',
                'Some id when show id = "" -> "" | Some id -> show id | None -> "?"',
                'Some id -> show id | None -> "?"',
                'None -> "?" | Some _ -> "!"',
            ]
        )
    }
    made = {}
    for problem in await problems(sources, tmp_path, strict_typing):
        found = await undone_conversions.candidates(problem)
        made[problem.diagnostic.path] = [text.splitlines()[-1] for one in found for text in one.changes.texts.values()]
    after = {"case2.ml": ["let f u = let id = u.id in show id"], "case3.ml": ['let f u = let _ = u.id in "!"']}
    assert made == {"case0.ml": [], "case1.ml": [], **after}


async def test_a_field_that_a_maker_has_no_argument_for_is_lost_by_a_guess(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "u.mli": "type t = private { id : int; n : int }\nval make : int -> t\n",
        "u.ml": "type t = { id : int; n : int }\nlet make id = { id; n = 0 }\n",
        "a.ml": "let f id = { U.id; n = 0 }\n",
    }
    best = (await proposals(texts, tmp_path))[0]
    assert (best.changes.texts, best.kind) == ({"a.ml": "let f id = U.make id\n"}, Kind.GUESS)


@frozen
class Counted(Texts):
    """A view that knows what was read of it."""

    seen: list[str] = field(factory=list)

    def read(self, path: str) -> str:
        self.seen.append(path)
        return Texts.read(self, path)


POINT = "type t = { x : int; y : int; z : int; kind : int option }\nlet size p = p.x + p.y\n"
CALL_OF_SIZE = "size ~x:1 ~y:2 ~z:3"


@pytest.mark.parametrize(
    ("family", "few", "many"),
    [
        (records, "{ z = 1; y = 1; kind = None }", "{ z = 1 }"),
        (records_for_arguments, CALL_OF_SIZE, f"{CALL_OF_SIZE} + {CALL_OF_SIZE} + {CALL_OF_SIZE}"),
    ],
    ids=["fields", "calls"],
)
async def test_new_values_are_sought_once_and_only_while_they_are_of_use(
    family: Family, few: str, many: str, tmp_path: Path, strict_typing: Typing
) -> None:
    seen = []
    for number, source in enumerate((few, many)):
        texts = {"a.ml": f"{POINT}let a = {source}\n", "b.ml": "let kind = 1\n"}
        [problem] = await problems(texts, tmp_path / str(number), strict_typing)
        view = Counted({**PROJECT, **texts})
        assert await family.candidates(evolve(problem, view=view))
        seen.append(view.seen.count("b.ml"))
    assert seen[0] == seen[1] > 0
