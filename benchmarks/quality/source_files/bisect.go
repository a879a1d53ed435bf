package search

import "cmp"

// First returns the first position in sorted at which value could be inserted.
func First[T cmp.Ordered](sorted []T, value T) int {
	low, high := 0, len(sorted)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if sorted[middle] < value {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// Contains reports whether value is in sorted.
func Contains[T cmp.Ordered](sorted []T, value T) bool {
	i := First(sorted, value)
	return i < len(sorted) && sorted[i] == value
}
