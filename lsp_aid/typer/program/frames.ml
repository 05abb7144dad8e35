(* Messages on pipes. A message is a list of texts; each is written as its length in decimal, a colon, and its bytes;
   the whole as its length, a line feed, and that. Whatever bytes a text has, it can't be taken for anything else. *)

exception Garbled

let longest = 64 * 1024 * 1024

let encode fields =
  let body = Buffer.create 4096 in
  List.iter
    (fun field ->
      Buffer.add_string body (string_of_int (String.length field));
      Buffer.add_char body ':';
      Buffer.add_string body field)
    fields;
  Printf.sprintf "%d\n%s" (Buffer.length body) (Buffer.contents body)

(* The number that ends at the first [stop] at or behind [at], and where what follows begins; None: not all is there. *)
let number text at stop =
  let rec go i value =
    if i - at > 9 then raise Garbled
    else if i >= String.length text then None
    else
      match text.[i] with
      | '0' .. '9' as c -> go (i + 1) ((value * 10) + Char.code c - 48)
      | c when c = stop && i > at -> if value > longest then raise Garbled else Some (value, i + 1)
      | _ -> raise Garbled
  in
  go at 0

let fields body =
  let rec go at found =
    if at = String.length body then List.rev found
    else
      match number body at ':' with
      | Some (length, start) when start + length <= String.length body ->
        go (start + length) (String.sub body start length :: found)
      | _ -> raise Garbled
  in
  go 0 []

(* The messages that are whole in [text], the rest of it, and how long the rest has to be before it can be a message. *)
let split text =
  let rest at = String.sub text at (String.length text - at) in
  let rec go at found =
    match number text at '\n' with
    | Some (length, start) when start + length <= String.length text ->
      go (start + length) (fields (String.sub text start length) :: found)
    | Some (length, start) -> (List.rev found, rest at, start + length - at)
    | None -> (List.rev found, rest at, String.length text - at + 1)
  in
  go 0 []

(* What arrives on a pipe: what was read of a message that is not whole yet. *)
type stream = { fd : Unix.file_descr; pending : Buffer.t; mutable needed : int }

let stream fd = { fd; pending = Buffer.create 4096; needed = 1 }
let chunk = Bytes.create 65536

(* Reads once; None at the end. *)
let rec receive stream =
  match Unix.read stream.fd chunk 0 (Bytes.length chunk) with
  | 0 -> None
  | count ->
    Buffer.add_subbytes stream.pending chunk 0 count;
    if Buffer.length stream.pending < stream.needed then Some []
    else begin
      let messages, rest, needed = split (Buffer.contents stream.pending) in
      Buffer.clear stream.pending;
      Buffer.add_string stream.pending rest;
      stream.needed <- needed;
      Some messages
    end
  | exception Unix.Unix_error (Unix.EINTR, _, _) -> receive stream

let rec write_all fd text at =
  if at < String.length text then
    match Unix.write_substring fd text at (String.length text - at) with
    | written -> write_all fd text (at + written)
    | exception Unix.Unix_error (Unix.EINTR, _, _) -> write_all fd text at

let send fd fields = write_all fd (encode fields) 0
