"""The values of the standard library that people use, by module: for names that the compiler has no hint for.

Not complete on purpose: low-level and new functions would only be wrong guesses.
"""

from collections.abc import Mapping

_BASIC = """
abs abs_float acos asin at_exit atan atan2 bool_of_string ceil char_of_int close_in close_out compare cos cosh decr
epsilon_float exit exp failwith float float_of_int float_of_string float_of_string_opt floor flush fst ignore
in_channel_length incr infinity input_char input_line int_of_char int_of_float int_of_string int_of_string_opt
invalid_arg log log10 max max_float max_int min min_float min_int mod_float nan neg_infinity not open_in open_in_bin
open_out open_out_bin output_char output_string pred prerr_endline prerr_newline prerr_string print_char print_endline
print_float print_int print_newline print_string raise read_float read_int read_int_opt read_line really_input_string
ref sin sinh snd sqrt stderr stdin stdout string_of_bool string_of_float string_of_int succ tan tanh truncate
"""

_BY_MODULE = {
    "List": """append assoc assoc_opt combine compare concat concat_map cons equal exists exists2 filter filter_map
        filteri find find_all find_index find_map find_opt flatten fold_left fold_left2 fold_left_map fold_right
        fold_right2 for_all for_all2 hd init is_empty iter iter2 iteri length map map2 mapi mem mem_assoc merge nth
        nth_opt partition partition_map remove_assoc rev rev_append rev_map sort sort_uniq split stable_sort tl
        to_seq""",
    "String": """capitalize_ascii cat compare concat contains empty ends_with equal escaped exists fold_left for_all
        get index index_opt init iter iteri length lowercase_ascii make map mapi rindex rindex_opt split_on_char
        starts_with sub to_seq trim uncapitalize_ascii uppercase_ascii""",
    "Array": """append blit concat copy exists fill find_opt fold_left fold_right for_all get init iter iter2 iteri
        length make make_matrix map map2 mapi mem of_list set sort stable_sort sub to_list to_seq""",
    "Hashtbl": "add clear copy create find find_opt fold hash iter length mem remove replace reset to_seq",
    "Option": "bind equal fold get is_none is_some iter join map none some to_list to_result value",
    "Result": "bind equal error fold get_error get_ok is_error is_ok iter join map map_error ok to_option value",
    "Char": "chr code compare equal escaped lowercase_ascii uppercase_ascii",
    "Printf": "bprintf eprintf fprintf ksprintf printf sprintf",
    "Format": "asprintf eprintf fprintf pp_print_list pp_print_newline pp_print_string printf sprintf std_formatter",
    "Buffer": "add_buffer add_bytes add_char add_string clear contents create length output_buffer reset",
    "Bytes": "blit copy create fill get length make of_string set sub to_string",
    "Int": "abs add compare div equal max min mul neg of_float one pred rem sub succ to_float to_string zero",
    "Float": """abs add ceil compare div equal floor infinity is_integer is_nan log max min mul nan neg of_int of_string
        of_string_opt pi pow rem round sqrt sub to_int to_string trunc zero""",
    "Int32": "add compare div mul neg of_float of_int of_string rem sub to_float to_int to_string",
    "Int64": "add compare div mul neg of_float of_int of_string rem sub to_float to_int to_string",
    "Bool": "compare equal to_string",
    "Fun": "const flip id negate protect",
    "Seq": "append cons empty filter filter_map flat_map fold_left iter map return take unfold",
    "Queue": "add clear create fold is_empty iter length peek peek_opt pop push take take_opt top transfer",
    "Stack": "clear create fold is_empty iter length pop pop_opt push top top_opt",
    "Random": "bool float full_int init int self_init",
    "Sys": "argv command file_exists getcwd getenv getenv_opt is_directory readdir remove rename time",
    "Filename": "basename chop_extension chop_suffix concat dirname extension quote remove_extension temp_file",
    "Lazy": "force from_fun from_val is_val map",
    "In_channel": "close input_all input_line open_text stdin with_open_bin with_open_text",
    "Out_channel": "close flush open_text output_string stderr stdout with_open_bin with_open_text",
    "Printexc": "get_backtrace print_backtrace record_backtrace register_printer to_string",
    "Scanf": "bscanf scanf sscanf",
    "Effect": "perform",
    "Effect.Deep": "continue discontinue match_with try_with",
    "Domain": "cpu_count join recommended_domain_count self spawn",
    "Mutex": "lock protect try_lock unlock",
    "Atomic": "compare_and_set exchange fetch_and_add",
    "Unix": "close getpid gettimeofday localtime mkdir sleep sleepf time",
}

PERVASIVES: tuple[str, ...] = tuple(_BASIC.split())
"""What can be named without a module."""

MODULES: Mapping[str, tuple[str, ...]] = {module: tuple(names.split()) for module, names in _BY_MODULE.items()}
"""The values of each module, the modules that people use most first."""

_OTHER_MODULES = """
Arg Atomic Bigarray Complex Condition Domain Dynarray Effect Either Ephemeron Gc Lexing Map Marshal Mutex
Nativeint Obj Parsing Set Stdlib Str Thread Type Uchar Weak
"""
OTHER_MODULES: tuple[str, ...] = tuple(_OTHER_MODULES.split())
"""Modules that can be named, of whose values nothing is known here."""

