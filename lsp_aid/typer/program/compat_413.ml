(* What compiler-libs of 4.13 call differently. *)

type constructor_description = Types.constructor_description
type label_description = Types.label_description

(* Set by -no-alias-deps. *)
let no_alias_deps = Clflags.transparent_modules

let begin_unit ~source:_ ~prefix:_ ~modname ~interface:_ = Env.set_unit_name modname

let type_implementation ~source ~prefix ~modname env ast = Typemod.type_implementation source prefix modname env ast

let type_items env items =
  let str, _, _, env = Typemod.type_structure env items in
  (str, env)

let find_cmi name = Load_path.find_uncap (name ^ ".cmi")
let load_path () = Load_path.get_paths ()
let add_folder folder = Load_path.prepend_dir (Load_path.Dir.create folder)

let save_interface ~source:_ ~prefix ~modname ~alerts signature =
  ignore (Env.save_signature ~alerts signature modname (prefix ^ ".cmi"))

let translate ~source:_ ~prefix:_ ~modname typed = Translmod.transl_implementation modname typed
let init_path () = Compmisc.init_path ()
let coerce_to_itself env signature = ignore (Includemod.signatures env ~mark:Includemod.Mark_both signature signature)
let alerts tree = Builtin_attributes.alerts_of_sig tree
let alerts_of_implementation tree = Builtin_attributes.alerts_of_str tree
let warn_unused () = ()
let mark_code _ = ()

(* Tells of each interface that is read for its module's name, before it is read, and has it [read]. *)
let on_load note read =
  let open Persistent_env.Persistent_signature in
  load :=
    fun ~unit_name ->
      match find_cmi unit_name with
      | exception Not_found -> None
      | filename ->
        note unit_name filename;
        Some { filename; cmi = read unit_name filename }

(* What an earlier check has left. *)
let forget () =
  Typetexp.reset_type_variables ();
  Printtyp.reset ()
