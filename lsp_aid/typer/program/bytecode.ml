(* The way to bytecode, on which some errors and warnings are found: unknown primitives, [@tailcall], modules that need
   each other. It is a fifth of the work, so it is not gone where the text has nothing that they could be about. *)

let is_word_char = function 'a' .. 'z' | 'A' .. 'Z' | '0' .. '9' | '_' | '\'' -> true | _ -> false
let is_blank = function ' ' | '\t' | '\r' | '\n' -> true | _ -> false

(* Whether a word stands somewhere in a text, where what is before it suits. *)
let has_word ?(before = fun _ -> true) text word =
  let n = String.length text and m = String.length word in
  let is_edge i = i < 0 || i >= n || not (is_word_char text.[i]) in
  let is_at i = i + m <= n && is_edge (i - 1) && is_edge (i + m) && String.sub text i m = word && before i in
  let rec go from =
    match String.index_from_opt text from word.[0] with Some i -> is_at i || go (i + 1) | None -> false
  in
  go 0

(* Whether [module] stands before a place, or a comment that may hide it. *)
let behind_module text i =
  let rec skip i = if i > 0 && is_blank text.[i - 1] then skip (i - 1) else i in
  let stop = skip i in
  let ends word =
    let m = String.length word in
    stop >= m && String.sub text (stop - m) m = word
  in
  ends "module" || ends "*)"

let has_attribute text =
  let rec go from =
    match String.index_from_opt text from '@' with
    | Some i -> (i > 0 && text.[i - 1] = '[') || go (i + 1)
    | None -> false
  in
  go 0

let may_tell text =
  Reading.rewritten () || Reading.preprocessed ()
  || Warnings.is_active Warnings.Match_on_mutable_state_prevent_uncurry
  || has_attribute text
  || List.exists (has_word text) [ "external"; "class"; "object" ]
  || has_word ~before:(behind_module text) text "rec"

let translate ~source ~prefix ~modname typed =
  let program =
    Compat.translate ~source ~prefix ~modname (typed.Typedtree.structure, typed.Typedtree.coercion)
  in
  ignore (Simplif.simplify_lambda program.Lambda.code)
