package keyring

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/ddbenc/ddbenc/crypt"
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

	// A pointer to a pointer, of which package fmt prints no more than an address
	// even where it walks the unexported fields of a struct that holds a key.
	key **[branchKeySize]byte
}

// NewBranchKey returns a version of a branch key, for a [BranchKeySource] of one's
// own. Key is 32 bytes, which are copied. The error wraps [crypt.ErrConfig].
func NewBranchKey(id, version string, key []byte) (*BranchKey, error) {
	if err := checkBranchKeyID(id); err != nil {
		return nil, err
	}
	if err := checkBranchKeyVersion(id, version); err != nil {
		return nil, err
	}
	if len(key) != branchKeySize {
		return nil, fmt.Errorf("%w: branch key %q is %d bytes, want %d", crypt.ErrConfig, id, len(key), branchKeySize)
	}
	return newBranchKey(id, version, nil, key), nil
}

// newBranchKey copies key, which has branchKeySize bytes.
func newBranchKey(id, version string, encryptionContext map[string]string, key []byte) *BranchKey {
	p := new([branchKeySize]byte)
	copy(p[:], key)
	return &BranchKey{ID: id, Version: version, EncryptionContext: encryptionContext, key: &p}
}

// Bytes returns a copy of the key, 32 secret bytes.
func (k *BranchKey) Bytes() []byte { return slices.Clone(k.secret()) }

// secret returns the key itself, which is not to be changed.
func (k *BranchKey) secret() []byte { return (*k.key)[:] }

// Format prints k without its key under every verb.
func (k BranchKey) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "BranchKey(%q, version %q, REDACTED)", k.ID, k.Version)
}

// LogValue prints k without its key in logs.
func (k BranchKey) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", k.ID), slog.String("version", k.Version))
}
