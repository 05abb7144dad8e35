(* [check]: what ocamlc says about texts of one module. *)

type unit_of_code = { path : string; prefix : string; modname : string; work : string }

let begin_unit u ~interface = Compat.begin_unit ~source:u.path ~prefix:u.prefix ~modname:u.modname ~interface

let type_interface env tree =
  let typed = Typemod.type_interface env tree in
  let signature = typed.Typedtree.sig_type in
  (* As the compiler's own driver has it: this marks what is used, for the warnings. *)
  Compat.coerce_to_itself env signature;
  Typecore.force_delayed_checks ();
  Compat.warn_unused ();
  (typed, signature)

(* The interface as the editor has it takes the place of the one that was built. *)
let install_interface u text =
  let path = Reading.intf_path u.path in
  if State.has_read u.modname then State.forget_interfaces ();
  begin_unit u ~interface:true;
  let tree = Reading.interface path text in
  let _, signature = type_interface (State.env ()) tree in
  Warnings.check_fatal ();
  let folder = ".cmi" in
  Reading.make_folder folder;
  let prefix = Filename.concat folder (Filename.basename u.prefix) in
  Clflags.dont_write_files := false;
  let alerts = Compat.alerts tree in
  Compat.save_interface ~source:path ~prefix ~modname:u.modname ~alerts signature;
  Clflags.dont_write_files := true;
  Compat.add_folder folder

let implementation u text depends ~show =
  let tree = Reading.implementation u.path text in
  depends := Reading.depends_str tree;
  begin_unit u ~interface:false;
  Incremental.look_ahead u.modname u.path tree text;
  let typed =
    Incremental.learning u.modname u.path tree text (fun () ->
        let env = State.env () in
        let typed = Compat.type_implementation ~source:u.path ~prefix:u.prefix ~modname:u.modname env tree in
        if Bytecode.may_tell text then
          Bytecode.translate ~source:u.path ~prefix:u.prefix ~modname:u.modname typed;
        Compat.warn_unused ();
        Warnings.check_fatal ();
        typed)
  in
  (* Printing can take longer than typing. *)
  if not show then ""
  else
    let final = typed.Typedtree.structure.Typedtree.str_final_env in
    Telling.printed_exactly Printtyp.signature final typed.Typedtree.signature

let interface u text depends ~show =
  let tree = Reading.interface u.path text in
  depends := Reading.depends_sig tree;
  begin_unit u ~interface:true;
  let typed, signature = type_interface (State.env ()) tree in
  Warnings.check_fatal ();
  if show then Telling.printed_exactly Printtyp.signature typed.Typedtree.sig_final_env signature else ""

(* What was built of a unit's interface is read when its implementation is held against it. *)
let note_own_interface u =
  match Compat.find_cmi u.modname with path -> State.note_file path | exception Not_found -> ()

type given = Given of string | Built

let one u given text ~show =
  Clean.run (fun () ->
      let has_interface = given <> Built || Sys.file_exists (Reading.intf_path u.path) in
      let depends = ref [] in
      let signature, report =
        Telling.reported (fun () ->
            if Reading.preprocessed () || given <> Built then
              Reading.enter_shadow u.work u.path text ~has_interface;
            (match given with Given interface -> install_interface u interface | Built -> ());
            if has_interface then note_own_interface u;
            if Reading.is_interface u.path then interface u text depends ~show else implementation u text depends ~show)
      in
      let green = if signature = None then "red" else "green" in
      [ green; report; Option.value signature ~default:""; String.concat " " !depends ])

let check u given texts ~show = List.concat_map (fun text -> one u given text ~show) texts
