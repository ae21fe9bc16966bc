package keyring_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// branchKeys is a store of branch keys in memory that counts.
type branchKeys struct {
	name string

	mu       sync.Mutex
	versions map[string][]*keyring.BranchKey // by id; the last one is active
	calls    []string
	fail     func(ctx context.Context, call string) error
	block    chan struct{}                                 // calls wait until it is closed
	answer   func(k *keyring.BranchKey) *keyring.BranchKey // if it answers something else
}

func newBranchKeys(ids ...string) *branchKeys {
	s := &branchKeys{name: "keys", versions: map[string][]*keyring.BranchKey{}}
	for _, id := range ids {
		s.rotate(id)
	}
	return s
}

// rotate adds a version to a branch key and returns it.
func (s *branchKeys) rotate(id string) *keyring.BranchKey {
	k, err := keyring.NewBranchKey(id, uuidText(randomBytes(16)), randomBytes(32))
	if err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[id] = append(s.versions[id], k)
	return k
}

func (s *branchKeys) Name() string { return s.name }

func (s *branchKeys) ActiveBranchKey(ctx context.Context, id string) (*keyring.BranchKey, error) {
	return s.get(ctx, "active "+id, id, func(*keyring.BranchKey) bool { return true })
}

func (s *branchKeys) BranchKeyVersion(ctx context.Context, id, version string) (*keyring.BranchKey, error) {
	return s.get(ctx, "version "+id, id, func(k *keyring.BranchKey) bool { return k.Version == version })
}

func (s *branchKeys) get(ctx context.Context, call, id string, is func(*keyring.BranchKey) bool) (*keyring.BranchKey, error) {
	s.mu.Lock()
	s.calls = append(s.calls, call)
	fail, block, answer := s.fail, s.block, s.answer
	versions := slices.Clone(s.versions[id])
	s.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if fail != nil {
		if err := fail(ctx, call); err != nil {
			return nil, err
		}
	}
	for _, k := range slices.Backward(versions) {
		if is(k) {
			if answer != nil {
				return answer(k), nil
			}
			return k, nil
		}
	}
	return nil, fmt.Errorf("%w: no such branch key", crypt.ErrNoKey)
}

func (s *branchKeys) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *branchKeys) takeCalls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// expectCalls compares the calls since the last time with want.
func (s *branchKeys) expectCalls(t testing.TB, when string, want ...string) {
	t.Helper()
	if got := s.takeCalls(); !slices.Equal(got, want) {
		t.Errorf("%s: calls %q, want %q", when, got, want)
	}
}

func hierarchical(t testing.TB, store keyring.BranchKeySource, opts ...keyring.HierarchicalOption) *keyring.Hierarchical {
	t.Helper()
	k, err := keyring.NewHierarchical(store, "branch", opts...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// wrap wraps a data key and returns it as stored.
func wrap(t testing.TB, k crypt.Keyring) []crypt.EncryptedDataKey {
	t.Helper()
	wrapped, err := k.WrapKey(t.Context(), someContext(t), counting(crypt.DataKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return stored(wrapped)
}

func unwrap(t testing.TB, k crypt.Keyring, keys []crypt.EncryptedDataKey) error {
	t.Helper()
	got, err := k.UnwrapKey(t.Context(), someContext(t), keys)
	if (got == nil) == (err == nil) {
		t.Fatalf("UnwrapKey = %v, %v", got, err)
	}
	return err
}

func mustUnwrap(t testing.TB, k crypt.Keyring, keys []crypt.EncryptedDataKey) {
	t.Helper()
	if err := unwrap(t, k, keys); err != nil {
		t.Errorf("UnwrapKey: %v", err)
	}
}

// versionIn returns the version of the branch key that a data key names.
func versionIn(key crypt.EncryptedDataKey) string {
	return uuidText(key.Ciphertext[76:92])
}

// uuidText returns 16 bytes as a UUID in lower case.
func uuidText(uuid []byte) string {
	v := hex.EncodeToString(uuid)
	return strings.Join([]string{v[:8], v[8:12], v[12:16], v[16:20], v[20:]}, "-")
}
