package keyring_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/ddbenc/ddbenc/keyring"
)

// A clock stands still until it is moved.
type clock struct{ atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Unix(0, c.Load()) }
func (c *clock) Advance(d time.Duration) { c.Add(int64(d)) }

const ttl = 10 * time.Second

func mustMostRecent(t testing.TB, store keyring.KeyStore, opts ...keyring.MostRecentOption) *keyring.MostRecent {
	t.Helper()
	p, err := keyring.NewMostRecent(store, "records", ttl, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func read(t testing.TB, p crypt.Provider, stored map[string]types.AttributeValue) error {
	t.Helper()
	_, err := sortedTable(t, p).Decrypt(t.Context(), stored)
	return err
}

// Calls of the store, as the specification lists those of the Java client.
func TestMostRecentCalls(t *testing.T) {
	table, clk := newFakeTable(), &clock{}
	store := mustMetaStore(t, table, protector(t))
	p := mustMostRecent(t, store, keyring.WithClock(clk.Now))
	expect := func(when string, want ...string) {
		t.Helper()
		if got := table.takeCalls(); !slices.Equal(got, want) {
			t.Errorf("%s: calls %q, want %q", when, got, want)
		}
	}
	version := func(stored map[string]types.AttributeValue) string {
		return description(t, stored)["amzn-ddb-meta-id"]
	}
	first := mustEncrypt(t, p, numbered("1"))
	expect("first item written", "Query", "PutItem")
	for range 10 {
		if err := read(t, p, mustEncrypt(t, p, numbered("1"))); err != nil {
			t.Fatal(err)
		}
	}
	expect("within the time to live")

	if _, err := store.NewVersion(t.Context(), "records"); err != nil {
		t.Fatal(err)
	}
	table.takeCalls()
	clk.Advance(ttl)
	if got := version(mustEncrypt(t, p, numbered("1"))); got != "records#0" {
		t.Errorf("at the time to live items are written with %s", got)
	}
	expect("at the time to live")
	clk.Advance(time.Millisecond)
	second := mustEncrypt(t, p, numbered("1"))
	if got := version(second); got != "records#1" {
		t.Errorf("after the time to live items are written with %s", got)
	}
	expect("after the time to live", "Query", "GetItem")
	if err := read(t, p, second); err != nil {
		t.Fatal(err)
	}
	expect("reading the new version")

	// The old version is asked for again too. Python never does.
	clk.Advance(time.Second)
	if err := read(t, p, first); err != nil {
		t.Fatal(err)
	}
	expect("reading the old version after the time to live", "GetItem")
	if err := read(t, p, first); err != nil {
		t.Fatal(err)
	}
	expect("reading it again")

	p.Refresh()
	if err := read(t, p, first); err != nil {
		t.Fatal(err)
	}
	mustEncrypt(t, p, numbered("1"))
	expect("after Refresh", "GetItem", "Query", "GetItem")
	if got, want := p.Stats(), (keyring.CacheStats{Hits: 34, Loads: 8}); got != want {
		t.Errorf("Stats = %+v, want %+v", got, want)
	}
}

// A reader that comes first, to a table where versions are.
func TestMostRecentReadsFirst(t *testing.T) {
	table, protect := newFakeTable(), protector(t)
	stored := mustEncrypt(t, mustMostRecent(t, mustMetaStore(t, table, protect)), numbered("1"))
	table.takeCalls()
	if err := read(t, mustMostRecent(t, mustMetaStore(t, table, protect)), stored); err != nil {
		t.Fatal(err)
	}
	if got, want := table.takeCalls(), []string{"GetItem"}; !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

// 64 goroutines on a cold cache cause one load.
func TestMostRecentStampede(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	table := newFakeTable()
	store := mustMetaStore(t, table, mustKMS(t, k.Client(region), arn))
	writer := mustMostRecent(t, store)
	e := sortedTable(t, writer)
	stored := make([]map[string]types.AttributeValue, 64)
	var wg sync.WaitGroup
	for i := range stored {
		wg.Go(func() {
			var err error
			if stored[i], err = e.Encrypt(t.Context(), numbered("1")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, want := table.takeCalls(), []string{"Query", "PutItem"}; !slices.Equal(got, want) {
		t.Errorf("writing: calls %q, want %q", got, want)
	}
	reader := sortedTable(t, mustMostRecent(t, store))
	for i := range stored {
		wg.Go(func() {
			if _, err := reader.Decrypt(t.Context(), stored[i]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, want := table.takeCalls(), []string{"GetItem"}; !slices.Equal(got, want) {
		t.Errorf("reading: calls %q, want %q", got, want)
	}
	if got := len(k.Requests()); got != 2 {
		t.Errorf("%d calls of KMS, want 2", got)
	}
}

// A revoked key stops working within time to live and grace, for writing and for
// reading, new versions and old ones.
func TestMostRecentRevocation(t *testing.T) {
	k, clk := ddbenctest.NewKMS(t), &clock{}
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	client := k.Client(region)
	store := mustMetaStore(t, newFakeTable(), mustKMS(t, client, arn))
	p := mustMostRecent(t, store, keyring.WithClock(clk.Now))
	old := mustEncrypt(t, p, numbered("1"))
	if _, err := store.NewVersion(t.Context(), "records"); err != nil {
		t.Fatal(err)
	}
	p.Refresh()
	current := mustEncrypt(t, p, numbered("1"))
	if err := read(t, p, old); err != nil {
		t.Fatal(err)
	}

	if _, err := client.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	clk.Advance(ttl)
	mustEncrypt(t, p, numbered("1"))
	for name, stored := range map[string]map[string]types.AttributeValue{"old": old, "current": current} {
		if err := read(t, p, stored); err != nil {
			t.Errorf("reading the %s version within the time to live: %v", name, err)
		}
	}
	clk.Advance(500*time.Millisecond + 1)
	for range 3 {
		if _, err := sortedTable(t, p).Encrypt(t.Context(), numbered("1")); !errors.Is(err, keyring.ErrKeyRefused) {
			t.Errorf("writing after revocation: error %v, want ErrKeyRefused", err)
		}
		for name, stored := range map[string]map[string]types.AttributeValue{"old": old, "current": current} {
			if err := read(t, p, stored); !errors.Is(err, keyring.ErrKeyRefused) {
				t.Errorf("reading the %s version after revocation: error %v, want ErrKeyRefused", name, err)
			}
		}
	}
	if _, err := client.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	if err := read(t, p, old); err != nil {
		t.Errorf("reading after the key was enabled again: %v", err)
	}
}

// The key table can't be written: no item is, either.
func TestMostRecentLostWrite(t *testing.T) {
	table := newFakeTable()
	p := mustMostRecent(t, mustMetaStore(t, table, protector(t)))
	table.fail = func(operation string) error {
		if operation == "PutItem" {
			return apiError("AccessDeniedException", smithy.FaultClient)
		}
		return nil
	}
	for range 2 {
		stored, err := sortedTable(t, p).Encrypt(t.Context(), numbered("1"))
		if stored != nil || !errors.Is(err, keyring.ErrKeyRefused) {
			t.Errorf("Encrypt = %v, error %v, want ErrKeyRefused", stored, err)
		}
	}
	table.fail = nil
	if err := read(t, p, mustEncrypt(t, p, numbered("1"))); err != nil {
		t.Error(err)
	}
}

// A row is deleted or tampered with while its version is cached.
func TestMostRecentRowChanges(t *testing.T) {
	table, clk := newFakeTable(), &clock{}
	p := mustMostRecent(t, mustMetaStore(t, table, protector(t)), keyring.WithClock(clk.Now))
	stored := mustEncrypt(t, p, numbered("1"))
	row := table.rows["records#0"]
	for _, tt := range []struct {
		name   string
		change func()
		want   error
	}{
		{"deleted", func() { delete(table.rows, "records#0") }, crypt.ErrNoKey},
		{"tampered", func() {
			table.rows["records#0"] = map[string]types.AttributeValue{}
			for name, v := range row {
				table.rows["records#0"][name] = v
			}
			table.rows["records#0"]["int"] = row["enc"]
		}, crypt.ErrVerify},
	} {
		tt.change()
		clk.Advance(ttl + time.Second)
		if err := read(t, p, stored); !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.want)
		}
	}
	table.rows["records#0"] = row
	if err := read(t, p, stored); err != nil {
		t.Errorf("row restored: %v", err)
	}
}

// One caller gives up waiting for the key table; those who wait with him don't
// notice.
func TestMostRecentCancelledWait(t *testing.T) {
	table := newFakeTable()
	table.block = make(chan struct{})
	e := sortedTable(t, mustMostRecent(t, mustMetaStore(t, table, protector(t))))
	ctx, cancel := context.WithCancel(t.Context())
	impatient, patient := make(chan error), make(chan error)
	go func() { _, err := e.Encrypt(ctx, numbered("1")); impatient <- err }()
	for len(table.takeCalls()) == 0 {
		time.Sleep(time.Millisecond)
	}
	go func() { _, err := e.Encrypt(t.Context(), numbered("1")); patient <- err }()
	time.Sleep(10 * time.Millisecond)
	cancel()
	if err := <-impatient; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who gives up: error %v, want Canceled", err)
	}
	close(table.block)
	if err := <-patient; err != nil {
		t.Errorf("the one who waits: %v", err)
	}
}

func TestMostRecentMaterialNames(t *testing.T) {
	table := newFakeTable()
	store := mustMetaStore(t, table, protector(t))
	records := mustMostRecent(t, store)
	others, err := keyring.NewMostRecent(store, "others", ttl)
	if err != nil {
		t.Fatal(err)
	}
	stored := mustEncrypt(t, others, numbered("1"))
	if err := read(t, records, stored); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("another material's item: error %v, want ErrNoKey", err)
	}
	lenient := mustMostRecent(t, store, keyring.AllowMaterialName(func(written, configured string) bool {
		return written == "others" && configured == "records"
	}))
	if err := read(t, lenient, stored); err != nil {
		t.Errorf("a material name that is allowed: %v", err)
	}

	byTenant, err := keyring.NewMostRecent(store, "", ttl, keyring.WithMaterialByItem(func(_ context.Context, ec *crypt.EncryptionContext) (string, error) {
		return "tenant-" + ec.Item["pk"].(*types.AttributeValueMemberS).Value, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	stored = mustEncrypt(t, byTenant, numbered("1"))
	if got := description(t, stored)["amzn-ddb-meta-id"]; got != "tenant-p#0" {
		t.Errorf("written with %q, want tenant-p#0", got)
	}
	if err := read(t, byTenant, stored); err != nil {
		t.Error(err)
	}
	stored["pk"] = &types.AttributeValueMemberS{Value: "q"}
	if err := read(t, byTenant, stored); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("item given to another tenant: error %v, want ErrNoKey", err)
	}
	boom := errors.New("no tenant")
	failing := mustMostRecent(t, store, keyring.WithMaterialByItem(func(context.Context, *crypt.EncryptionContext) (string, error) { return "", boom }))
	if _, err := failing.EncryptionMaterials(t.Context(), exampleContext(nil)); !errors.Is(err, boom) {
		t.Errorf("writing: error %v, want that of the function", err)
	}
	if _, err := failing.DecryptionMaterials(t.Context(), exampleContext(map[string]string{"amzn-ddb-meta-id": "a#0"})); !errors.Is(err, boom) {
		t.Errorf("reading: error %v, want that of the function", err)
	}
}

// With room for one version, two in turn are loaded each time.
func TestMostRecentCacheSize(t *testing.T) {
	table := newFakeTable()
	store := mustMetaStore(t, table, protector(t))
	p := mustMostRecent(t, store, keyring.WithCacheSize(1))
	first := mustEncrypt(t, p, numbered("1"))
	if _, err := store.NewVersion(t.Context(), "records"); err != nil {
		t.Fatal(err)
	}
	p.Refresh()
	second := mustEncrypt(t, p, numbered("1"))
	table.takeCalls()
	for _, stored := range []map[string]types.AttributeValue{first, second, first, first} {
		if err := read(t, p, stored); err != nil {
			t.Error(err)
		}
	}
	if got, want := table.takeCalls(), []string{"GetItem", "GetItem", "GetItem"}; !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

// A warm cache adds no allocation to what the version's own provider needs.
func TestMostRecentAllocations(t *testing.T) {
	testenv.CountsAllocations(t)
	store := mustMetaStore(t, newFakeTable(), protector(t))
	recent := mustMostRecent(t, store)
	inner, err := store.Newest(t.Context(), "records")
	if err != nil {
		t.Fatal(err)
	}
	ctx, write := t.Context(), exampleContext(nil)
	m, err := recent.EncryptionMaterials(ctx, write)
	if err != nil {
		t.Fatal(err)
	}
	reading := exampleContext(m.Description)
	allocations := func(p crypt.Provider) (encrypt, decrypt float64) {
		encrypt = testing.AllocsPerRun(100, func() {
			if _, err := p.EncryptionMaterials(ctx, write); err != nil {
				t.Error(err)
			}
		})
		decrypt = testing.AllocsPerRun(100, func() {
			if _, err := p.DecryptionMaterials(ctx, reading); err != nil {
				t.Error(err)
			}
		})
		return encrypt, decrypt
	}
	gotEncrypt, gotDecrypt := allocations(recent)
	wantEncrypt, wantDecrypt := allocations(inner)
	if gotEncrypt > wantEncrypt || gotDecrypt > wantDecrypt {
		t.Errorf("%v and %v allocations for writing and reading, want %v and %v at most", gotEncrypt, gotDecrypt, wantEncrypt, wantDecrypt)
	}
}

func TestMostRecentErrors(t *testing.T) {
	store := mustMetaStore(t, newFakeTable(), protector(t))
	for name, open := range map[string]func() (*keyring.MostRecent, error){
		"no store":      func() (*keyring.MostRecent, error) { return keyring.NewMostRecent(nil, "a", ttl) },
		"no name":       func() (*keyring.MostRecent, error) { return keyring.NewMostRecent(store, "", ttl) },
		"name with #":   func() (*keyring.MostRecent, error) { return keyring.NewMostRecent(store, "a#b", ttl) },
		"no ttl":        func() (*keyring.MostRecent, error) { return keyring.NewMostRecent(store, "a", 0) },
		"too short ttl": func() (*keyring.MostRecent, error) { return keyring.NewMostRecent(store, "a", time.Microsecond) },
		"no cache": func() (*keyring.MostRecent, error) {
			return keyring.NewMostRecent(store, "a", ttl, keyring.WithCacheSize(0))
		},
		"no clock": func() (*keyring.MostRecent, error) {
			return keyring.NewMostRecent(store, "a", ttl, keyring.WithClock(nil))
		},
		"no comparison": func() (*keyring.MostRecent, error) {
			return keyring.NewMostRecent(store, "a", ttl, keyring.AllowMaterialName(nil))
		},
	} {
		if p, err := open(); p != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("%s: provider %v, error %v, want ErrConfig", name, p, err)
		}
	}
}

func TestMostRecentIsAProvider(t *testing.T) {
	ddbenctest.TestProvider(t, mustMostRecent(t, mustMetaStore(t, newFakeTable(), protector(t))))
}
