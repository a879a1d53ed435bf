package main

import (
	"encoding/json"
	"log"
	"net/http"
	"sync"
)

type counter struct {
	mu    sync.Mutex
	value map[string]int
}

func (c *counter) add(key string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value[key]++
	return c.value[key]
}

func main() {
	hits := &counter{value: make(map[string]int)}
	http.HandleFunc("/hit", func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Query().Get("page")
		if key == "" {
			http.Error(w, "page is missing", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(map[string]int{key: hits.add(key)}); err != nil {
			log.Println(err)
		}
	})
	log.Fatal(http.ListenAndServe(":8080", nil))
}
