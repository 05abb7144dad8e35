(* A check starts clean, in the same process as the one before.

   The compiler's global state is put back as its toplevel does between two phrases, one of which may have failed; the
   interfaces that were read stay, as they do there. What counts up, such as the numbers of identifiers, goes on: the
   interfaces that stay have some of them. The one number that is seen outside is that of weak type variables, and it is
   put right in the texts. *)

(* How many weak type variables were given a name before. *)
let weak_before = ref 0

let digit c = '0' <= c && c <= '9'

(* Calls [f] for each number behind [_weak] in a text, with where it starts and ends. *)
let iter_weak f text =
  let mark = "_weak" in
  let n = String.length text and m = String.length mark in
  let rec go i =
    match String.index_from_opt text i '_' with
    | Some i when i + m < n && String.sub text i m = mark && digit text.[i + m] ->
      let rec last j = if j < n && digit text.[j] && j < i + m + 15 then last (j + 1) else j in
      let stop = last (i + m) in
      f (i + m) stop (int_of_string (String.sub text (i + m) (stop - i - m)));
      go stop
    | Some i -> go (i + 1)
    | None -> ()
  in
  go 0

let count_weak () =
  let shown = Format.asprintf "%a" Printtyp.type_scheme (Ctype.newvar ()) in
  iter_weak (fun _ _ number -> weak_before := number) shown

let renumbered text =
  let buffer = Buffer.create (String.length text) and at = ref 0 in
  iter_weak
    (fun start stop number ->
      if number > !weak_before then begin
        Buffer.add_string buffer (String.sub text !at (start - !at));
        Buffer.add_string buffer (string_of_int (number - !weak_before));
        at := stop
      end)
    text;
  if !at = 0 then text
  else begin
    Buffer.add_string buffer (String.sub text !at (String.length text - !at));
    Buffer.contents buffer
  end

(* A moment to go back to: all that typing does to types after it is undone then. *)
type 'snapshot moment = { number : int; snapshot : 'snapshot }

let moments = ref 0

let moment () =
  incr moments;
  { number = !moments; snapshot = Btype.snapshot () }

(* Told the number of the moment that was gone back to: what was typed after it is not to be used again. *)
let went_back : (int -> unit) ref = ref ignore

let back_to moment =
  Btype.backtrack moment.snapshot;
  !went_back moment.number

let start () =
  Unix.chdir !State.here;
  Env.reset_cache_toplevel ();
  Env.reset_required_globals ();
  Typecore.reset_delayed_checks ();
  Btype.cleanup_abbrev ();
  Cmt_format.set_saved_types [];
  Warnings.reset_fatal ();
  Compat.forget ()

(* What a check that fails is to go back to: what it did to the types that stay is undone. *)
let undo_to = ref (Btype.snapshot ())

let undo () = Btype.backtrack !undo_to

let run body =
  let warnings = Warnings.backup () in
  count_weak ();
  start ();
  undo_to := Btype.snapshot ();
  Fun.protect ~finally:(fun () -> Warnings.restore warnings) body
