(* The first error of a text that differs in a few items from one that was checked before.

   The items before those are typed one by one, once, and kept with the environment behind each. What has changed is
   typed there: where that fails, it is what typing the whole would fail with, after the same warnings. Where it does
   not fail, that says nothing yet: unused values, doubled names and the interface are seen by typing the whole. *)

type item = Parsetree.structure_item

(* An item that was typed, and what it was like behind it. *)
type step = { item : item; env : Env.t; told : string; back : unit -> unit }

(* Of one unit. [first] goes back to before all items. [steps] are those that are kept, the last first. [items] and
   [text] are what was typed as a whole last, and the first [good] of its items had no error. [place] is where that text
   differed from the one before it. *)
type chain = {
  modname : string;
  path : string;
  base : Env.t;
  first : unit -> unit;
  mutable steps : step list;
  mutable items : item array;
  mutable text : string;
  mutable good : int;
  mutable place : int;
}

(* Goes back, later, to what it is like now. *)
let here () =
  let warnings = Warnings.backup () and moment = Clean.moment () in
  fun () ->
    Clean.back_to moment;
    Warnings.restore warnings

let last : chain option ref = ref None

let chain_of modname path =
  let base = State.env () in
  match !last with
  | Some chain when chain.modname = modname && chain.path = path && chain.base == base -> chain
  | _ ->
    let chain = { modname; path; base; first = here (); steps = []; items = [||]; text = ""; good = 0; place = -2 } in
    last := Some chain;
    chain

(* Goes back to what it was like behind the first [count] steps. *)
let back_to chain count =
  let rec drop n steps = if n <= 0 then steps else drop (n - 1) (List.tl steps) in
  chain.steps <- drop (List.length chain.steps - count) chain.steps;
  match chain.steps with step :: _ -> step.back () | [] -> chain.first ()

let env_behind chain = match chain.steps with step :: _ -> step.env | [] -> chain.base
let type_item env item = snd (Compat.type_items env [ item ])

let keep chain item =
  let start = Telling.length () in
  let env = type_item (env_behind chain) item in
  chain.steps <- { item; env; told = Telling.since start; back = here () } :: chain.steps

(* How many from 0 on are the same, so many at most. *)
let count same most =
  let rec go i = if i < most && same i then go (i + 1) else i in
  go 0

let same (a : item) (b : item) = compare a b = 0

let reads text (item : item) =
  let start = item.pstr_loc.loc_start.pos_cnum and stop = item.pstr_loc.loc_end.pos_cnum in
  if 0 <= start && start <= stop && stop <= String.length text then String.sub text start (stop - start) else ""

(* Types the changed items of a text where they stand. Raises what the compiler raises at them. *)
let type_changed chain items text place =
  let n = Array.length items and before = Array.length chain.items in
  let alike i = reads text items.(n - 1 - i) = reads chain.text chain.items.(before - 1 - i) in
  let ending = count alike (min (n - place) (before - place)) in
  let start = Telling.length () in
  List.iter (fun step -> Telling.add step.told) (List.rev chain.steps);
  for i = List.length chain.steps to place - 1 do
    keep chain items.(i)
  done;
  Clean.undo_to := Btype.snapshot ();
  let env = ref (env_behind chain) in
  for i = place to max place (n - 1 - ending) do
    env := type_item !env items.(i)
  done;
  back_to chain place;
  Telling.back_to start

(* Where the same place is worked at again, looks at it first. Raises what the compiler raises. *)
let look_ahead modname path items text =
  let chain = chain_of modname path in
  let items = Array.of_list items in
  let n = Array.length items in
  let place = count (fun i -> same items.(i) chain.items.(i)) (min n chain.good) in
  let kept = Array.of_list (List.rev_map (fun step -> step.item) chain.steps) in
  let kept = count (fun i -> kept.(i) == items.(i) || same kept.(i) items.(i)) (min place (Array.length kept)) in
  let again = abs (place - chain.place) <= 1 in
  let warnings = Warnings.backup () in
  chain.place <- place;
  back_to chain kept;
  (* What the parser has warned of counts for the whole. *)
  if 0 < place && place < n && (again || kept = place) && Telling.length () = 0 then begin
    type_changed chain items text place;
    Warnings.reset_fatal ()
  end;
  Warnings.restore warnings;
  Typecore.reset_delayed_checks ();
  Clean.undo_to := Btype.snapshot ()

(* How many items are without error, where typing the whole ends with one. *)
let good_before exn path items =
  match (exn, Location.error_of_exn exn) with
  | Warnings.Errors, _ -> List.length items
  | _, Some (`Ok { Location.main = { loc; _ }; _ }) when loc.loc_ghost -> List.length items
  | _, Some (`Ok { Location.main = { loc; _ }; _ }) when loc.loc_start.pos_fname = path ->
    let is_before (item : item) = item.pstr_loc.loc_end.pos_cnum < loc.loc_start.pos_cnum in
    List.length (List.filter is_before items)
  | _ -> 0

(* Types the whole, by [body], and takes note of what it says. *)
let learning modname path items text body =
  let chain = chain_of modname path in
  let note good =
    chain.items <- Array.of_list items;
    chain.text <- text;
    chain.good <- good
  in
  match body () with
  | value ->
    note (List.length items);
    value
  | exception ((Out_of_memory | Stack_overflow) as exn) -> raise exn
  | exception exn ->
    note (good_before exn path items);
    raise exn
