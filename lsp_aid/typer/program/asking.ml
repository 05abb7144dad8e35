(* [type_at], [scope_at], [signature]: what the types are. A text that is wrong in one place still has types in the
   others, so each item of it is typed by itself, and one that fails leaves what was found in it until then. *)

open Typedtree

type found = { first : int; last : int; text : unit -> string; env : Env.t }

let longest_type = 4000

let cut text =
  if String.length text <= longest_type then text else String.sub text 0 longest_type ^ " ..."

let show print env value = cut (String.trim (Telling.printed print env value))

(* Collects what stands around the offset. *)
let around path offset =
  let found = ref [] in
  let is_around (loc : Location.t) =
    (not loc.loc_ghost)
    && loc.loc_start.pos_fname = path
    && loc.loc_start.pos_cnum <= offset
    && offset <= loc.loc_end.pos_cnum
  in
  let add (loc : Location.t) env text =
    if is_around loc then
      found := { first = loc.loc_start.pos_cnum; last = loc.loc_end.pos_cnum; text; env } :: !found
  in
  let default = Tast_iterator.default_iterator in
  (* What a rewriter makes may stand anywhere. *)
  let is_elsewhere (loc : Location.t) =
    (not (Reading.rewritten ())) && (not loc.loc_ghost) && loc.loc_start.pos_fname = path && not (is_around loc)
  in
  let expr it e =
    if not (is_elsewhere e.exp_loc) then begin
      add e.exp_loc e.exp_env (fun () -> show Printtyp.type_scheme e.exp_env e.exp_type);
      default.Tast_iterator.expr it e
    end
  in
  let pat (type k) it (p : k general_pattern) =
    add p.pat_loc p.pat_env (fun () -> show Printtyp.type_scheme p.pat_env p.pat_type);
    default.Tast_iterator.pat it p
  in
  let typ it t =
    add t.ctyp_loc t.ctyp_env (fun () -> show Printtyp.type_scheme t.ctyp_env t.ctyp_type);
    default.Tast_iterator.typ it t
  in
  let module_expr it m =
    let env =
      match m.mod_desc with
      | Tmod_structure str when is_around m.mod_loc -> (
        match List.find_opt (fun item -> item.str_loc.Location.loc_start.pos_cnum > offset) str.str_items with
        | Some item -> item.str_env
        | None -> str.str_final_env)
      | _ -> m.mod_env
    in
    add m.mod_loc env (fun () -> show Printtyp.modtype m.mod_env m.mod_type);
    default.Tast_iterator.module_expr it m
  in
  let iterator = { default with Tast_iterator.expr; pat; typ; module_expr } in
  (iterator, found)

let visit_part (it : Tast_iterator.iterator) = function
  | Cmt_format.Partial_structure s -> it.structure it s
  | Partial_structure_item i -> it.structure_item it i
  | Partial_expression e -> it.expr it e
  | Partial_pattern (_, p) -> it.pat it p
  | Partial_class_expr c -> it.class_expr it c
  | Partial_signature s -> it.signature it s
  | Partial_signature_item i -> it.signature_item it i
  | Partial_module_type m -> it.module_type it m

(* The innermost first. *)
let inner_first found = List.stable_sort (fun a b -> compare (a.last - a.first) (b.last - b.first)) found

let silently env body =
  Cmt_format.set_saved_types [];
  match body () with
  | env -> env
  | exception ((Out_of_memory | Stack_overflow) as exn) -> raise exn
  | exception _ -> env

let type_str_items (it : Tast_iterator.iterator) offset env items =
  let before = List.filter (fun item -> item.Parsetree.pstr_loc.loc_start.pos_cnum <= offset) items in
  List.fold_left
    (fun env (item : Parsetree.structure_item) ->
      let covers = offset <= item.pstr_loc.loc_end.pos_cnum in
      let after =
        silently env (fun () ->
            let str, after = Compat.type_items env [ item ] in
            if covers then it.structure it str;
            after)
      in
      if covers then begin
        List.iter (visit_part it) (Cmt_format.get_saved_types ());
        env
      end
      else after)
    env before

let type_sig_items (it : Tast_iterator.iterator) offset env items =
  let before = List.filter (fun item -> item.Parsetree.psig_loc.loc_start.pos_cnum <= offset) items in
  List.fold_left
    (fun env (item : Parsetree.signature_item) ->
      silently env (fun () ->
          let signature = Typemod.type_interface env [ item ] in
          it.signature it signature;
          signature.sig_final_env))
    env before

(* The longest part of a text that parses and ends before a line that looks like the start of an item. *)
let rec readable parse path text limit =
  match parse path text with
  | tree -> tree
  | exception ((Out_of_memory | Stack_overflow) as exn) -> raise exn
  | exception _ ->
    let starts i =
      text.[i] = '\n'
      && List.exists
           (fun word ->
             let n = String.length word in
             i + n < String.length text && String.sub text (i + 1) n = word)
           [ "let"; "and"; "type"; "module"; "open"; "include"; "exception"; "class"; "val"; "external"; ";;"; "end" ]
    in
    let rec last i = if i <= 0 then 0 else if starts i then i else last (i - 1) in
    if limit = 0 || text = "" then []
    else readable parse path (String.sub text 0 (last (String.length text - 2))) (limit - 1)

