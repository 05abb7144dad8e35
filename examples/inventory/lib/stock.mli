(** How many there are of each item. *)

type t

val empty : t
val add : t -> Item.t -> int -> t

(** The number of items of that name. *)
val count : t -> string -> int

(** What the whole stock would sell for. *)
val value : t -> float
