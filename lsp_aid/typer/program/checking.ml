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

let is_word_char = function 'a' .. 'z' | 'A' .. 'Z' | '0' .. '9' | '_' | '\'' -> true | _ -> false

(* Whether a word stands somewhere in a text, where what is before it suits. *)
let has_word ?(before = fun _ -> true) text word =
  let n = String.length text and m = String.length word in
  let ends i = i >= n || not (is_word_char text.[i]) in
  let rec go from =
    match String.index_from_opt text from word.[0] with
    | Some i when i + m > n -> false
    | Some i ->
      (ends (i + m) && (i = 0 || not (is_word_char text.[i - 1])) && String.sub text i m = word && before i) || go (i + 1)
    | None -> false
  in
  n > 0 && go 0

(* Whether [module] stands before a place, or a comment that may hide it. *)
let behind_module text i =
  let rec skip i = if i > 0 && (text.[i - 1] = ' ' || text.[i - 1] = '\n' || text.[i - 1] = '\t' || text.[i - 1] = '\r') then skip (i - 1) else i in
  let stop = skip i in
  let ends word =
    let m = String.length word in
    stop >= m && String.sub text (stop - m) m = word
  in
  ends "module" || ends "*)"

let has_attribute text =
  let rec go from =
    match String.index_from_opt text from '@' with
    | Some i -> (i > 0 && text.[i - 1] = '[') || (i + 1 < String.length text && go (i + 1))
    | None -> false
  in
  text <> "" && go 0

(* Some errors and warnings are found on the way to bytecode: unknown primitives, [@tailcall], modules that need each
   other. That way is a fifth of the work, so it is not gone where the text has nothing that they could be about. *)
let needs_translation text =
  Reading.rewritten () || Reading.preprocessed ()
  || Warnings.is_active Warnings.Match_on_mutable_state_prevent_uncurry
  || has_attribute text
  || List.exists (has_word text) [ "external"; "class"; "object" ]
  || has_word ~before:(behind_module text) text "rec"

let translate u typed =
  let program =
    Compat.translate ~source:u.path ~prefix:u.prefix ~modname:u.modname
      (typed.Typedtree.structure, typed.Typedtree.coercion)
  in
  ignore (Simplif.simplify_lambda program.Lambda.code)

let implementation u text depends ~show =
  let tree = Reading.implementation u.path text in
  depends := Reading.depends_str tree;
  begin_unit u ~interface:false;
  Incremental.look_ahead u.modname u.path tree text;
  let typed =
    Incremental.learning u.modname u.path tree text (fun () ->
        let env = State.env () in
        let typed = Compat.type_implementation ~source:u.path ~prefix:u.prefix ~modname:u.modname env tree in
        if needs_translation text then translate u typed;
        Compat.warn_unused ();
        Warnings.check_fatal ();
        typed)
  in
  (* Printing can take longer than typing. *)
  if show then Telling.printed_exactly Printtyp.signature typed.Typedtree.structure.Typedtree.str_final_env typed.Typedtree.signature
  else ""

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
