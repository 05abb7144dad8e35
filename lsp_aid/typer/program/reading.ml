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
let preprocessed () = !Clflags.preprocessor <> None
let rewritten () = !Clflags.all_ppx <> []

(* Goes to a folder of our own in which the source has its usual relative path, and an interface where it has one. *)
let enter_shadow work path text ~has_interface =
  let folder = Filename.dirname path and interface = intf_path path in
  make_folder (if folder = "." then work else Filename.concat work folder);
  Unix.chdir work;
  write_file path text;
  (* dune says that there is an interface by naming the source as such, which a preprocessor is still to read. *)
  let is_source = interface = path && preprocessed () in
  if not (is_interface path || is_source) then
    if has_interface then write_file interface "" else if Sys.file_exists interface then Sys.remove interface

(* Where a part of a text begins: the offset, the line from 1, and the offset of that line. *)
type place = { offset : int; line : int; bol : int }

let beginning = { offset = 0; line = 1; bol = 0 }

let behind place text =
  let line = ref place.line and bol = ref place.bol in
  String.iteri
    (fun i c ->
      if c = '\n' then begin
        incr line;
        bol := place.offset + i + 1
      end)
    text;
  { offset = place.offset + String.length text; line = !line; bol = !bol }

let lexbuf ?(at = beginning) path text =
  let lexbuf = Lexing.from_string text in
  Location.input_name := path;
  Location.init lexbuf path;
  lexbuf.lex_abs_pos <- at.offset;
  lexbuf.lex_curr_p <- { pos_fname = path; pos_lnum = at.line; pos_bol = at.bol; pos_cnum = at.offset };
  lexbuf

let part at path text = Pparse.apply_rewriters_str ~tool_name:tool (Parse.implementation (lexbuf ~at path text))

let implementation path text =
  if preprocessed () then Pparse.parse_implementation ~tool_name:tool path else part beginning path text

let interface path text =
  if preprocessed () then Pparse.parse_interface ~tool_name:tool path
  else Pparse.apply_rewriters_sig ~tool_name:tool (Parse.interface (lexbuf path text))

(* The modules that a tree names, as ocamldep finds them: those that are only given another name too, which the
   compiler's own flag (-no-alias-deps) would leave out. *)
let dependencies add tree =
  let leaves_out = !Compat.no_alias_deps in
  Compat.no_alias_deps := false;
  Depend.free_structure_names := Misc.Stdlib.String.Set.empty;
  Fun.protect
    ~finally:(fun () -> Compat.no_alias_deps := leaves_out)
    (fun () -> add Misc.Stdlib.String.Map.empty tree);
  Misc.Stdlib.String.Set.elements !Depend.free_structure_names

let depends_str = dependencies Depend.add_implementation
let depends_sig = dependencies Depend.add_signature
