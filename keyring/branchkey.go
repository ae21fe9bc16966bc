package keyring

import (
	"fmt"
	"log/slog"
)

// branchKeySize is the size of a branch key and of a beacon key, in bytes.
const branchKeySize = 32

// A BranchKey is one version of a branch key of a [BranchKeyStore], or a beacon key. It
// is safe for concurrent use as long as nobody changes it; whoever gets one may
// keep it. DB-ESDK spec: materials, "Branch key store".
type BranchKey struct {
	// ID is the id of the branch key, the same for all its versions.
	ID string

	// Version is the version's UUID in lower case, as in
	// "4a0c7b92-3703-4209-8961-24b07ab6562b". A beacon key has none.
	Version string

	// EncryptionContext is what whoever created the branch key said of it. KMS
	// verified it. It is nil if there is none.
	EncryptionContext map[string]string

	// A pointer, so that package fmt prints no more than an address of a key
	// inside of a struct whose unexported fields it walks.
	key *[branchKeySize]byte
}

// Bytes returns a copy of the key, 32 secret bytes.
func (k *BranchKey) Bytes() []byte { return append([]byte(nil), k.key[:]...) }

// Format prints k without its key under every verb.
func (k BranchKey) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "BranchKey(%q, version %q, REDACTED)", k.ID, k.Version)
}

// LogValue prints k without its key in logs.
func (k BranchKey) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", k.ID), slog.String("version", k.Version))
}
