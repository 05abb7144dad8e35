"""What the code around tells of a value: how its siblings are treated, what the function takes that it is given to."""

from pathlib import Path
from types import ModuleType

import pytest

from lsp_aid.domain.ports import Typing
from lsp_aid.repair import (
    as_siblings,
    flattened,
    formatters,
    labels_left_out,
    monadic_results,
    optional_values,
    own_wrappers,
    promised_types,
    unit_argument,
    wrapped_branches,
)
from tests.support.one_liners import check_best
from tests.support.repair import problems

pytestmark = pytest.mark.dune

CHAIN = "let ( let* ) = Result.bind\nlet or_bad name raw o = Option.to_result ~none:(name, raw) o\n"
PORT = 'let f s =\n  let* port = int_of_string_opt s |> or_bad "port" s in\n'
NEED = "let need t k = match List.assoc_opt k t with Some v -> Ok v | None -> Error k\n"
READ = (
    "type 'a t = string -> int -> 'a * int\nlet any s i = (s.[i], i + 1)\nlet return x _ i = (x, i)\n"
    "let ( >>= ) p f s i = let x, i = p s i in f x s i\n"
)
TASK = (
    "module Task : sig type 'a t val later : (unit -> 'a) -> 'a t val return : 'a -> 'a t\n"
    "val bind : 'a t -> ('a -> 'b t) -> 'b t end =\n"
    "struct type 'a t = unit -> 'a let return x () = x let later f = f let bind t f () = f (t ()) () end\n"
    "let ( let* ) = Task.bind\n"
)
OPT = "let g n = if n > 0 then Some n else None\n"
BOX = "type t = { wide : float; deep : float }\nlet cm n = float_of_int n /. 100.\n"
OLD = "let f get b = {{ wide = Option.value (get 1) ~default:b.wide; deep = {} }}"
QUERY = "let query ?limit ?(tag = 1) xs = match limit with None -> xs | Some n -> List.filter (( = ) (n + tag)) xs\n"
PAD = 'let pad ~width s = s ^ string_of_int width\nlet a = pad ~width:2 "a"\n'
CASES = {
    as_siblings: [
        (
            CHAIN + PORT + "  let* load = float_of_string_opt s in\n  Ok (port, load)",
            CHAIN + PORT + '  let* load = float_of_string_opt s |> or_bad "load" s in\n  Ok (port, load)',
        ),
        (BOX + "let f n = { wide = cm n; deep = n + 1 }", BOX + "let f n = { wide = cm n; deep = cm (n + 1) }"),
        (BOX + OLD.format("get 2"), BOX + OLD.format("Option.value (get 2) ~default:b.deep")),
        (
            "let f g = let a = match g 1 with Some n -> n | _ -> 0 in let b = g 2 in b + a",
            "let f g = let a = match g 1 with Some n -> n | _ -> 0 in let b = G in b + a".replace(
                "G", "match g 2 with Some n -> n | _ -> 0"
            ),
        ),
    ],
    optional_values: [
        (
            QUERY + "let f ?limit xs = query ~limit xs\nlet g ?limit xs = f ?limit (query ~limit xs)",
            QUERY + "let f ?limit xs = query ?limit xs\nlet g ?limit xs = f ?limit (query ?limit xs)",
        ),
        (QUERY + "let f ?tag xs = query ~tag xs", QUERY + "let f ?tag xs = query ?tag xs"),
        ("let f ?width s = String.make width s", "let f ?(width = 0) s = String.make width s"),
    ],
    own_wrappers: [
        (
            CHAIN + NEED + "let f t = let* a = need t 1 in let* b = List.assoc_opt 2 t in Ok (a + b)",
            CHAIN + NEED + "let f t = let* a = need t 1 in let* b = need t 2 in Ok (a + b)",
        ),
    ],
    monadic_results: [
        (
            READ + "let f : (char * int) t = any >>= fun c -> any >>= fun d -> (c, Char.code d)",
            READ + "let f : (char * int) t = any >>= fun c -> any >>= fun d -> return (c, Char.code d)",
        ),
        (
            TASK + "let f t = let* n = t in if n > 0 then (n, 1) else Task.return (0, 0)",
            TASK + "let f t = let* n = t in if n > 0 then Task.return (n, 1) else Task.return (0, 0)",
        ),
        (
            TASK + "let f t = Task.bind t (fun n -> n + 1)",
            TASK + "let f t = Task.bind t (fun n -> Task.return (n + 1))",
        ),
    ],
    flattened: [
        (
            "let f xs = List.map int_of_string_opt xs\nlet g xs = List.fold_left ( + ) 0 (f xs)",
            "let f xs = List.filter_map int_of_string_opt xs\nlet g xs = List.fold_left ( + ) 0 (f xs)",
        ),
        (
            "let f o : int option = o |> Option.map int_of_string_opt",
            "let f o : int option = Option.bind o int_of_string_opt",
        ),
        (
            "let f s : int option = s |> int_of_string_opt |> Option.map (List.nth_opt [ 1 ])",
            "let f s : int option = s |> int_of_string_opt |> Option.map (List.nth_opt [ 1 ]) |> Option.join",
        ),
        (
            OPT + "let f s : int option = int_of_string_opt s |> Fun.flip Option.bind g |> Option.map g",
            OPT + "let f s : int option = int_of_string_opt s |> Fun.flip Option.bind g |> Fun.flip Option.bind g",
        ),
        (
            "let f o = match Option.map int_of_string_opt o with Some n -> n + 1 | None -> 0",
            "let f o = match Option.bind o int_of_string_opt with Some n -> n + 1 | None -> 0",
        ),
        (
            "let f t k = match Hashtbl.find t k with Some v -> v | None -> Hashtbl.add t k 1; 1",
            "let f t k = match Hashtbl.find_opt t k with Some v -> v | None -> Hashtbl.add t k 1; 1",
        ),
    ],
    unit_argument: [
        (
            "let make ?(a = 1) () = ref a\nlet f () = let r = make in incr r; !r",
            "let make ?(a = 1) () = ref a\nlet f () = let r = make () in incr r; !r",
        ),
        (
            "let make ?(a = 1) () = ref a\nlet f a = incr (make ~a)",
            "let make ?(a = 1) () = ref a\nlet f a = incr (make ~a ())",
        ),
    ],
    wrapped_branches: [
        (
            "let ( let* ) = Option.bind\nlet f = function\n  | [] -> 0\n  | w :: _ -> let* n = w in Some (n + 1)",
            "let ( let* ) = Option.bind\nlet f = function\n  | [] -> Some 0\n  | w :: _ -> let* n = w in Some (n + 1)",
        ),
        (
            (
                "let ( let* ) = Option.bind\nlet rec f = function\n  | [] -> []\n"
                "  | w :: ws -> let* n = w in let* ns = f ws in Some (n :: ns)"
            ),
            (
                "let ( let* ) = Option.bind\nlet rec f = function\n  | [] -> Some []\n"
                "  | w :: ws -> let* n = w in let* ns = f ws in Some (n :: ns)"
            ),
        ),
    ],
    labels_left_out: [
        (
            f'{PAD}let f n = pad "b" 3 ^ pad n 4',
            f'{PAD}let f n = pad ~width:3 "b" ^ pad ~width:4 n',
        ),
        (
            "module L = ListLabels\nlet f xs = xs |> L.filter (fun x -> x > 1)",
            "module L = ListLabels\nlet f xs = xs |> L.filter ~f:(fun x -> x > 1)",
        ),
        (
            "module L = ListLabels\nlet f xs = xs |> L.fold_left 0 ( + )\nlet g xs = xs |> L.fold_left 1 ( * )",
            (
                "module L = ListLabels\nlet f xs = xs |> L.fold_left ~init:0 ~f:( + )\n"
                "let g xs = xs |> L.fold_left ~init:1 ~f:( * )"
            ),
        ),
        (
            "let f ?d ~a ~b c = (d = Some a) :: (b = c) :: []\nlet g x y z = f x y z = []",
            "let f ?d ~a ~b c = (d = Some a) :: (b = c) :: []\nlet g x y z = f ~a:x ~b:y z = []",
        ),
    ],
    formatters: [
        (
            'let pp ppf n = Format.pp_print_int ppf n\nlet f a n = Format.printf "%d: %s" a pp n',
            'let pp ppf n = Format.pp_print_int ppf n\nlet f a n = Format.printf "%d: %a" a pp n',
        ),
        (
            'let pp ppf n = Format.pp_print_int ppf n\nlet f n = "a" ^ pp n',
            'let pp ppf n = Format.pp_print_int ppf n\nlet f n = "a" ^ Format.asprintf "%a" pp n',
        ),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_what_a_maintainer_does_comes_first(family: ModuleType, tmp_path: Path, strict_typing: Typing) -> None:
    await check_best(family, CASES[family], tmp_path, typing=strict_typing)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("promised", "source", "wanted"),
    [
        ("string -> string", "let f s =\n  let b = Bytes.of_string s in\n  b", "Bytes.to_string b"),
        (
            "int -> int option",
            "let g n = if n > 0 then Some n else None\nlet f n = g n |> Option.map g",
            "Option.bind (g n) g",
        ),
        (
            "most:int -> int",
            "let f ~most = let n = ref 0 in while n < most do incr n done; !n",
            "f ~most = let n = ref 0 in while !n < most",
        ),
        ("?n:int -> string -> int list", "let f ?(n = 1) s = Seq.return (n + String.length s)", "List.of_seq"),
    ],
)
async def test_an_implementation_is_brought_to_what_its_interface_promises(
    promised: str, source: str, wanted: str, tmp_path: Path, strict_typing: Typing
) -> None:
    texts = {"case.mli": f"val f : {promised}\n", "case.ml": f"{source}\n"}
    (problem,) = await problems(texts, tmp_path, strict_typing)
    best = max(await promised_types.candidates(problem), key=lambda candidate: candidate.weight)
    assert wanted in (best.changes.texts["case.ml"] or "")
    assert promised not in (best.changes.texts["case.ml"] or "")


async def test_a_function_is_brought_to_what_it_is_called_with(tmp_path: Path, strict_typing: Typing) -> None:
    texts = {
        "tries.ml": "let f ~most g = let n = ref 0 in while n < most && g () do incr n done\n",
        "case.ml": "let a g = Tries.f ~most:3 g\n",
    }
    (problem,) = await problems(texts, tmp_path, strict_typing)
    best = max(await promised_types.candidates(problem), key=lambda candidate: candidate.weight)
    assert best.changes.texts == {"tries.ml": texts["tries.ml"].replace("while n", "while !n")}