_TYPES = """
int float string char bool unit list array option result ref bytes exn int32 int64 nativeint lazy_t in_channel
"""
TYPES: tuple[str, ...] = tuple(_TYPES.split())

_CONSTRUCTORS = """
Some None Ok Error true false Not_found Failure Invalid_argument Exit End_of_file
"""
CONSTRUCTORS: tuple[str, ...] = tuple(_CONSTRUCTORS.split())

FOREIGN: Mapping[str, tuple[str, ...]] = {
    "println": ("print_endline",),
    "puts": ("print_endline",),
    "print": ("print_endline", "print_string", "Printf.printf"),
    "len": ("List.length", "String.length", "Array.length"),
    "size": ("List.length", "String.length", "Array.length"),
    "null": ("None",),
    "nil": ("None",),
    "none": ("None",),
    "some": ("Some",),
    "foldl": ("List.fold_left",),
    "foldr": ("List.fold_right",),
    "fold": ("List.fold_left",),
    "reduce": ("List.fold_left",),
    "foreach": ("List.iter",),
    "head": ("List.hd",),
    "tail": ("List.tl",),
    "reverse": ("List.rev",),
    "to_string": ("string_of_int", "string_of_float", "string_of_bool"),
    "str": ("string_of_int", "string_of_float"),
    "toupper": ("String.uppercase_ascii", "Char.uppercase_ascii"),
    "tolower": ("String.lowercase_ascii", "Char.lowercase_ascii"),
    "uppercase": ("String.uppercase_ascii", "Char.uppercase_ascii", "Bytes.uppercase_ascii"),
    "lowercase": ("String.lowercase_ascii", "Char.lowercase_ascii", "Bytes.lowercase_ascii"),
    "to_upper": ("String.uppercase_ascii", "Char.uppercase_ascii"),
    "to_lower": ("String.lowercase_ascii", "Char.lowercase_ascii"),
    "strip": ("String.trim",),
    "is_prefix": ("String.starts_with",),
    "is_suffix": ("String.ends_with",),
    "has_prefix": ("String.starts_with",),
    "has_suffix": ("String.ends_with",),
    "startswith": ("String.starts_with",),
    "endswith": ("String.ends_with",),
    "startsWith": ("String.starts_with",),
    "endsWith": ("String.ends_with",),
    "split_on_chars": ("String.split_on_char",),
    "hd_exn": ("List.hd",),
    "tl_exn": ("List.tl",),
    "nth_exn": ("List.nth",),
    "dedup_and_sort": ("List.sort_uniq",),
    "add_exn": ("Hashtbl.add",),
    "remove_exn": ("Hashtbl.remove",),
    "throw": ("raise",),
    "contains": ("List.mem", "String.contains", "Hashtbl.mem", "Set.mem"),
    "includes": ("List.mem",),
    "any": ("List.exists", "Array.exists"),
    "all": ("List.for_all", "Array.for_all"),
    "each": ("List.iter", "Array.iter"),
    "flat_map": ("List.concat_map", "Option.bind", "Result.bind"),
    "flatMap": ("List.concat_map", "Option.bind", "Result.bind"),
    "and_then": ("Option.bind", "Result.bind"),
    "then": ("Option.bind", "Result.bind"),
    "get_or": ("Option.value",),
    "get_or_else": ("Option.value",),
    "value_or": ("Option.value",),
    "unwrap": ("Option.get", "Result.get_ok"),
    "value_exn": ("Option.get",),
    "get_exn": ("Option.get", "Result.get_ok"),
    "filter_opt": ("List.filter_map",),
    "concat_list": ("List.concat",),
    "zip": ("List.combine",),
    "unzip": ("List.split",),
    "push": ("Stack.push", "Queue.push"),
    "enqueue": ("Queue.push",),
    "dequeue": ("Queue.pop",),
    "containsKey": ("Hashtbl.mem",),
    "has_key": ("Hashtbl.mem",),
    "split": ("String.split_on_char",),
    "join": ("String.concat",),
    "replace": ("Hashtbl.replace",),
    "put": ("Hashtbl.replace", "Hashtbl.add"),
    "set": ("Hashtbl.replace",),
    "insert": ("Hashtbl.add",),
    "get": ("Hashtbl.find", "List.nth", "Hashtbl.find_opt"),
    "find_exn": ("List.find", "Hashtbl.find"),
    "sum": ("List.fold_left",),
    "substring": ("String.sub",),
    "substr": ("String.sub",),
    "to_array": ("Array.of_list",),
    "kprintf": ("Printf.ksprintf", "Format.kasprintf"),
    "create": ("Array.make",),
    "create_matrix": ("Array.make_matrix",),
    "capitalize": ("String.capitalize_ascii", "Char.uppercase_ascii"),
    "uncapitalize": ("String.uncapitalize_ascii",),
    "pow": ("Float.pow",),
    "pi": ("Float.pi",),
}
"""What people write who come from other languages, or from older versions, and what they mean."""

FOREIGN_TYPES: Mapping[str, str] = {
    "boolean": "bool",
    "Bool": "bool",
    "integer": "int",
    "double": "float",
    "str": "string",
    "void": "unit",
    "number": "int",
}

FOREIGN_CONSTRUCTORS: Mapping[str, str] = {"True": "true", "False": "false", "Nothing": "None", "Just": "Some"}