(* What stands around the offset, innermost first, and the environment there. *)
let look (u : Checking.unit_of_code) text offset =
  let it, found = around u.path offset in
  let is_interface = Reading.is_interface u.path in
  if Reading.preprocessed () then Reading.enter_shadow u.work u.path text ~has_interface:false;
  Location.formatter_for_warnings := Format.formatter_of_buffer (Buffer.create 64);
  Checking.begin_unit u ~interface:is_interface;
  let env =
    if is_interface then type_sig_items it offset (State.env ()) (readable Reading.interface u.path text 50)
    else type_str_items it offset (State.env ()) (readable Reading.implementation u.path text 50)
  in
  let inner = inner_first !found in
  (inner, match inner with [] -> env | innermost :: _ -> innermost.env)

let type_at u text offset =
  let inner, _ = look u text offset in
  let rec distinct seen = function
    | [] -> []
    | f :: rest when List.mem (f.first, f.last) seen -> distinct seen rest
    | f :: rest -> f :: distinct ((f.first, f.last) :: seen) rest
  in
  let nearest = List.filteri (fun i _ -> i < 20) (distinct [] inner) in
  List.concat_map (fun f -> [ string_of_int f.first; string_of_int f.last; f.text () ]) nearest

let starts_with prefix name =
  String.length name >= String.length prefix && String.sub name 0 (String.length prefix) = prefix

let constructor_type env (c : Compat.constructor_description) =
  let result = show Printtyp.type_scheme env c.cstr_res in
  match c.cstr_args with
  | [] -> result
  | args -> String.concat " * " (List.map (show Printtyp.type_scheme env) args) ^ " -> " ^ result

let label_type env (l : Compat.label_description) =
  show Printtyp.type_scheme env l.lbl_res ^ " -> " ^ show Printtyp.type_scheme env l.lbl_arg

(* Of each kind, the names that are seen, nearest first, each once, [limit] at most. *)
let scope env limit prefix within =
  let was_cut = ref false in
  let listed kind fold =
    let seen = Hashtbl.create 64 in
    let keep name text rest =
      if name = "" || (not (starts_with prefix name)) || Hashtbl.mem seen name then rest
      else begin
        Hashtbl.add seen name ();
        (name, text) :: rest
      end
    in
    let all = try List.rev (fold keep []) with Not_found -> [] in
    if List.length all > limit then was_cut := true;
    List.concat_map (fun (name, text) -> [ kind; name; text () ]) (List.filteri (fun i _ -> i < limit) all)
  in
  let names =
    [ listed "value" (fun keep ->
          Env.fold_values
            (fun name _ v -> keep name (fun () -> show Printtyp.type_scheme env v.Types.val_type))
            within env);
      listed "constructor" (fun keep ->
          Env.fold_constructors (fun c -> keep c.cstr_name (fun () -> constructor_type env c)) within env);
      listed "field" (fun keep -> Env.fold_labels (fun l -> keep l.lbl_name (fun () -> label_type env l)) within env);
      listed "type" (fun keep ->
          Env.fold_types
            (fun name _ t ->
              keep name (fun () -> show (Printtyp.type_declaration (Ident.create_local name)) env t))
            within env);
      listed "module" (fun keep -> Env.fold_modules (fun name _ _ -> keep name (fun () -> "")) within env);
      listed "module type" (fun keep -> Env.fold_modtypes (fun name _ _ -> keep name (fun () -> "")) within env)
    ]
  in
  (if !was_cut then "cut" else "whole") :: List.concat names

let longident text = Parse.longident (Lexing.from_string text)

(* Within what is no path there is nothing to be seen. *)
let scope_at u text offset limit prefix within =
  let _, env = look u text offset in
  match if within = "" then None else Some (longident within) with
  | within -> scope env limit prefix within
  | exception Syntaxerr.Error _ -> [ "whole" ]

(* The signature of a module path, or of a .cmi file; nothing where there is no such module. *)
let signature name =
  let printed_modtype env declared =
    let rec follow env t =
      match Env.scrape_alias env t with
      | Types.Mty_ident path -> (
        match Env.find_modtype_expansion path env with
        | t -> follow env t
        | exception Not_found -> t)
      | t -> t
    in
    match follow env declared with
    | Types.Mty_signature items -> Telling.printed Printtyp.signature env items
    | other -> Telling.printed Printtyp.modtype env other
  in
  if Filename.check_suffix name ".cmi" then
    match Cmi_format.read_cmi name with
    | cmi -> [ Telling.printed Printtyp.signature (State.env ()) cmi.Cmi_format.cmi_sign ]
    | exception _ -> []
  else
    match Env.find_module_by_name (longident name) (State.env ()) with
    | _, declaration -> [ printed_modtype (State.env ()) declaration.Types.md_type ]
    | exception ((Out_of_memory | Stack_overflow) as exn) -> raise exn
    | exception _ -> []
