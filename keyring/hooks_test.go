package keyring_test

import (
	"context"
	"crypto/ecdh"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/ddbenc/ddbenc/keyring"
)

// loads collects what hooks are told of keys.
type loads struct {
	mu    sync.Mutex
	lines []string
	bad   []string
}

func (l *loads) hooks() *hook.Hooks {
	return &hook.Hooks{KeyLoaded: func(_ context.Context, e hook.KeyLoad) {
		l.mu.Lock()
		defer l.mu.Unlock()
		line := e.Provider + " " + e.Op + " " + e.Key
		if e.Cached {
			line += " cached"
		}
		if e.Err != nil {
			line += " " + hook.Reason(e.Err)
		}
		if e.Cached == (e.Duration > 0) {
			l.bad = append(l.bad, fmt.Sprintf("%s took %v", line, e.Duration))
		}
		l.lines = append(l.lines, line)
	}}
}

// expect compares what was told since the last time.
func (l *loads) expect(t *testing.T, when string, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
	for _, b := range l.bad {
		t.Errorf("%s: %s", when, b)
	}
	l.lines, l.bad = nil, nil
}

func TestHooksAreToldOfCallsToKMS(t *testing.T) {
	service := ddbenctest.NewKMS(t)
	arn := service.CreateKey(ddbenctest.KMSKey{Region: region})
	rsaARN := rsaInKMS(t, service, rsaKeys[0], ddbenctest.KMSKey{Region: region})
	ecARN, _ := ecInKMS(t, service, "ECC_NIST_P256", ecdh.P256())
	client := service.Client(region)
	var seen loads
	hooks := keyring.WithHooks(seen.hooks())

	item := numbered("1")
	p := mustKMS(t, client, arn, hooks)
	stored := mustEncrypt(t, p, item)
	seen.expect(t, "item written with KMS", "KMS GenerateDataKey "+arn)
	if err := read(t, p, stored); err != nil {
		t.Fatal(err)
	}
	seen.expect(t, "item read with KMS", "KMS Decrypt "+arn)

	discovery, err := keyring.NewKMSDiscoveryKeyring(client, region, keyring.DiscoveryFilter{Partition: "aws", Accounts: []string{strings.Split(arn, ":")[4]}}, hooks)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := mustWrapKey(t, kmsRing(t, client, arn, hooks), someContext(t))
	mustUnwrapKey(t, kmsRing(t, client, arn, hooks), someContext(t), wrapped)
	mustUnwrapKey(t, discovery, someContext(t), wrapped)
	seen.expect(t, "keyrings of KMS",
		"KMSKeyring GenerateDataKey "+arn, "KMSKeyring Decrypt "+arn, "KMSDiscoveryKeyring Decrypt "+arn)

	rsaRing := kmsRSA(t, client, rsaARN, keyring.OAEPSHA256, &rsaKeys[0].PublicKey, hooks)
	mustUnwrapKey(t, rsaRing, someContext(t), mustWrapKey(t, rsaRing, someContext(t)))
	seen.expect(t, "RSA", "KMSRSA Decrypt "+rsaARN)

	peer, err := ecdh.P256().GenerateKey(strings.NewReader(strings.Repeat("entropy", 100)))
	if err != nil {
		t.Fatal(err)
	}
	mustWrapKey(t, kmsECDH(t, client, ecARN, nil, peer.PublicKey(), hooks), someContext(t))
	seen.expect(t, "ECDH", "KMSECDH GetPublicKey "+ecARN, "KMSECDH DeriveSharedSecret "+ecARN)

	service.Fault(ddbenctest.KMSFault{Code: ddbenctest.FaultAccessDenied})
	if err := read(t, p, stored); !errors.Is(err, keyring.ErrKeyRefused) {
		t.Errorf("the item can be read: %v", err)
	}
	seen.expect(t, "access denied", "KMS Decrypt "+arn+" key_refused")
}

