type 'a tree =
  | Leaf
  | Node of 'a tree * 'a * 'a tree

let rec insert compare value = function
  | Leaf -> Node (Leaf, value, Leaf)
  | Node (left, v, right) as node ->
    let c = compare value v in
    if c < 0 then Node (insert compare value left, v, right)
    else if c > 0 then Node (left, v, insert compare value right)
    else node

let rec fold f acc = function
  | Leaf -> acc
  | Node (left, v, right) ->
    let acc = fold f acc left in
    fold f (f acc v) right

let to_list tree = List.rev (fold (fun acc v -> v :: acc) [] tree)

let () =
  [ 5; 2; 8; 1; 9 ]
  |> List.fold_left (fun t v -> insert compare v t) Leaf
  |> to_list
  |> List.iter (Printf.printf "%d\n")
