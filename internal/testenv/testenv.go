// Package testenv tells tests what they can count on where they run. It is for tests
// only.
package testenv

import (
	"os"
	"path/filepath"
	"testing"
)

// Vectors returns the part of the vectors that is of one format, "ddbec" or
// "dbesdk". They are no part of the project: without DDBENC_VECTORS, which names
// their folder, the test is skipped. With it, a test that finds none in the folder
// has to fail.
func Vectors(t testing.TB, format string) (dir string) {
	t.Helper()
	root := os.Getenv("DDBENC_VECTORS")
	if root == "" {
		t.Skipf("DDBENC_VECTORS is not set: it names a folder of vectors with %s/ in it", format)
	}
	return filepath.Join(root, format)
}

// CountsAllocations skips a test that counts allocations, and so would count those
// of the race detector.
func CountsAllocations(t testing.TB) {
	t.Helper()
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
}