func TestHooksAreToldOfKeysInMemory(t *testing.T) {
	clk := &clock{}
	var seen loads
	store := mustMetaStore(t, newFakeTable(), protector(t))
	p := mustMostRecent(t, store, keyring.WithClock(clk.Now), keyring.WithHooks(seen.hooks()))
	stored := mustEncrypt(t, p, numbered("1"))
	seen.expect(t, "first item", "MostRecent MaxVersion records", "MostRecent GetOrCreate records#0")
	mustEncrypt(t, p, numbered("1"))
	if err := read(t, p, stored); err != nil {
		t.Fatal(err)
	}
	seen.expect(t, "within the time to live",
		"MostRecent MaxVersion records cached", "MostRecent Provider records#0 cached", "MostRecent Provider records#0 cached")
	clk.Advance(2 * ttl)
	if err := read(t, p, stored); err != nil {
		t.Fatal(err)
	}
	seen.expect(t, "after it", "MostRecent Provider records#0")

	branchKeys := newBranchKeys("branch")
	h := hierarchical(t, branchKeys, keyring.WithHooks(seen.hooks()))
	keys := wrap(t, h)
	mustUnwrap(t, h, keys)
	wrap(t, h)
	mustUnwrap(t, h, keys)
	seen.expect(t, "branch keys", "Hierarchical ActiveBranchKey branch", "Hierarchical BranchKeyVersion branch",
		"Hierarchical ActiveBranchKey branch cached", "Hierarchical BranchKeyVersion branch cached")
	branchKeys.set(func() {
		branchKeys.fail = func(context.Context, string) error {
			return fmt.Errorf("%w: planted-secret", keyring.ErrUnavailable)
		}
	})
	h.Refresh()
	if err := unwrap(t, h, keys); !errors.Is(err, keyring.ErrUnavailable) {
		t.Errorf("the key is there: %v", err)
	}
	seen.expect(t, "no store", "Hierarchical BranchKeyVersion branch unavailable")
}

// What fails while an older answer can still be used is told of, whether a caller
// gets the error, as from MostRecent, or nobody does, as from Hierarchical.
func TestHooksAreToldOfFailedRenewals(t *testing.T) {
	clk := &clock{}
	var seen loads
	table := newFakeTable()
	p := mustMostRecent(t, mustMetaStore(t, table, protector(t)), keyring.WithClock(clk.Now), keyring.WithHooks(seen.hooks()))
	stored := mustEncrypt(t, p, numbered("1"))
	seen.expect(t, "first item", "MostRecent MaxVersion records", "MostRecent GetOrCreate records#0")
	table.fail = func(string) error { return errors.New("planted-secret") }
	clk.Advance(ttl + 1)
	if err := read(t, p, stored); !errors.Is(err, keyring.ErrUnavailable) {
		t.Errorf("the caller who renews the key gets %v", err)
	}
	seen.expect(t, "MostRecent in its grace time", "MostRecent Provider records#0 unavailable")
	table.fail = nil
	if err := read(t, p, stored); err != nil {
		t.Error(err)
	}
	seen.expect(t, "MostRecent afterwards", "MostRecent Provider records#0")

	branchKeys := newBranchKeys("branch")
	h := hierarchical(t, branchKeys, keyring.WithTTL(ttl), keyring.WithGracePeriod(ttl/2), keyring.WithClock(clk.Now), keyring.WithHooks(seen.hooks()))
	keys := wrap(t, h)
	branchKeys.set(func() {
		branchKeys.fail = func(context.Context, string) error { return keyring.ErrUnavailable }
	})
	clk.Advance(ttl - 1)
	for range 2 {
		wrap(t, h)
	}
	seen.expect(t, "Hierarchical in its grace period", "Hierarchical ActiveBranchKey branch", "Hierarchical ActiveBranchKey branch unavailable",
		"Hierarchical ActiveBranchKey branch cached", "Hierarchical ActiveBranchKey branch cached")
	branchKeys.set(func() { branchKeys.fail = nil })
	clk.Advance(2)
	mustUnwrap(t, h, append(keys, wrap(t, h)...))
	seen.expect(t, "Hierarchical afterwards", "Hierarchical ActiveBranchKey branch", "Hierarchical BranchKeyVersion branch")
}

// What hooks do is not felt by those who need keys.
func TestHooksThatPanicLoadKeysAllTheSame(t *testing.T) {
	var panics []any
	h := hierarchical(t, newBranchKeys("branch"), keyring.WithHooks(&hook.Hooks{
		KeyLoaded: func(context.Context, hook.KeyLoad) { panic("no") },
		Panicked:  func(v any) { panics = append(panics, v) },
	}))
	for range 2 {
		mustUnwrap(t, h, wrap(t, h))
	}
	if want := []any{"no", "no", "no", "no"}; !slices.Equal(panics, want) {
		t.Errorf("panics %v, want %v", panics, want)
	}
}

func TestHooksThatDoNotAskForKeysCostNothing(t *testing.T) {
	testenv.CountsAllocations(t)
	count := func(opts ...keyring.HierarchicalOption) float64 {
		h := hierarchical(t, newBranchKeys("branch"), opts...)
		keys, kc := wrap(t, h), someContext(t)
		return testing.AllocsPerRun(100, func() {
			if _, err := h.UnwrapKey(t.Context(), kc, keys); err != nil && !errors.Is(err, crypt.ErrNoKey) {
				t.Fatal(err)
			}
		})
	}
	without, with := count(), count(keyring.WithHooks(&hook.Hooks{Failed: func(context.Context, hook.Item) {}}))
	if with > without+0.5 {
		t.Errorf("%v allocations with hooks that are not for keys, %v without", with, without)
	}
}
