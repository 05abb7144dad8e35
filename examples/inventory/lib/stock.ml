type t = (Item.t * int) list

let empty = []

let add stock item quantity = (item, quantity) :: stock

let count (stock : t) name =
  List.fold_left
    (fun sum ((item : Item.t), quantity) -> if item.name = name then sum + quantity else sum)
    0 stock

let value stock =
  List.fold_left
    (fun sum ((item : Item.t), quantity) -> sum + (item.price *. float_of_int quantity))
    0. stock
