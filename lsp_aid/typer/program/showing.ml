(* What others see of a module, in words: its alerts, its signature, and the attributes in that, which are not printed
   with it. Where two read the same, so does all that the compiler says of who sees them. *)

let is_comment (attribute : Parsetree.attribute) =
  List.mem attribute.attr_name.txt [ "ocaml.doc"; "ocaml.text"; "doc"; "text" ]

(* Calls [tell] for the attributes of all items and of what is in them, with the path of what they are about: of each
   name with its kind, as things of different kinds may have one name. *)
let rec iter_items tell path signature = List.iter (iter_item tell path) signature

and iter_item tell path (item : Types.signature_item) =
  let named kind id = Printf.sprintf "%s%s %s " path kind (Ident.name id) in
  match item with
  | Sig_value (id, value, _) -> tell (named "val" id) value.val_attributes
  | Sig_type (id, declared, _, _) ->
    tell (named "type" id) declared.type_attributes;
    iter_type tell (named "type" id) declared.type_kind
  | Sig_typext (id, extension, _, _) ->
    tell (named "extension" id) extension.ext_attributes;
    iter_arguments tell (named "extension" id) extension.ext_args
  | Sig_module (id, _, declared, _, _) ->
    tell (named "module" id) declared.md_attributes;
    iter_module tell (named "module" id) declared.md_type
  | Sig_modtype (id, declared, _) ->
    tell (named "module type" id) declared.mtd_attributes;
    Option.iter (iter_module tell (named "module type" id)) declared.mtd_type
  | Sig_class (id, declared, _, _) -> tell (named "class" id) declared.cty_attributes
  | Sig_class_type (id, declared, _, _) -> tell (named "class type" id) declared.clty_attributes

and iter_type tell path = function
  | Types.Type_record (labels, _) -> iter_labels tell path labels
  | Type_variant (constructors, _) ->
    let one (constructor : Types.constructor_declaration) =
      let path = path ^ Ident.name constructor.cd_id ^ " " in
      tell path constructor.cd_attributes;
      iter_arguments tell path constructor.cd_args
    in
    List.iter one constructors
  | _ -> ()

and iter_arguments tell path = function
  | Types.Cstr_record labels -> iter_labels tell path labels
  | Cstr_tuple _ -> ()

and iter_labels tell path labels =
  let one (label : Types.label_declaration) = tell (path ^ Ident.name label.ld_id ^ " ") label.ld_attributes in
  List.iter one labels

and iter_module tell path = function
  | Types.Mty_signature signature -> iter_items tell path signature
  | Mty_functor (parameter, body) ->
    (match parameter with Named (_, argument) -> iter_module tell (path ^ "() ") argument | Unit -> ());
    iter_module tell path body
  | _ -> ()

let shown env signature alerts =
  let notes = ref [] in
  let note text = notes := text :: !notes in
  Misc.Stdlib.String.Map.iter (fun kind text -> note (Printf.sprintf "[@@@alert %s %S]" kind text)) alerts;
  let tell path attributes =
    let one attribute =
      if not (is_comment attribute) then
        note (Format.asprintf "%s%a" path Pprintast.structure [ Ast_helper.Str.attribute attribute ])
    in
    List.iter one attributes
  in
  iter_items tell "" signature;
  String.concat "\n" (Telling.printed_exactly Printtyp.signature env signature :: List.rev !notes)
