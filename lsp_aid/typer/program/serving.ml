(* The program: reads requests, forks for each, and passes on what the child says, or what became of it.

     typer FOLDER WORK CHILD_WORDS FLAG...

   FOLDER is where the compiler would be run, WORK a folder of our own, CHILD_WORDS how many words the heap of one
   request may have. Requests come on standard input, answers go to standard output: `ID ok ...` or `ID lost REASON`.
   The first answer, of the id `ready`, says the compiler's version, or which flag it does not know. *)

type child = { id : string; pid : int; pipe : Unix.file_descr; heard : Buffer.t; until : float }

let answers = Unix.dup Unix.stdout
let children : child list ref = ref []

let unit_of work modname path text =
  (* The prefix tells the compiler the unit's name; nothing is ever written there. *)
  { Checking.path; text; prefix = modname; modname = String.capitalize_ascii modname; work }

let carry_out work = function
  | [ "check"; modname; path; text; show; has_interface; interface ] ->
    let given = if has_interface = "1" then Some interface else None in
    Checking.check (unit_of work modname path text) given ~show:(show = "1")
  | [ "type_at"; modname; path; text; offset ] -> Asking.type_at (unit_of work modname path text) (int_of_string offset)
  | [ "scope_at"; modname; path; text; offset; limit; prefix; within ] ->
    Asking.scope_at (unit_of work modname path text) (int_of_string offset) (int_of_string limit) prefix within
  | [ "signature"; name ] -> Asking.signature name
  | _ -> failwith "a request of no known shape"

let imports () = String.concat " " (List.map fst (Env.imports ()))

let bound words =
  let look () = if (Gc.quick_stat ()).Gc.heap_words > words then Unix._exit 3 in
  ignore (Gc.create_alarm look);
  look

let run_child pipe work words request =
  ignore (Unix.setsid ());
  let look = bound words in
  let answer =
    match carry_out work request with
    | fields -> "ok" :: fields
    | exception Out_of_memory -> Unix._exit 3
    | exception Stack_overflow -> [ "lost"; "stack" ]
    | exception exn -> [ "lost"; "internal: " ^ Printexc.to_string exn ]
  in
  look ();
  Frames.write_all pipe (Frames.encode (imports () :: answer)) 0;
  Unix._exit 0

let start work words id seconds request =
  if not (State.is_fresh ()) then State.refresh ();
  let pipe, pipe_end = Unix.pipe ~cloexec:true () in
  match Unix.fork () with
  | 0 ->
    (* Nothing of the parent's is left open, so that it sees our end and we not its. *)
    Unix.close Unix.stdin;
    Unix.close answers;
    Unix.close pipe;
    (try run_child pipe_end (Filename.concat work id) words request with _ -> Unix._exit 4)
  | pid ->
    Unix.close pipe_end;
    let until = Unix.gettimeofday () +. seconds in
    children := { id; pid; pipe; heard = Buffer.create 4096; until } :: !children

let rec wait pid =
  match Unix.waitpid [] pid with
  | _, status -> status
  | exception Unix.Unix_error (Unix.EINTR, _, _) -> wait pid

let rec remove path =
  match Sys.is_directory path with
  | true ->
    Array.iter (fun name -> remove (Filename.concat path name)) (Sys.readdir path);
    Unix.rmdir path
  | false -> Sys.remove path
  | exception Sys_error _ -> ()

let kill child =
  List.iter (fun pid -> try Unix.kill pid Sys.sigkill with Unix.Unix_error _ -> ()) [ -child.pid; child.pid ]

let reap work child =
  kill child;
  let status = wait child.pid in
  Unix.close child.pipe;
  (try remove (Filename.concat work child.id) with Sys_error _ | Unix.Unix_error _ -> ());
  children := List.filter (fun other -> other.pid <> child.pid) !children;
  status

let answer id fields = Frames.send answers (id :: string_of_int (Gc.quick_stat ()).Gc.heap_words :: fields)

let words_of text = List.filter (fun word -> word <> "") (String.split_on_char ' ' text)

(* The child has ended: by itself, unless what it said is not whole. *)
let finish work child =
  let whole = match Frames.split (Buffer.contents child.heard) with [ fields ], "" -> Some fields | _ -> None in
  let status = if whole = None then wait child.pid else Unix.WEXITED 0 in
  if whole <> None then ignore (reap work child) else begin
    Unix.close child.pipe;
    children := List.filter (fun other -> other.pid <> child.pid) !children;
    try remove (Filename.concat work child.id) with Sys_error _ | Unix.Unix_error _ -> ()
  end;
  match (whole, status) with
  | Some (imports :: fields), _ ->
    answer child.id fields;
    State.load (words_of imports)
  | _, Unix.WEXITED 3 -> answer child.id [ "lost"; "memory" ]
  | _, Unix.WEXITED code -> answer child.id [ "lost"; Printf.sprintf "status %d" code ]
  | _, (Unix.WSIGNALED number | Unix.WSTOPPED number) -> answer child.id [ "lost"; Printf.sprintf "signal %d" number ]

let hear work chunk child =
  match Unix.read child.pipe chunk 0 (Bytes.length chunk) with
  | 0 -> finish work child
  | count -> Buffer.add_subbytes child.heard chunk 0 count
  | exception Unix.Unix_error (Unix.EINTR, _, _) -> ()

let end_late work =
  let now = Unix.gettimeofday () in
  List.iter
    (fun child ->
      if child.until <= now then begin
        ignore (reap work child);
        answer child.id [ "lost"; "time" ]
      end)
    !children

let take work words = function
  | [ "cancel"; id ] -> List.iter (fun c -> if c.id = id then ignore (reap work c)) !children
  | id :: seconds :: request -> (
    match float_of_string_opt seconds with
    | Some seconds -> start work words id seconds request
    | None -> raise Frames.Garbled)
  | _ -> raise Frames.Garbled

let goodbye work code =
  List.iter (fun child -> ignore (reap work child)) !children;
  Unix._exit code

let rec serve work words rest =
  let chunk = Bytes.create 65536 in
  let now = Unix.gettimeofday () in
  let patience = List.fold_left (fun least child -> min least (child.until -. now)) 3600. !children in
  let pipes = Unix.stdin :: List.map (fun child -> child.pipe) !children in
  let ready, _, _ = try Unix.select pipes [] [] (max 0. patience) with Unix.Unix_error (Unix.EINTR, _, _) -> ([], [], []) in
  List.iter (fun child -> if List.mem child.pipe ready then hear work chunk child) !children;
  end_late work;
  if List.mem Unix.stdin ready then
    match Unix.read Unix.stdin chunk 0 (Bytes.length chunk) with
    | 0 -> goodbye work 0
    | count ->
      let requests, rest = Frames.split (rest ^ Bytes.sub_string chunk 0 count) in
      List.iter (take work words) requests;
      serve work words rest
    | exception Unix.Unix_error (Unix.EINTR, _, _) -> serve work words rest
  else serve work words rest

let main folder work words flags =
  (* What preprocessors print must not come between the answers. *)
  Unix.dup2 Unix.stderr Unix.stdout;
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  match
    State.configure folder flags;
    State.refresh ()
  with
  | () -> (
    answer "ready" [ "ok"; Sys.ocaml_version ];
    match serve work words "" with () -> () | exception Frames.Garbled -> goodbye work 2)
  | exception exn ->
    let message = match exn with Arg.Bad m | Arg.Help m -> m | exn ->
      (match Location.error_of_exn exn with
       | Some (`Ok report) -> Format.asprintf "%a" Location.print_report report
       | _ -> Printexc.to_string exn) in
    answer "ready" [ "lost"; message ]

let () =
  match Array.to_list Sys.argv with
  | _ :: folder :: work :: words :: flags -> main folder work (int_of_string words) flags
  | _ -> prerr_endline "typer FOLDER WORK CHILD_WORDS FLAG..."; exit 2
