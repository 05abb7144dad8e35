type kind =
  | Book of { pages : int }
  | Record
  | Game

type t = { name : string; kind : kind; price : float }

let label item =
  match item.kind with
  | Book { pages } -> Printf.sprintf "%s (%d pages)" item.name pages
  | Record | Game -> String.capitalise_ascii item.name
