(ns words.core
  (:require [clojure.string :as str]
            [clojure.java.io :as io]))

(def stop-words #{"the" "a" "of" "and" "to"})

(defn tokens [line]
  (->> (str/split (str/lower-case line) #"[^a-z]+")
       (remove str/blank?)
       (remove stop-words)))

(defn count-words [path]
  (with-open [reader (io/reader path)]
    (->> (line-seq reader)
         (mapcat tokens)
         (frequencies)
         (sort-by (comp - val))
         (doall))))

(defn -main [& args]
  (doseq [[word n] (take 20 (count-words (first args)))]
    (println (format "%6d %s" n word))))
