//go:build race

package codec

// raceEnabled: the race detector allocates on its own.
const raceEnabled = true
