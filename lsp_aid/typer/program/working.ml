(* One process that checks: it is forked from the program, works off one request after the other, and ends when it is
   told to, when it has grown old, or when what it has read is no longer there. *)

(* What the exit status says. *)
let memory = 3
let broken = 4
let stale = 5

(* After so many texts a fresh process takes its place: some of the compiler's tables only grow. *)
let most_texts = 4000

let unit_of work modname path =
  (* The prefix tells the compiler the unit's name; nothing is ever written there. *)
  { Checking.path; prefix = modname; modname = String.capitalize_ascii modname; work }

let rec pairs = function
  | text :: look :: rest -> (text, int_of_string look) :: pairs rest
  | _ -> []

(* So many from the front, and the rest. *)
let rec apart count = function
  | first :: rest when count > 0 ->
    let found, rest = apart (count - 1) rest in
    (first :: found, rest)
  | rest -> ([], rest)

let rec named = function name :: file :: rest -> (name, file) :: named rest | _ -> []

let given has_interface interface = if has_interface = "1" then Checking.Given interface else Checking.Built

let rec against work = function
  | modname :: path :: provides :: has_interface :: interface :: text :: rest ->
    let unit = unit_of work modname path in
    let fields = Against.one unit (given has_interface interface) text ~provides:(provides = "1") in
    fields @ against work rest
  | _ -> []

(* What is answered, how many texts that took, and whether this process can answer anything else after that. *)
let carry_out work = function
  | "check" :: modname :: path :: show :: has_interface :: interface :: texts ->
    let fields = Checking.check (unit_of work modname path) (given has_interface interface) texts ~show:(show = "1") in
    (fields, List.length texts, has_interface <> "1")
  | "judge" :: modname :: path :: show :: told :: head :: tail :: variants ->
    let variants = pairs variants in
    let show = show = "1" and told = Judging.told_of told in
    let fields = Judging.judge (unit_of work modname path) head variants tail ~show ~told in
    (fields, List.length variants, true)
  | [ "type_at"; modname; path; text; offset ] ->
    let unit = unit_of work modname path in
    (Clean.run (fun () -> Asking.type_at unit text (int_of_string offset)), 1, true)
  | [ "scope_at"; modname; path; text; offset; limit; prefix; within ] ->
    let unit = unit_of work modname path in
    let body () = Asking.scope_at unit text (int_of_string offset) (int_of_string limit) prefix within in
    (Clean.run body, 1, true)
  | "against" :: folder :: flags :: interfaces :: rest ->
    let flags, rest = apart (int_of_string flags) rest in
    let interfaces, units = apart (2 * int_of_string interfaces) rest in
    Against.prepare (Filename.concat work "instead") folder flags (named interfaces);
    let fields = against work units in
    (fields, List.length fields / 6, false)
  | "imports" :: paths -> (List.map Against.imports paths, List.length paths, true)
  | [ "signature"; name ] -> (Clean.run (fun () -> Asking.signature name), 1, true)
  | _ -> failwith "a request of no known shape"

(* Looks whether the heap has grown beyond so many words. *)
let bound words =
  let look () = if (Gc.quick_stat ()).Gc.heap_words > words then Unix._exit memory in
  ignore (Gc.create_alarm look);
  look

let rec remove path =
  match Sys.is_directory path with
  | true ->
    Array.iter (fun name -> remove (Filename.concat path name)) (Sys.readdir path);
    Unix.rmdir path
  | false -> Sys.remove path
  | exception Sys_error _ -> ()

let remove path = try remove path with Sys_error _ | Unix.Unix_error _ -> ()

let must_be_fresh () = if not (State.is_fresh ()) then Unix._exit stale

(* The first field says whether more can be asked, the second which modules were read. *)
let run requests answers work words =
  ignore (Unix.setsid ());
  let too_big = bound words in
  let incoming = Frames.stream requests in
  let rec next left =
    match Frames.receive incoming with
    | None -> Unix._exit 0
    | Some [] -> next left
    | Some (request :: _) ->
      must_be_fresh ();
      let fields, texts, usable =
        match carry_out work request with
        | fields, texts, usable -> ("ok" :: fields, texts, usable)
        | exception Out_of_memory -> Unix._exit memory
        | exception Stack_overflow -> ([ "lost"; "stack" ], 1, false)
        | exception exn -> ([ "lost"; "internal: " ^ Printexc.to_string exn ], 1, false)
      in
      too_big ();
      (* What was read while dune wrote it says nothing. *)
      must_be_fresh ();
      remove work;
      let left = left - texts in
      let old = left <= 0 || (Gc.quick_stat ()).Gc.heap_words > words / 2 in
      let more = usable && not old in
      let learnt = String.concat " " (State.tell_learnt ()) in
      Frames.write_all answers (Frames.encode ((if more then "more" else "last") :: learnt :: fields)) 0;
      if more then next left else Unix._exit 0
  in
  next most_texts
