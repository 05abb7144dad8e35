(* [judge]: many variants of one part of a module. What stands before them is typed once, and what typing a variant does
   to it is undone. Warnings and the interface are not looked at. *)

type verdict = { ok : bool; start : int; stop : int; message : string; shown : string; signature : string }

let type_part env tree = Compat.type_items env tree

(* The error as its place and its text, without what [Location] puts before it. *)
let error_of exn =
  let start, stop =
    match Location.error_of_exn exn with
    | Some (`Ok { Location.main = { loc; _ }; _ }) when loc <> Location.none ->
      (loc.loc_start.pos_cnum, loc.loc_end.pos_cnum)
    | _ -> (-1, -1)
  in
  let _, report = Telling.reported (fun () -> raise exn) in
  let mark = "Error: " in
  let rec find i =
    if i + String.length mark > String.length report then 0
    else if String.sub report i (String.length mark) = mark then i + String.length mark
    else find (i + 1)
  in
  let from = find 0 in
  (start, stop, String.trim (String.sub report from (String.length report - from)))

let failed ?(shown = "") exn =
  let start, stop, message = error_of exn in
  { ok = false; start; stop; message; shown; signature = "" }

(* What is said of an error. Working out the message takes longer than finding the error. *)
type told = Nothing | Start | All

let told_of = function "all" -> All | "start" -> Start | _ -> Nothing

(* The error without its message; it starts where its message says so. *)
let started exn =
  match exn with
  | Typecore.Error (loc, _, _) | Typetexp.Error (loc, _, _) | Env.Error (Env.Lookup_error (loc, _, _)) ->
    let start = loc.loc_start.pos_cnum and stop = loc.loc_end.pos_cnum in
    { ok = false; start; stop; message = ""; shown = ""; signature = "" }
  | exn -> { (failed exn) with message = "" }

(* A head that was typed, the last one, and behind which moment. *)
let last : ((string * string * string) * int * (Env.t, verdict) result) option ref = ref None

let () =
  Clean.went_back := fun moment -> match !last with Some (_, typed, _) when typed >= moment -> last := None | _ -> ()

let type_head u head =
  let key = (u.Checking.modname, u.path, head) in
  match !last with
  | Some (known, _, result) when known = key -> result
  | _ ->
    let typed = !Clean.moments in
    let result =
      match
        let _, env = type_part (State.env ()) (Reading.part Reading.beginning u.path head) in
        Typecore.force_delayed_checks ();
        env
      with
      | env -> Ok env
      | exception ((Out_of_memory | Stack_overflow) as exn) -> raise exn
      | exception exn -> Error (failed exn)
    in
    last := Some (key, typed, result);
    result

(* The type of what stands innermost around an offset, in what was typed or in the parts of it that were. *)
let shown_at path offset typed =
  if offset < 0 then ""
  else begin
    let iterator, found = Asking.around path offset in
    (match typed with
    | Some structure -> iterator.Tast_iterator.structure iterator structure
    | None -> List.iter (Asking.visit_part iterator) (Cmt_format.get_saved_types ()));
    match Asking.inner_first !found with [] -> "" | innermost :: _ -> innermost.Asking.text ()
  end

let variant u env at tail ~show ~told (text, look) =
  let look = if look < 0 then -1 else look + at.Reading.offset in
  Typecore.reset_delayed_checks ();
  Cmt_format.set_saved_types [];
  let typed = ref None in
  match
    let structure, env = type_part env (Reading.part at u.Checking.path text) in
    typed := Some structure;
    let rest, final = type_part env (Lazy.force tail) in
    Typecore.force_delayed_checks ();
    (structure.Typedtree.str_type @ rest.Typedtree.str_type, final)
  with
  | items, final ->
    let signature = if show then Telling.printed Printtyp.signature final items else "" in
    Some { ok = true; start = 0; stop = 0; message = ""; shown = shown_at u.path look !typed; signature }
  | exception ((Out_of_memory | Stack_overflow) as exn) -> raise exn
  | exception exn -> (
    match told with
    | Nothing -> None
    | Start -> Some (started exn)
    | All -> Some (failed ~shown:(shown_at u.path look !typed) exn))

(* What follows the variants is read once, as if it stood far behind: they are of different lengths. *)
let far = 1 lsl 40

(* The part that an error is in, and where. *)
let placed verdict at text =
  let middle = at.Reading.offset in
  let part, base, limit =
    if verdict.start < 0 then (1, verdict.start, verdict.start)
    else if verdict.start < middle then (0, 0, middle)
    else if verdict.start < far then (1, middle, middle + String.length text)
    else (2, far, max_int)
  in
  let start = verdict.start - base in
  List.map string_of_int [ part; start; max start (min verdict.stop limit - base) ]

let fields at text verdict =
  ((if verdict.ok then "ok" else "error") :: placed verdict at text)
  @ [ verdict.message; verdict.shown; verdict.signature ]

let judge u head variants tail ~show ~told =
  if Reading.preprocessed () then failwith "a preprocessor takes whole files alone";
  Clean.run (fun () ->
      ignore (Warnings.parse_options false "-a");
      Checking.begin_unit u ~interface:false;
      let at = Reading.behind Reading.beginning head in
      let tail = lazy (Reading.part { Reading.offset = far; line = at.line; bol = far } u.path tail) in
      let judge_one env (text, look) =
        Clean.undo_to := Btype.snapshot ();
        let verdict = variant u env at tail ~show ~told (text, look) in
        Clean.undo ();
        match verdict with Some verdict -> fields at text verdict | None -> [ "no" ]
      in
      match type_head u head with
      | Ok env -> List.concat_map (judge_one env) variants
      | Error verdict -> List.concat_map (fun (text, _) -> fields at text verdict) variants)
