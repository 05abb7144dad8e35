(* The program: reads requests, has processes of its own carry them out, and passes on what these say, or what became
   of them.

     typer FOLDER WORK WORDS FLAG...

   FOLDER is where the compiler would be run, WORK a folder of our own, WORDS how many words the heap of a process that
   checks may have. Requests come on standard input: `ID SECONDS REQUEST...`, or `cancel ID...`. Answers go to standard
   output: `ID HEAP ok ...` or `ID HEAP lost REASON`. The first answer, of the id `ready`, says the compiler's version,
   or which flag it does not know. *)

type job = { id : string; seconds : float; request : string list; tries : int }

(* [job] is what it is at, and until when it may be. *)
type worker = {
  pid : int;
  requests : Unix.file_descr;
  answers : Frames.stream;
  work : string;
  mutable job : (job * float) option;
}

let output = Unix.dup Unix.stdout
let workers : worker list ref = ref []
let waiting : job Queue.t = Queue.create ()

(* Modules that workers have read, for this process to read when it has nothing else to do: the next ones know them. *)
let unread : string Queue.t = Queue.create ()

(* Each worker has a folder that no other ever had. *)
let forks = ref 0

let most_tries = 4
let most_idle = 2
let answer id fields = Frames.send output (id :: string_of_int (Gc.quick_stat ()).Gc.heap_words :: fields)

