(* What compiler-libs of 5.3 call differently. *)

type constructor_description = Types.constructor_description
type label_description = Types.label_description

(* Set by -no-alias-deps. *)
let no_alias_deps = Clflags.transparent_modules

let implementation ~source ~prefix = Unit_info.make ~check_modname:false ~source_file:source Unit_info.Impl prefix
let interface_of ~source ~prefix = Unit_info.make ~check_modname:false ~source_file:source Unit_info.Intf prefix

let begin_unit ~source ~prefix ~modname:_ ~interface =
  Env.set_current_unit (if interface then interface_of ~source ~prefix else implementation ~source ~prefix)

let type_implementation ~source ~prefix ~modname:_ env ast =
  Typemod.type_implementation (implementation ~source ~prefix) env ast

let type_items env items =
  let str, _, _, _, env = Typemod.type_structure env items in
  (str, env)

let find_cmi name = Load_path.find_normalized (name ^ ".cmi")
let load_path () = Load_path.get_path_list ()
let add_folder folder = Load_path.prepend_dir (Load_path.Dir.create ~hidden:false folder)

let save_interface ~source ~prefix ~modname:_ ~alerts signature =
  ignore (Env.save_signature ~alerts signature (Unit_info.cmi (interface_of ~source ~prefix)))

let translate ~source:_ ~prefix:_ ~modname typed = Translmod.transl_implementation modname typed

(* Unix and Str are found without being told of, as ever; the compiler's alert would come with the first check alone. *)
let init_path () =
  Compmisc.init_path ~auto_include:(fun find name -> Load_path.auto_include_otherlibs (fun _ -> ()) find name) ()

let coerce_to_itself env signature = ignore (Includemod.signatures env ~mark:true signature signature)
let alerts tree = Builtin_attributes.alerts_of_sig ~mark:true tree
let alerts_of_implementation tree = Builtin_attributes.alerts_of_str ~mark:true tree
let warn_unused () = Builtin_attributes.warn_unused ()

(* Code within messages is quoted by the formatter. *)
let mark_code ppf =
  Misc.Style.setup !Clflags.color;
  Misc.Style.set_tag_handling ppf

(* Tells of each interface that is read for its module's name, before it is read, and has it [read]. *)
let on_load note read =
  let open Persistent_env.Persistent_signature in
  load :=
    fun ~allow_hidden ~unit_name ->
      match Load_path.find_normalized_with_visibility (unit_name ^ ".cmi") with
      | exception Not_found -> None
      | _, Load_path.Hidden when not allow_hidden -> None
      | filename, visibility ->
        note unit_name filename;
        Some { filename; cmi = read unit_name filename; visibility }

(* What an earlier check has left. *)
let forget () =
  Typetexp.TyVarEnv.reset ();
  Out_type.reset ();
  Warnings.without_warnings Builtin_attributes.warn_unused
