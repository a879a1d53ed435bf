{-# LANGUAGE OverloadedStrings #-}

module Store where

import qualified Data.Map.Strict as Map
import Control.Concurrent.STM
import Data.Text (Text)

newtype Store = Store (TVar (Map.Map Text Int))

newStore :: IO Store
newStore = Store <$> newTVarIO Map.empty

increment :: Store -> Text -> IO Int
increment (Store var) key = atomically $ do
  values <- readTVar var
  let value = Map.findWithDefault 0 key values + 1
  writeTVar var (Map.insert key value values)
  pure value

top :: Int -> Store -> IO [(Text, Int)]
top n (Store var) = do
  values <- readTVarIO var
  pure . take n . sortOn (negate . snd) $ Map.toList values
  where
    sortOn f = map snd . Map.toAscList . Map.fromList . map (\x -> (f x, x))