let fork folder words =
  let theirs, requests = Unix.pipe ~cloexec:true () in
  let answers, their_answers = Unix.pipe ~cloexec:true () in
  incr forks;
  let work = Filename.concat folder (Printf.sprintf "%d-%d" (Unix.getpid ()) !forks) in
  match Unix.fork () with
  | 0 ->
    (* Nothing of the others' is left open, so that each end is seen by who waits for it. *)
    List.iter Unix.close [ Unix.stdin; output; requests; answers ];
    List.iter (fun other -> List.iter Unix.close [ other.requests; other.answers.Frames.fd ]) !workers;
    (try Working.run theirs their_answers work words with _ -> Unix._exit Working.broken)
  | pid ->
    List.iter Unix.close [ theirs; their_answers ];
    let worker = { pid; requests; answers = Frames.stream answers; work; job = None } in
    workers := worker :: !workers;
    worker

let rec wait pid =
  match Unix.waitpid [] pid with
  | _, status -> status
  | exception Unix.Unix_error (Unix.EINTR, _, _) -> wait pid

(* Ends a process, with all that it has started, unless it has ended by itself. *)
let reap worker ~kill =
  if kill then
    List.iter (fun pid -> try Unix.kill pid Sys.sigkill with Unix.Unix_error _ -> ()) [ -worker.pid; worker.pid ];
  let status = wait worker.pid in
  if not kill then (try Unix.kill (-worker.pid) Sys.sigkill with Unix.Unix_error _ -> ());
  List.iter Unix.close [ worker.requests; worker.answers.Frames.fd ];
  Working.remove worker.work;
  workers := List.filter (fun other -> other.pid <> worker.pid) !workers;
  status

let idle () = List.filter (fun worker -> worker.job = None) !workers

(* One that ended before it had its request is replaced. *)
let rec give folder words job =
  let worker = match idle () with worker :: _ -> worker | [] -> fork folder words in
  match Frames.send worker.requests job.request with
  | () -> worker.job <- Some (job, Unix.gettimeofday () +. job.seconds)
  | exception Unix.Unix_error (Unix.EPIPE, _, _) ->
    ignore (reap worker ~kill:true);
    give folder words job

let again job reason =
  if job.tries >= most_tries then answer job.id [ "lost"; reason ]
  else Queue.add { job with tries = job.tries + 1 } waiting

let words_of text = List.filter (fun word -> word <> "") (String.split_on_char ' ' text)

let heard worker = function
  | more :: learnt :: fields ->
    Option.iter (fun (job, _) -> answer job.id fields) worker.job;
    worker.job <- None;
    List.iter (fun name -> Queue.add name unread) (words_of learnt);
    if more <> "more" then ignore (reap worker ~kill:true)
  | _ -> raise Frames.Garbled

(* It has ended, perhaps with a request half done. *)
let ended worker =
  let status = reap worker ~kill:false in
  let is_stale = status = Unix.WEXITED Working.stale in
  if is_stale then State.refresh ();
  match (worker.job, status) with
  | None, _ -> ()
  | Some (job, _), Unix.WEXITED code when is_stale || code = 0 -> again job "the interfaces change all the time"
  | Some (job, _), Unix.WEXITED code when code = Working.memory -> answer job.id [ "lost"; "memory" ]
  | Some (job, _), Unix.WEXITED code -> answer job.id [ "lost"; Printf.sprintf "status %d" code ]
  | Some (job, _), (Unix.WSIGNALED number | Unix.WSTOPPED number) ->
    answer job.id [ "lost"; Printf.sprintf "signal %d" number ]

let hear worker =
  match Frames.receive worker.answers with
  | None -> ended worker
  | Some messages -> List.iter (heard worker) messages
  | exception Frames.Garbled -> ended worker

let end_late () =
  let now = Unix.gettimeofday () in
  List.iter
    (fun worker ->
      match worker.job with
      | Some (job, until) when until <= now ->
        ignore (reap worker ~kill:true);
        answer job.id [ "lost"; "time" ]
      | _ -> ())
    !workers

let cancel ids =
  let kept = Queue.create () in
  Queue.iter (fun job -> if not (List.mem job.id ids) then Queue.add job kept) waiting;
  Queue.clear waiting;
  Queue.transfer kept waiting;
  List.iter
    (fun worker ->
      match worker.job with
      | Some (job, _) when List.mem job.id ids -> ignore (reap worker ~kill:true)
      | _ -> ())
    !workers

let take = function
  | "cancel" :: ids -> cancel ids
  | id :: seconds :: request -> (
    match float_of_string_opt seconds with
    | Some seconds -> Queue.add { id; seconds; request; tries = 1 } waiting
    | None -> raise Frames.Garbled)
  | _ -> raise Frames.Garbled

let goodbye code =
  List.iter (fun worker -> ignore (reap worker ~kill:true)) !workers;
  Unix._exit code

(* Seconds until something has to be done though nothing is heard. *)
let patience () =
  let now = Unix.gettimeofday () in
  let soonest least worker = match worker.job with Some (_, until) -> min least (until -. now) | None -> least in
  let least = if Queue.is_empty unread || List.exists (fun w -> w.job <> None) !workers then 3600. else 0.02 in
  max 0. (List.fold_left soonest least !workers)

let rec serve incoming folder words =
  while not (Queue.is_empty waiting) do
    give folder words (Queue.pop waiting)
  done;
  List.iteri (fun n worker -> if n >= most_idle then ignore (reap worker ~kill:true)) (idle ());
  let pipes = Unix.stdin :: List.map (fun worker -> worker.answers.Frames.fd) !workers in
  let ready, _, _ = try Unix.select pipes [] [] (patience ()) with Unix.Unix_error (Unix.EINTR, _, _) -> ([], [], []) in
  List.iter (fun worker -> if List.mem worker.answers.Frames.fd ready then hear worker) !workers;
  end_late ();
  if List.mem Unix.stdin ready then begin
    match Frames.receive incoming with
    | None -> goodbye 0
    | Some requests -> List.iter take requests
  end
  else if ready = [] && not (Queue.is_empty unread) then State.load (Queue.pop unread);
  serve incoming folder words

let complaint = function
  | Arg.Bad message | Arg.Help message -> message
  | exn -> (
    match Location.error_of_exn exn with
    | Some (`Ok report) -> Format.asprintf "%a" Location.print_report report
    | _ -> Printexc.to_string exn)

let main folder work words flags =
  (* What preprocessors print must not come between the answers. *)
  Unix.dup2 Unix.stderr Unix.stdout;
  Sys.set_signal Sys.sigpipe Sys.Signal_ignore;
  Gc.set { (Gc.get ()) with Gc.minor_heap_size = 1_000_000; space_overhead = 200 };
  match
    State.configure folder flags;
    State.refresh ()
  with
  | () -> (
    answer "ready" [ "ok"; Sys.ocaml_version ];
    match serve (Frames.stream Unix.stdin) work words with () -> () | exception Frames.Garbled -> goodbye 2)
  | exception exn -> answer "ready" [ "lost"; complaint exn ]

let () =
  match Array.to_list Sys.argv with
  | _ :: folder :: work :: words :: flags -> main folder work (int_of_string words) flags
  | _ -> prerr_endline "typer FOLDER WORK WORDS FLAG..."; exit 2
