"""What functions of Base, Core, Containers, Batteries and of other versions of the standard library are in OCaml 5.3.

Behind the arrow is a call: `{0}` is what is given first without a label, `{f}` what has the label `f`. A name alone
takes the same arguments. The same function may stand in several lines: what a call gives tells which is meant.
"""

from collections.abc import Mapping

_LISTS = """
M.map -> M.map {f} {0}
M.mapi -> M.mapi {f} {0}
M.iter -> M.iter {f} {0}
M.iteri -> M.iteri {f} {0}
M.for_all -> M.for_all {f} {0}
M.exists -> M.exists {f} {0}
M.find -> M.find_opt {f} {0}
M.find_map -> M.find_map {f} {0}
M.init -> M.init {0} {f}
M.mem -> M.mem {1} {0} / equal
M.fold -> M.fold_left {f} {init} {0}
M.fold -> M.fold_left {0} {1} {2}
M.fold_left -> M.fold_left {f} {init} {0}
M.foldl -> M.fold_left {0} {1} {2}
M.fold_right -> M.fold_right {f} {0} {init}
M.foldr -> M.fold_right {0} {1} {2}
M.reduce -> M.fold_left {0} {1} {2}
M.sort -> M.sort {compare} {0}
M.stable_sort -> M.stable_sort {compare} {0}
M.sort_by -> M.sort (fun a b -> compare ({0} a) ({0} b)) {1}
M.iter2_exn -> M.iter2 {f} {0} {1}
M.map2_exn -> M.map2 {f} {0} {1}
M.for_all2_exn -> M.for_all2 {f} {0} {1}
M.exists2_exn -> M.exists2 {f} {0} {1}
M.any -> M.exists
M.all -> M.for_all
M.each -> M.iter
M.foreach -> M.iter
M.for_each -> M.iter
M.contains -> M.mem
M.size -> M.length
"""

