open Inventory

let record = { Item.name = "blue"; kind = Record; price = 12.25 }

let () =
  let stock = Stock.add (Stock.add Stock.empty record 1) record 2 in
  assert (Stock.count stock "blue" = 3);
  assert (Stock.value stock = 36.75)
