(* What a program of one configuration keeps: its flags, the initial environment, and the .cmi files that it has read.

   The .cmi files stay read between checks for as long as neither they nor the folders of the load path change. *)

let initial : (Env.t, exn) result ref = ref (Ok Env.empty)
let stamps : (string, (float * int * int) option) Hashtbl.t = Hashtbl.create 64
let loaded : (string, unit) Hashtbl.t = Hashtbl.create 64
let here = ref "/"

module Options = Main_args.Make_bytecomp_options (Main_args.Default.Main)

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
  Location.report_printer := (fun () -> Location.batch_mode_printer)

let stamp path =
  match Unix.stat path with
  | { Unix.st_mtime; st_size; st_ino; _ } -> Some (st_mtime, st_size, st_ino)
  | exception Unix.Unix_error _ -> None

let note path = Hashtbl.replace stamps path (stamp path)

(* The compiler's load path starts with the current folder, which is no place that dune's rules look at. *)
let refresh () =
  Hashtbl.reset stamps;
  Hashtbl.reset loaded;
  Unix.chdir "/";
  Compat.init_path ();
  List.iter note (List.filter (fun folder -> folder <> "") (Compat.load_path ()));
  (* A module that is to be opened may not be built yet: that is for each check to tell. *)
  initial := (try Ok (Compmisc.initial_env ()) with exn -> Error exn);
  Unix.chdir !here

let env () = match !initial with Ok env -> env | Error exn -> raise exn

let is_fresh () =
  Hashtbl.length stamps > 0 && Hashtbl.fold (fun path known fresh -> fresh && stamp path = known) stamps true

(* Reads the interfaces of modules, so that the checks to come find them read. *)
let load names =
  List.iter
    (fun name ->
      if not (Hashtbl.mem loaded name) then begin
        Hashtbl.replace loaded name ();
        match Compat.find_cmi name with
        | exception Not_found -> ()
        | path -> (
          note path;
          (* Folding makes the compiler work out what the module holds, which is half of the cost of using it. What
             can't be read is told by the check that needs it. *)
          let inside = Some (Longident.Lident name) in
          try
            ignore (Env.find_module (Path.Pident (Ident.create_persistent name)) (env ()));
            Env.fold_values (fun _ _ _ () -> ()) inside (env ()) ();
            Env.fold_types (fun _ _ _ () -> ()) inside (env ()) ()
          with _ -> ())
      end)
    names
