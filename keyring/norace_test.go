//go:build !race

package keyring_test

// raceEnabled: the race detector allocates on its own.
const raceEnabled = false