_CALLS = """
List.filter -> List.filter {f} {0}
List.filteri -> List.filteri {f} {0}
List.filter_map -> List.filter_map {f} {0}
List.concat_map -> List.concat_map {f} {0}
List.rev_map -> List.rev_map {f} {0}
List.find_exn -> List.find {f} {0}
List.partition_tf -> List.partition {f} {0}
List.partition_map -> List.partition_map {f} {0}
List.dedup_and_sort -> List.sort_uniq {compare} {0}
List.fold_map -> List.fold_left_map {f} {init} {0}
List.fold2_exn -> List.fold_left2 {f} {init} {0} {1}
List.find_mapi -> List.find_mapi {f} {0}
List.count -> List.length (List.filter {f} {0})
List.filter_opt -> List.filter_map Fun.id {0}
List.last_exn -> List.hd (List.rev {0})
List.hd_exn -> List.hd
List.tl_exn -> List.tl
List.nth_exn -> List.nth
List.zip_exn -> List.combine
List.zip -> List.combine
List.unzip -> List.split
List.reverse -> List.rev
List.head -> List.hd
List.tail -> List.tl
List.head_opt -> List.nth_opt {0} 0
List.hd_opt -> List.nth_opt {0} 0
List.flat_map -> List.concat_map
List.collect -> List.concat_map
List.choose -> List.filter_map
List.uniq -> List.sort_uniq {cmp} {0}
List.unique -> List.sort_uniq compare {0}
List.sort_unique -> List.sort_uniq
List.sum -> List.fold_left ( + ) 0 {0}
List.fsum -> List.fold_left ( +. ) 0. {0}
List.Assoc.find -> List.assoc_opt {1} {0} / equal
List.Assoc.find_exn -> List.assoc {1} {0} / equal
List.Assoc.mem -> List.mem_assoc {1} {0} / equal
List.Assoc.remove -> List.remove_assoc {1} {0} / equal
Array.create -> Array.make {len} {0}
Array.create -> Array.make
Array.create_matrix -> Array.make_matrix
Array.create_float -> Array.make_float
Array.blit -> Array.blit {src} {src_pos} {dst} {dst_pos} {len}
Array.is_empty -> Array.length {0} = 0
String.split -> String.split_on_char {on} {0}
String.split_lines -> String.split_on_char '\\n' {0}
String.lines -> String.split_on_char '\\n' {0}
String.concat -> String.concat {sep} {0}
String.join -> String.concat
String.join -> String.concat {sep} {0}
String.is_prefix -> String.starts_with ~prefix:{prefix} {0}
String.is_suffix -> String.ends_with ~suffix:{suffix} {0}
String.map -> String.map {f} {0}
String.iter -> String.iter {f} {0}
String.iteri -> String.iteri {f} {0}
String.mapi -> String.mapi {f} {0}
String.for_all -> String.for_all {f} {0}
String.exists -> String.exists {f} {0}
String.init -> String.init {0} {f}
String.fold -> String.fold_left {f} {init} {0}
String.sub -> String.sub {0} {pos} {len}
String.substring -> String.sub
String.prefix -> String.sub {0} 0 {1}
String.suffix -> String.sub {0} (String.length {0} - {1}) {1}
String.drop_prefix -> String.sub {0} {1} (String.length {0} - {1})
String.drop_suffix -> String.sub {0} 0 (String.length {0} - {1})
String.filter -> String.of_seq (Seq.filter {f} (String.to_seq {0}))
String.is_empty -> {0} = ""
String.mem -> String.contains
String.index_exn -> String.index
String.rindex_exn -> String.rindex
String.strip -> String.trim
String.uppercase -> String.uppercase_ascii
String.lowercase -> String.lowercase_ascii
String.to_upper -> String.uppercase_ascii
String.to_lower -> String.lowercase_ascii
String.toupper -> String.uppercase_ascii
String.tolower -> String.lowercase_ascii
String.capitalize -> String.capitalize_ascii
String.uncapitalize -> String.uncapitalize_ascii
String.ascending -> String.compare
String.of_char -> String.make 1 {0}
String.of_int -> string_of_int
String.of_float -> string_of_float
String.to_list -> List.of_seq (String.to_seq {0})
String.explode -> List.of_seq (String.to_seq {0})
String.of_list -> String.of_seq (List.to_seq {0})
String.of_char_list -> String.of_seq (List.to_seq {0})
String.implode -> String.of_seq (List.to_seq {0})
String.to_array -> Array.of_seq (String.to_seq {0})
String.to_int -> int_of_string
String.to_float -> float_of_string
String.size -> String.length
Option.value_map -> Option.fold ~none:{default} ~some:{f} {0}
Option.value_exn -> Option.get
Option.map -> Option.map {f} {0}
Option.iter -> Option.iter {f} {0}
Option.bind -> Option.bind {0} {f}
Option.exists -> Option.fold ~none:false ~some:{f} {0}
Option.for_all -> Option.fold ~none:true ~some:{f} {0}
Option.get_exn -> Option.get
Option.get_or -> Option.value {0} ~default:{default}
Option.default -> Option.value {1} ~default:{0}
Option.may -> Option.iter
Option.map_default -> Option.fold ~none:{1} ~some:{0} {2}
Option.return -> Option.some
Option.flat_map -> Option.bind {1} {0}
Result.map -> Result.map {f} {0}
Result.map_error -> Result.map_error {f} {0}
Result.iter -> Result.iter {f} {0}
Result.bind -> Result.bind {0} {f}
Result.ok_exn -> Result.get_ok
Result.return -> Result.ok
Result.fail -> Result.error
Result.of_option -> Option.to_result ~none:{error} {0}
Result.map_err -> Result.map_error
Result.flat_map -> Result.bind {1} {0}
Int.of_string -> int_of_string
Int.of_string_opt -> int_of_string_opt
Int.parse -> int_of_string
Int.max_value -> Int.max_int
Int.min_value -> Int.min_int
Int.incr -> incr
Int.decr -> decr
Int.ascending -> Int.compare
Int.hash -> Hashtbl.hash
Int.of_char -> Char.code
Int.to_char -> Char.chr
Int.is_positive -> {0} > 0
Int.is_negative -> {0} < 0
Float.round_up -> Float.ceil
Float.round_down -> Float.floor
Float.round_nearest -> Float.round
Float.round_towards_zero -> Float.trunc
Float.max_finite_value -> Float.max_float
Float.max_value -> Float.infinity
Float.min_value -> Float.neg_infinity
Float.ascending -> Float.compare
Float.to_int_exn -> Float.to_int
Float.iround_nearest_exn -> Float.to_int (Float.round {0})
Float.iround_exn -> Float.to_int (Float.round {0})
Float.square -> {0} *. {0}
Float.parse -> float_of_string
Float.is_positive -> {0} > 0.
Float.is_negative -> {0} < 0.
Bool.of_string -> bool_of_string
Char.to_int -> Char.code
Char.of_int -> Char.chr
Char.of_int_exn -> Char.chr
Char.to_string -> String.make 1 {0}
Char.uppercase -> Char.uppercase_ascii
Char.lowercase -> Char.lowercase_ascii
Char.to_upper -> Char.uppercase_ascii
Char.to_lower -> Char.lowercase_ascii
Char.get_digit_exn -> Char.code {0} - Char.code '0'
Char.is_digit -> match {0} with '0' .. '9' -> true | _ -> false
Char.is_alpha -> match {0} with 'a' .. 'z' | 'A' .. 'Z' -> true | _ -> false
Char.is_letter -> match {0} with 'a' .. 'z' | 'A' .. 'Z' -> true | _ -> false
Char.is_alphanum -> match {0} with 'a' .. 'z' | 'A' .. 'Z' | '0' .. '9' -> true | _ -> false
Char.is_uppercase -> match {0} with 'A' .. 'Z' -> true | _ -> false
Char.is_lowercase -> match {0} with 'a' .. 'z' -> true | _ -> false
Char.is_whitespace -> match {0} with ' ' | '\\t' | '\\n' | '\\r' -> true | _ -> false
Hashtbl.create -> Hashtbl.create 16 / module
Hashtbl.find_exn -> Hashtbl.find
Hashtbl.find_option -> Hashtbl.find_opt
Hashtbl.get -> Hashtbl.find_opt
Hashtbl.get_opt -> Hashtbl.find_opt
Hashtbl.find_default -> Option.value (Hashtbl.find_opt {0} {1}) ~default:{2}
Hashtbl.set -> Hashtbl.replace {0} {key} {data}
Hashtbl.set -> Hashtbl.replace
Hashtbl.put -> Hashtbl.replace
Hashtbl.insert -> Hashtbl.replace
Hashtbl.add_exn -> Hashtbl.add {0} {key} {data}
Hashtbl.add -> Hashtbl.add {0} {key} {data}
Hashtbl.update -> Hashtbl.replace {0} {1} ({f} (Hashtbl.find_opt {0} {1}))
Hashtbl.iteri -> Hashtbl.iter {f} {0}
Hashtbl.iter_keys -> Hashtbl.iter (fun key _ -> {f} key) {0}
Hashtbl.fold -> Hashtbl.fold {f} {0} {init}
Hashtbl.keys -> List.of_seq (Hashtbl.to_seq_keys {0})
Hashtbl.data -> List.of_seq (Hashtbl.to_seq_values {0})
Hashtbl.values -> List.of_seq (Hashtbl.to_seq_values {0})
Hashtbl.to_alist -> List.of_seq (Hashtbl.to_seq {0})
Hashtbl.to_list -> List.of_seq (Hashtbl.to_seq {0})
Hashtbl.of_list -> Hashtbl.of_seq (List.to_seq {0})
Hashtbl.is_empty -> Hashtbl.length {0} = 0
Hashtbl.contains -> Hashtbl.mem
Hashtbl.size -> Hashtbl.length
Queue.enqueue -> Queue.add {1} {0}
Queue.dequeue -> Queue.take_opt
Queue.dequeue_exn -> Queue.take
Queue.peek_exn -> Queue.peek
Queue.to_list -> List.of_seq (Queue.to_seq {0})
Queue.of_list -> Queue.of_seq (List.to_seq {0})
Queue.iter -> Queue.iter {f} {0}
Queue.fold -> Queue.fold {f} {init} {0}
Queue.size -> Queue.length
Stack.pop_exn -> Stack.pop
Stack.top_exn -> Stack.top
Stack.peek -> Stack.top
Stack.to_list -> List.of_seq (Stack.to_seq {0})
Stack.iter -> Stack.iter {f} {0}
Stack.fold -> Stack.fold {f} {init} {0}
Seq.to_list -> List.of_seq
Seq.of_list -> List.to_seq
Seq.to_array -> Array.of_seq
Seq.of_array -> Array.to_seq
Buffer.to_string -> Buffer.contents
Buffer.add -> Buffer.add_string
Buffer.append -> Buffer.add_string
Buffer.size -> Buffer.length
Fn.id -> Fun.id
Fn.const -> Fun.const
Fn.flip -> Fun.flip
Fn.non -> Fun.negate
Fn.compose -> Fun.compose
Exn.to_string -> Printexc.to_string
Exn.protect -> Fun.protect ~finally:{finally} {f}
Pervasives.compare -> Stdlib.compare
Printf.kprintf -> Printf.ksprintf
Printf.format -> Printf.sprintf
String.format -> Printf.sprintf
Sys.getenv_exn -> Sys.getenv
Sys.file_exists_exn -> Sys.file_exists
Sys.get_argv -> Sys.argv / ()
Sys.args -> Sys.argv
Sys.ls_dir -> Array.to_list (Sys.readdir {0})
Filename.temp_dir_name -> Filename.get_temp_dir_name ()
In_channel.read_all -> In_channel.with_open_bin {0} In_channel.input_all
In_channel.read_all -> In_channel.input_all {0}
In_channel.read_lines -> In_channel.with_open_text {0} In_channel.input_lines
In_channel.read_lines -> In_channel.input_lines {0}
In_channel.with_file -> In_channel.with_open_text {0} {f}
In_channel.fold_lines -> In_channel.fold_lines {f} {init} {0}
In_channel.iter_lines -> In_channel.fold_lines (fun () -> {f}) () {0}
In_channel.create -> In_channel.open_text
In_channel.open_in -> In_channel.open_text
In_channel.input_line_exn -> input_line
In_channel.read_line -> In_channel.input_line
Out_channel.write_all -> Out_channel.with_open_bin {0} (fun oc -> Out_channel.output_string oc {data})
Out_channel.with_file -> Out_channel.with_open_text {0} {f}
Out_channel.create -> Out_channel.open_text
Out_channel.open_out -> Out_channel.open_text
Out_channel.newline -> Out_channel.output_char {0} '\\n'
Out_channel.print_endline -> print_endline
Out_channel.printf -> Printf.printf
Out_channel.eprintf -> Printf.eprintf
Out_channel.fprintf -> Printf.fprintf
Out_channel.write -> Out_channel.output_string
Out_channel.write_string -> Out_channel.output_string
Math.sqrt -> sqrt
Math.abs -> abs
Math.max -> max
Math.min -> min
Math.floor -> floor
Math.ceil -> ceil
Math.exp -> exp
Math.log -> log
Math.sin -> sin
Math.cos -> cos
Math.pow -> {0} ** {1}
Math.pi -> Float.pi
"""


def _read(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in text.strip().splitlines():
        name, _, call = line.partition(" -> ")
        found[name] = (*found.get(name, ()), call)
    return found


OF_OTHERS: Mapping[str, tuple[str, ...]] = _read(
    _LISTS.replace("M.", "List.") + _LISTS.strip().replace("M.", "Array.") + "\n" + _CALLS.strip()
)
"""The calls by the name that they have elsewhere. Behind ` / ` are labels that have no meaning here, or `module`."""

OPTIONS: Mapping[str, str] = {
    "Hashtbl.find": "Hashtbl.find_opt",
    "List.nth": "List.nth_opt",
    "Queue.peek": "Queue.peek_opt",
    "Stack.pop": "Stack.pop_opt",
    "Stack.top": "Stack.top_opt",
    "String.index": "String.index_opt",
    "String.rindex": "String.rindex_opt",
    "Sys.getenv": "Sys.getenv_opt",
}
"""What gives an option elsewhere, and raises here."""
