(* [check]: what ocamlc says about texts of one module. *)

type unit_of_code = { path : string; prefix : string; modname : string; work : string }

let begin_unit u ~interface = Compat.begin_unit ~source:u.path ~prefix:u.prefix ~modname:u.modname ~interface

let type_interface env tree =
  let typed = Typemod.type_interface env tree in
  (* This too marks what is used. *)
  let alerts = Compat.alerts tree in
  let signature = typed.Typedtree.sig_type in
  (* As the compiler's own driver has it: this marks what is used, for the warnings. *)
  Compat.coerce_to_itself env signature;
  Typecore.force_delayed_checks ();
  Compat.warn_unused ();
  (typed, signature, alerts)

let save_interface u prefix alerts signature =
  Reading.make_folder (Filename.dirname prefix);
  Clflags.dont_write_files := false;
  Fun.protect
    ~finally:(fun () -> Clflags.dont_write_files := true)
    (fun () ->
      Compat.save_interface ~source:(Reading.intf_path u.path) ~prefix ~modname:u.modname ~alerts signature)

(* The interface as the editor has it takes the place of the one that was built. *)
let install_interface u text =
  let path = Reading.intf_path u.path in
  if State.has_read u.modname then State.forget_interfaces ();
  begin_unit u ~interface:true;
  let tree = Reading.interface path text in
  let _, signature, alerts = type_interface (State.env ()) tree in
  Warnings.check_fatal ();
  save_interface u (Filename.concat ".cmi" (Filename.basename u.prefix)) alerts signature;
  Compat.add_folder ".cmi"

(* What others see of a module: its signature, the environment to print that in, and its alerts. *)
type shown = { signature : Types.signature; final : Env.t; alerts : unit -> Misc.alerts }

let implementation u text depends =
  let tree = Reading.implementation u.path text in
  depends := Reading.depends_str tree;
  begin_unit u ~interface:false;
  Incremental.look_ahead u.modname u.path tree text;
  Incremental.learning u.modname u.path tree text (fun () ->
      let env = State.env () in
      let typed = Compat.type_implementation ~source:u.path ~prefix:u.prefix ~modname:u.modname env tree in
      if Bytecode.may_tell text then Bytecode.translate ~source:u.path ~prefix:u.prefix ~modname:u.modname typed;
      Compat.warn_unused ();
      Warnings.check_fatal ();
      let final = typed.Typedtree.structure.Typedtree.str_final_env in
      let alerts () = Compat.alerts_of_implementation tree in
      { signature = typed.Typedtree.signature; final; alerts })

let interface u text depends =
  let tree = Reading.interface u.path text in
  depends := Reading.depends_sig tree;
  begin_unit u ~interface:true;
  let typed, signature, alerts = type_interface (State.env ()) tree in
  Warnings.check_fatal ();
  { signature; final = typed.Typedtree.sig_final_env; alerts = (fun () -> alerts) }

(* What was built of a unit's interface is read when its implementation is held against it. *)
let note_own_interface u =
  match Compat.find_cmi u.modname with path -> State.note_file path | exception Not_found -> ()

type given = Given of string | Built

let has_interface u given = given <> Built || Sys.file_exists (Reading.intf_path u.path)

(* Types a text, and gives it to [finish], whose own value is given back unless an error ends it, with all that is
   told. *)
let typed u given text depends finish =
  let has_interface = has_interface u given in
  Telling.reported (fun () ->
      if Reading.preprocessed () || given <> Built then Reading.enter_shadow u.work u.path text ~has_interface;
      (match given with Given interface -> install_interface u interface | Built -> ());
      if has_interface then note_own_interface u;
      finish (if Reading.is_interface u.path then interface u text depends else implementation u text depends))

let one u given text ~show =
  Clean.run (fun () ->
      let depends = ref [] in
      (* Printing can take longer than typing. *)
      let print shown =
        if show then Showing.shown shown.final shown.signature (shown.alerts ()) else ""
      in
      let signature, report = typed u given text depends print in
      let green = if signature = None then "red" else "green" in
      [ green; report; Option.value signature ~default:""; String.concat " " !depends ])

let check u given texts ~show = List.concat_map (fun text -> one u given text ~show) texts
