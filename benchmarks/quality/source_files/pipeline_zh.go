package pipeline

import (
	"bufio"
	"os"
	"strings"
)

// Lines 逐行读取文件，通过通道返回
func Lines(path string) (<-chan string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	out := make(chan string)
	go func() {
		defer close(out)
		defer file.Close()
		scanner := bufio.NewScanner(file)
		for scanner.Scan() {
			out <- scanner.Text()
		}
	}()
	return out, nil
}

// Filter 只保留包含关键字的行
func Filter(in <-chan string, word string) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for line := range in {
			// 忽略大小写
			if strings.Contains(strings.ToLower(line), word) {
				out <- line
			}
		}
	}()
	return out
}
