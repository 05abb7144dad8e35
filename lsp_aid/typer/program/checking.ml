(* [check]: what ocamlc says about a text. *)

type unit_of_code = { path : string; text : string; prefix : string; modname : string; work : string }

(* The compiler's word on one unit: warnings as they arise, the error that ends it. *)
let reported body =
  let buffer = Buffer.create 1024 in
  let ppf = Format.formatter_of_buffer buffer in
  Compat.mark_code ppf;
  Location.formatter_for_warnings := ppf;
  let value =
    match body () with
    | value -> Some value
    | exception ((Out_of_memory | Stack_overflow) as exn) -> raise exn
    | exception exn ->
      Location.report_exception ppf exn;
      None
  in
  Format.pp_print_flush ppf ();
  (value, Buffer.contents buffer)

let printed print env value =
  let buffer = Buffer.create 1024 in
  let ppf = Format.formatter_of_buffer buffer in
  Printtyp.wrap_printing_env ~error:false env (fun () -> print ppf value);
  Format.pp_print_flush ppf ();
  Buffer.contents buffer

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

let implementation u depends ~show =
  let tree = Reading.implementation u.path u.text in
  depends := Reading.depends_str tree;
  begin_unit u ~interface:false;
  let typed =
    Compat.type_implementation ~source:u.path ~prefix:u.prefix ~modname:u.modname (State.env ()) tree
  in
  (* Some errors and warnings are found on the way to bytecode: unknown primitives, [@tailcall], [@unrolled]. *)
  let program =
    Compat.translate ~source:u.path ~prefix:u.prefix ~modname:u.modname
      (typed.Typedtree.structure, typed.Typedtree.coercion)
  in
  ignore (Simplif.simplify_lambda program.Lambda.code);
  Compat.warn_unused ();
  Warnings.check_fatal ();
  (* Printing can take longer than typing. *)
  if show then printed Printtyp.signature typed.Typedtree.structure.Typedtree.str_final_env typed.Typedtree.signature
  else ""

let interface u depends ~show =
  let tree = Reading.interface u.path u.text in
  depends := Reading.depends_sig tree;
  begin_unit u ~interface:true;
  let typed, signature = type_interface (State.env ()) tree in
  Warnings.check_fatal ();
  if show then printed Printtyp.signature typed.Typedtree.sig_final_env signature else ""

(* [`Given text]: the interface as the editor has it; [`Built]: whatever lies beside the source; [`None]. *)
let check u given ~show =
  let shadowed = !Clflags.preprocessor <> None || given <> None in
  let has_interface = given <> None || Sys.file_exists (Reading.intf_path u.path) in
  if shadowed then Reading.enter_shadow u.work u.path u.text ~has_interface;
  let depends = ref [] in
  let signature, report =
    reported (fun () ->
        Option.iter (install_interface u) given;
        if Reading.is_interface u.path then interface u depends ~show else implementation u depends ~show)
  in
  let green = if signature = None then "red" else "green" in
  [ green; report; Option.value signature ~default:""; String.concat " " !depends ]
