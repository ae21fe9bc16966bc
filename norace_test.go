//go:build !race

package ddbenc_test

// raceEnabled: the race detector allocates on its own.
const raceEnabled = false
