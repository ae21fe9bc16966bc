// Package suggest finds the word that a person probably meant.
package suggest

import "strings"

// Nearest returns the candidate closest to word, and whether one is close
// enough to be worth mentioning: equal but for case and punctuation, or at most
// two typing slips away (a letter missing, added, changed, or swapped with its
// neighbour), one for words of up to four letters. Of several equally close
// candidates the first wins.
func Nearest(word string, candidates []string) (string, bool) {
	word = fold(word)
	limit := 2
	if len(word) <= 4 {
		limit = 1
	}
	best, found := "", false
	for _, c := range candidates {
		folded := fold(c)
		// The length bounds the distance from below, which also keeps a huge
		// word from a hostile tag from costing anything.
		if len(folded)-len(word) > limit || len(word)-len(folded) > limit {
			continue
		}
		if d := distance(word, folded); d <= limit {
			best, found, limit = c, true, d-1
		}
		if limit < 0 {
			break
		}
	}
	return best, found
}

// fold brings spellings together that differ in case, or in the punctuation
// between words only: SIGN_ONLY, sign-only and signOnly.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_', '-', ' ', '.':
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// distance counts the slips between a and b, byte by byte: the optimal string
// alignment distance, kept in three rows.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
