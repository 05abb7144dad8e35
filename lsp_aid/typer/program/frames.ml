(* Messages on pipes. A message is a list of texts; each is written as its length in decimal, a colon, and its bytes;
   the whole as its length, a line feed, and that. Whatever bytes a text has, it can't be taken for anything else. *)

exception Garbled

let longest = 64 * 1024 * 1024

let encode fields =
  let body = Buffer.create 4096 in
  List.iter (fun field -> Buffer.add_string body (Printf.sprintf "%d:%s" (String.length field) field)) fields;
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

(* The messages that are whole in [text], and the rest of it. *)
let split text =
  let rec go at found =
    match number text at '\n' with
    | Some (length, start) when start + length <= String.length text ->
      go (start + length) (fields (String.sub text start length) :: found)
    | _ -> (List.rev found, String.sub text at (String.length text - at))
  in
  go 0 []

let rec write_all fd text at =
  if at < String.length text then
    match Unix.write_substring fd text at (String.length text - at) with
    | written -> write_all fd text (at + written)
    | exception Unix.Unix_error (Unix.EINTR, _, _) -> write_all fd text at

let send fd fields = write_all fd (encode fields) 0
