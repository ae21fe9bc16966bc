//go:build race

package crypt_test

const raceEnabled = true
