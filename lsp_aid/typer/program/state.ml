(* What a program of one configuration keeps: its flags, the initial environment, and the .cmi files that it has read.

   The .cmi files stay read between checks for as long as neither they nor the folders of the load path change. *)

let initial : (Env.t, exn) result ref = ref (Ok Env.empty)
let here = ref "/"

(* What a file or folder was like when it was read. *)
type stamp = (float * int * int) option

(* A folder of the load path: what it was like at a moment, and what could be found in it. *)
type folder = { stamp : stamp; seen : float; listing : string list }

let folders : (string, folder) Hashtbl.t = Hashtbl.create 64

(* The files that were read, by their folders. *)
let files : (string, string * stamp) Hashtbl.t = Hashtbl.create 64

(* The names of the modules that were read and not told of yet, the latest first. *)
let learnt : string list ref = ref []

(* Where other interfaces count than those that were built: these, by module. Only a process that ends with the request
   has any. *)
let instead : (string, Cmi_format.cmi_infos) Hashtbl.t = Hashtbl.create 16

(* Those that were built and have been read since, where they are read again and again. *)
let is_again = ref false
let kept : (string, Cmi_format.cmi_infos) Hashtbl.t = Hashtbl.create 64

(* Modules whose interfaces may be others than those that the rest was built against: nobody is held to their digests. *)
let loose : string list ref = ref []

(* The names of the modules that were read since [forget_interfaces]. *)
let loads : string list ref = ref []

module Options = Main_args.Make_bytecomp_options (Main_args.Default.Main)

let stamp path : stamp =
  match Unix.stat path with
  | { Unix.st_mtime; st_size; st_ino; _ } -> Some (st_mtime, st_size, st_ino)
  | exception Unix.Unix_error _ -> None

let note_file path =
  let folder = Filename.dirname path in
  if not (List.mem_assoc path (Hashtbl.find_all files folder)) then Hashtbl.add files folder (path, stamp path)

let is_below folder path =
  let n = String.length folder in
  String.length path > n && String.sub path 0 n = folder && path.[n] = '/'

let interface name path =
  (* That of the module itself, whose text was given. *)
  if Filename.is_relative path then Cmi_format.read_cmi path
  else
    match (Hashtbl.find_opt instead name, Hashtbl.find_opt kept name) with
    | Some cmi, _ -> if is_below !here path then cmi else failwith ("a module elsewhere has the same name: " ^ path)
    | None, Some cmi -> cmi
    | None, None ->
      let cmi = Cmi_format.read_cmi path in
      if !is_again then Hashtbl.replace kept name cmi;
      cmi

(* What the compiler is given for the interface of a module that is in a file. *)
let read name path =
  let cmi = interface name path in
  let loosened (name, digest) = (name, if List.mem name !loose then None else digest) in
  if !loose = [] then cmi else { cmi with Cmi_format.cmi_crcs = List.map loosened cmi.Cmi_format.cmi_crcs }

(* Reads flags as ocamlc does. Raises [Arg.Bad]. *)
let configure folder words =
  here := folder;
  Clflags.dont_write_files := true;
  Compenv.readenv Format.err_formatter Compenv.Before_args;
  let reject word = raise (Arg.Bad ("unexpected argument " ^ word)) in
  let argv = Array.of_list ("ocamlc" :: words) in
  Arg.parse_argv ~current:(ref 0) argv Options.list reject "";
  Compenv.readenv Format.err_formatter (Compenv.Before_compile "typer.ml");
  Clflags.color := Some Misc.Color.Never;
  Clflags.error_style := Some Misc.Error_style.Short;
  Clflags.dont_write_files := true;
  Clflags.binary_annotations := false;
  Clflags.annotations := false;
  Location.report_printer := (fun () -> Location.batch_mode_printer);
  let note name path =
    note_file path;
    loads := name :: !loads;
    learnt := name :: !learnt
  in
  Compat.on_load note read

(* The interfaces in a folder. That one of them is written anew changes the folder, not what can be found in it. *)
let listing folder =
  match Sys.readdir folder with
  | names -> List.filter (fun name -> Filename.check_suffix name ".cmi") (List.sort compare (Array.to_list names))
  | exception Sys_error _ -> []

let look folder =
  let seen = Unix.gettimeofday () in
  let stamp = stamp folder in
  { stamp; seen; listing = listing folder }

let note_folder folder = Hashtbl.replace folders folder (look folder)

(* The compiler's load path starts with the current folder, which is no place that dune's rules look at. *)
let refresh () =
  Hashtbl.reset files;
  Hashtbl.reset folders;
  Unix.chdir "/";
  Compat.init_path ();
  List.iter note_folder (List.filter (fun folder -> folder <> "") (Compat.load_path ()));
  (* A module that is to be opened may not be built yet: that is for each check to tell. *)
  initial := (try Ok (Compmisc.initial_env ()) with exn -> Error exn);
  Unix.chdir !here

(* Whether an interface was read, by this process or the one that it was forked from. *)
let has_read name = List.mem_assoc name (Env.imports ())

(* Reads all interfaces anew: who has read one of a module takes no other one for it. [loads] tells which. *)
let forget_interfaces () =
  Env.reset_cache ();
  loads := [];
  initial := try Ok (Compmisc.initial_env ()) with exn -> Error exn

let env () = match !initial with Ok env -> env | Error exn -> raise exn

(* The clock of files moves on in steps: what was written right before a look may be written once more in that step. *)
let step = 0.05

let is_settled known = match known.stamp with Some (written, _, _) -> written < known.seen -. step | None -> true

(* Interfaces are never written in place: who writes one changes its folder. *)
let same_folder (folder, known) =
  (stamp folder = known.stamp && is_settled known)
  ||
  let now = look folder in
  now.listing = known.listing
  && List.for_all (fun (path, known) -> stamp path = known) (Hashtbl.find_all files folder)
  && begin
    Hashtbl.replace folders folder now;
    true
  end

(* Whether all that was read is still what one would read. *)
let is_fresh () = List.for_all same_folder (List.of_seq (Hashtbl.to_seq folders))

let tell_learnt () =
  let names = !learnt in
  learnt := [];
  names

(* Reads the interface of a module, so that the checks to come find it read. *)
let load name =
  (* Folding makes the compiler work out what the module holds, which is half of the cost of using it. What can't be
     read is told by the check that needs it. *)
  let inside = Some (Longident.Lident name) in
  try
    ignore (Env.find_module (Path.Pident (Ident.create_persistent name)) (env ()));
    Env.fold_values (fun _ _ _ () -> ()) inside (env ()) ();
    Env.fold_types (fun _ _ _ () -> ()) inside (env ()) ()
  with _ -> ()
