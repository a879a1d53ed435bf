module Queens (queens, render) where

import Data.List (intercalate)

type Board = [Int]

-- | All ways to place n queens that do not attack each other.
queens :: Int -> [Board]
queens n = go n
  where
    go 0 = [[]]
    go k = [column : rest | rest <- go (k - 1), column <- [1 .. n], safe column rest]

safe :: Int -> Board -> Bool
safe column rest = and [column /= c && abs (column - c) /= d | (d, c) <- zip [1 ..] rest]

render :: Int -> Board -> String
render n board = intercalate "\n" (map row board)
  where
    row c = [if i == c then 'Q' else '.' | i <- [1 .. n]]

main :: IO ()
main = do
  let solutions = queens 8
  print (length solutions)
  case solutions of
    [] -> putStrLn "none"
    (first : _) -> putStrLn (render 8 first)
