(* Texts become syntax trees, by the preprocessors that the flags name. *)

let tool = "ocamlc"
let is_interface path = Filename.check_suffix path ".mli" || Filename.check_suffix path ".rei"

let rec make_folder folder =
  if not (Sys.file_exists folder) then begin
    make_folder (Filename.dirname folder);
    Unix.mkdir folder 0o700
  end

let write_file path text =
  let channel = open_out_bin path in
  output_string channel text;
  close_out channel

let intf_path path = Filename.remove_extension path ^ !Config.interface_suffix

(* Goes to a folder of our own in which the source has its usual relative path, and an interface where it has one. *)
let enter_shadow work path text ~has_interface =
  let folder = Filename.dirname path in
  make_folder (if folder = "." then work else Filename.concat work folder);
  Unix.chdir work;
  write_file path text;
  if has_interface && not (is_interface path) then write_file (intf_path path) ""

let lexbuf path text =
  let lexbuf = Lexing.from_string text in
  Location.input_name := path;
  Location.init lexbuf path;
  lexbuf

let implementation path text =
  if !Clflags.preprocessor <> None then Pparse.parse_implementation ~tool_name:tool path
  else Pparse.apply_rewriters_str ~tool_name:tool (Parse.implementation (lexbuf path text))

let interface path text =
  if !Clflags.preprocessor <> None then Pparse.parse_interface ~tool_name:tool path
  else Pparse.apply_rewriters_sig ~tool_name:tool (Parse.interface (lexbuf path text))

(* The modules that a tree names, as ocamldep finds them. *)
let dependencies add tree =
  Depend.free_structure_names := Misc.Stdlib.String.Set.empty;
  add Misc.Stdlib.String.Map.empty tree;
  Misc.Stdlib.String.Set.elements !Depend.free_structure_names

let depends_str = dependencies Depend.add_implementation
let depends_sig = dependencies Depend.add_signature
