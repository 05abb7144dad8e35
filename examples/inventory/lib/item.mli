(** Something that the shop sells. *)

type kind =
  | Book of { pages : int }
  | Record
  | Game

type t = { name : string; kind : kind; price : float }

(** What stands on the shelf. *)
val label : t -> string
