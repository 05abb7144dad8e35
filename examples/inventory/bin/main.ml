open Inventory

let novel = { Item.name = "the sea"; kind = Book { pages = 214 }; price = 18.5 }
let game = { Item.name = "go"; kind = Game; price = 35. }

let () =
  let stock = Stock.add (Stock.add Stock.empty novel 3) game 2 in
  List.iter (fun item -> print_endline (Item.label item)) [ novel; game ];
  Printf.printf "worth %.2f\n" (Stock.value stock)
