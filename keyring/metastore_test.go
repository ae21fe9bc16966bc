package keyring_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// fakeTable is a key table that knows the requests of a store and no others. It
// can be told to fail.
type fakeTable struct {
	mu    sync.Mutex
	rows  map[string]map[string]types.AttributeValue // by name#version
	calls []string

	fail  func(operation string) error // before the operation, nil for none
	after func(operation string) error // after it, as if the answer were lost
	block chan struct{}                // if set, calls wait for it or for their context
}

func newFakeTable() *fakeTable {
	return &fakeTable{rows: map[string]map[string]types.AttributeValue{}}
}

func rowID(item map[string]types.AttributeValue) string {
	return item["N"].(*types.AttributeValueMemberS).Value + "#" + item["V"].(*types.AttributeValueMemberN).Value
}

// begin notes a call and returns its failure.
func (f *fakeTable) begin(ctx context.Context, operation string) error {
	f.mu.Lock()
	f.calls = append(f.calls, operation)
	fail, block := f.fail, f.block
	f.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if fail != nil {
		return fail(operation)
	}
	return ctx.Err()
}

func (f *fakeTable) end(operation string) error {
	if f.after != nil {
		return f.after(operation)
	}
	return nil
}

// takeCalls returns the calls since the last time.
func (f *fakeTable) takeCalls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

func (f *fakeTable) GetItem(ctx context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if err := f.begin(ctx, "GetItem"); err != nil {
		return nil, err
	}
	if in.ConsistentRead == nil || !*in.ConsistentRead || *in.TableName != "keys" || in.ProjectionExpression != nil {
		return nil, fmt.Errorf("unexpected GetItem")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return &dynamodb.GetItemOutput{Item: maps.Clone(f.rows[rowID(in.Key)])}, f.end("GetItem")
}

func (f *fakeTable) PutItem(ctx context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := f.begin(ctx, "PutItem"); err != nil {
		return nil, err
	}
	if in.ConditionExpression == nil || *in.ConditionExpression != "attribute_not_exists(#N) AND attribute_not_exists(#V)" {
		return nil, fmt.Errorf("unexpected PutItem")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.rows[rowID(in.Item)]; ok {
		return nil, &types.ConditionalCheckFailedException{}
	}
	f.rows[rowID(in.Item)] = maps.Clone(in.Item)
	return &dynamodb.PutItemOutput{}, f.end("PutItem")
}

func (f *fakeTable) Query(ctx context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := f.begin(ctx, "Query"); err != nil {
		return nil, err
	}
	if in.ConsistentRead == nil || !*in.ConsistentRead || *in.ScanIndexForward || *in.Limit != 1 || *in.ProjectionExpression != "#V" {
		return nil, fmt.Errorf("unexpected Query")
	}
	name := in.ExpressionAttributeValues[":name"].(*types.AttributeValueMemberS).Value
	f.mu.Lock()
	defer f.mu.Unlock()
	var versions []*types.AttributeValueMemberN
	for _, row := range f.rows {
		if row["N"].(*types.AttributeValueMemberS).Value == name {
			versions = append(versions, row["V"].(*types.AttributeValueMemberN))
		}
	}
	out := &dynamodb.QueryOutput{}
	if len(versions) > 0 {
		newest := slices.MaxFunc(versions, func(a, b *types.AttributeValueMemberN) int {
			return cmp.Or(cmp.Compare(len(a.Value), len(b.Value)), cmp.Compare(a.Value, b.Value))
		})
		out.Items = []map[string]types.AttributeValue{{"V": newest}}
	}
	return out, f.end("Query")
}

// apiError is an error as a service returns it.
func apiError(code string, fault smithy.ErrorFault) error {
	return &smithy.GenericAPIError{Code: code, Message: "told by a test", Fault: fault}
}

func protector(t testing.TB) crypt.Provider {
	t.Helper()
	p, err := keyring.NewStatic(randomBytes(32), randomBytes(32))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustMetaStore(t testing.TB, client keyring.MetaStoreClient, protect crypt.Provider, opts ...keyring.MetaStoreOption) *keyring.MetaStore {
	t.Helper()
	s, err := keyring.NewMetaStore(client, "keys", protect, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readBy checks that reader reads what writer writes.
func readBy(t testing.TB, writer, reader crypt.Provider) {
	t.Helper()
	if _, err := sortedTable(t, reader).Decrypt(t.Context(), mustEncrypt(t, writer, numbered("1"))); err != nil {
		t.Errorf("reading: %v", err)
	}
}

func TestMetaStoreVersions(t *testing.T) {
	table := newFakeTable()
	s := mustMetaStore(t, table, protector(t))
	ctx := t.Context()
	if v, err := s.MaxVersion(ctx, "records"); err != nil || v != -1 {
		t.Errorf("MaxVersion of nothing = %d, error %v", v, err)
	}
	if _, err := s.Provider(ctx, "records", 0); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("Provider of nothing: error %v, want ErrNoKey", err)
	}
	table.takeCalls()
	first, err := s.Newest(ctx, "records")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := table.takeCalls(), []string{"Query", "PutItem"}; !slices.Equal(got, want) {
		t.Errorf("the first version took %q, want %q", got, want)
	}
	for want := int64(1); want <= 11; want++ {
		if v, err := s.NewVersion(ctx, "records"); err != nil || v != want {
			t.Fatalf("NewVersion = %d, error %v, want %d", v, err, want)
		}
	}
	if v, err := s.NewVersion(ctx, "others"); err != nil || v != 0 {
		t.Errorf("NewVersion of a new name = %d, error %v, want 0", v, err)
	}
	if v, err := s.MaxVersion(ctx, "records"); err != nil || v != 11 {
		t.Errorf("MaxVersion = %d, error %v, want 11", v, err)
	}
	zero, err := s.Provider(ctx, "records", 0)
	if err != nil {
		t.Fatal(err)
	}
	readBy(t, first, zero)
	newest, err := s.Newest(ctx, "records")
	if err != nil {
		t.Fatal(err)
	}
	stored := mustEncrypt(t, newest, numbered("1"))
	d := description(t, stored)
	if got, want := d["amzn-ddb-meta-id"], "records#11"; got != want || d["amzn-ddb-wrap-alg"] != "AESWrap" {
		t.Errorf("description %v, want meta id %q", d, want)
	}
	if name, v, err := s.VersionOf(d); name != "records" || v != 11 || err != nil {
		t.Errorf("VersionOf = %q, %d, %v", name, v, err)
	}
	again, err := s.GetOrCreate(ctx, "records", 11)
	if err != nil {
		t.Fatal(err)
	}
	readBy(t, newest, again)
}

// A row as it is stored, and as it is protected.
func TestMetaStoreRow(t *testing.T) {
	k := ddbenctest.NewKMS(t)
	arn := k.CreateKey(ddbenctest.KMSKey{Region: region})
	protect := mustKMS(t, k.Client(region), arn)
	table := newFakeTable()
	if _, err := mustMetaStore(t, table, protect).GetOrCreate(t.Context(), "records", 7); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"*amzn-ddb-env-alg*": "AES/256", "*amzn-ddb-sig-alg*": "HmacSHA256/256", "*aws-kms-table*": "keys", "N": "records", "V": "7",
	}
	if diff := gocmp.Diff(want, k.Requests()[0].EncryptionContext); diff != "" {
		t.Errorf("KMS encryption context: %s", diff)
	}
	row := table.rows["records#7"]
	kinds := map[string]string{}
	for name, v := range row {
		kinds[name] = fmt.Sprintf("%T", v)[len("*types.AttributeValueMember"):]
	}
	wantKinds := map[string]string{
		"N": "S", "V": "N", "t": "B", "encAlg": "B", "enc": "B", "intAlg": "B", "int": "B", crypt.DDBECDescription: "B", crypt.DDBECSignature: "B",
	}
	if diff := gocmp.Diff(wantKinds, kinds); diff != "" {
		t.Errorf("stored row: %s", diff)
	}
	e, err := crypt.NewDDBEC(protect).ForTable(crypt.Table{Name: "keys", PartitionKey: "N", SortKey: "V", Actions: crypt.Actions{Default: crypt.EncryptAndSign}})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := e.Decrypt(t.Context(), row)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"t": "0", "encAlg": "AES", "intAlg": "HmacSHA256", "N": "records"} {
		if got := plain[name].(*types.AttributeValueMemberS).Value; got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"enc", "int"} {
		if got := len(plain[name].(*types.AttributeValueMemberB).Value); got != 32 {
			t.Errorf("%s is %d bytes, want 32", name, got)
		}
	}
}

// Rows that the protecting provider accepts and that don't say what they should.
func TestMetaStoreBadRows(t *testing.T) {
	protect := protector(t)
	good := func() map[string]types.AttributeValue {
		return map[string]types.AttributeValue{
			"N": &types.AttributeValueMemberS{Value: "records"}, "V": &types.AttributeValueMemberN{Value: "0"},
			"t": &types.AttributeValueMemberS{Value: "0"}, "encAlg": &types.AttributeValueMemberS{Value: "AES"},
			"enc": &types.AttributeValueMemberB{Value: counting(16)}, "intAlg": &types.AttributeValueMemberS{Value: "HmacSHA256"},
			"int": &types.AttributeValueMemberB{Value: counting(8)},
		}
	}
	e, err := crypt.NewDDBEC(protect).ForTable(crypt.Table{Name: "keys", PartitionKey: "N", SortKey: "V", Actions: crypt.Actions{Default: crypt.EncryptAndSign}})
	if err != nil {
		t.Fatal(err)
	}
	text := func(name, v string) func(map[string]types.AttributeValue) {
		return func(row map[string]types.AttributeValue) { row[name] = &types.AttributeValueMemberS{Value: v} }
	}
	without := func(name string) func(map[string]types.AttributeValue) {
		return func(row map[string]types.AttributeValue) { delete(row, name) }
	}
	for _, tt := range []struct {
		name   string
		change func(map[string]types.AttributeValue)
		tamper func(map[string]types.AttributeValue)
		want   error
	}{
		{"old keys, as in the official vectors", nil, nil, nil},
		{"wrapping key called AESWrap", text("encAlg", "AESWrap"), nil, nil},
		{"type 1", text("t", "1"), nil, crypt.ErrUnsupported},
		{"no type", without("t"), nil, crypt.ErrUnsupported},
		{"RSA wrapping", text("encAlg", "RSA"), nil, crypt.ErrUnsupported},
		{"no wrapping algorithm", without("encAlg"), nil, crypt.ErrUnsupported},
		{"no wrapping key", without("enc"), nil, crypt.ErrUnsupported},
		{"wrapping key as text", text("enc", "0123456789abcdef"), nil, crypt.ErrUnsupported},
		{"other signing algorithm", text("intAlg", "HmacMD5"), nil, crypt.ErrUnsupported},
		{"RSA signing", text("intAlg", "SHA256withRSA"), nil, crypt.ErrUnsupported},
		{"no signing key", without("int"), nil, crypt.ErrUnsupported},
		{"another material's row", text("N", "others"), nil, crypt.ErrVerify},
		{"another version's row", func(row map[string]types.AttributeValue) { row["V"] = &types.AttributeValueMemberN{Value: "1"} }, nil, crypt.ErrVerify},
		{"tampered key", nil, func(row map[string]types.AttributeValue) { row["enc"] = row["int"] }, crypt.ErrVerify},
		{"attribute added", nil, text("extra", "x"), crypt.ErrVerify},
		{"not signed", nil, without(crypt.DDBECSignature), crypt.ErrNotSigned},
		{"only the key left", nil, func(row map[string]types.AttributeValue) {
			maps.DeleteFunc(row, func(name string, _ types.AttributeValue) bool { return name != "N" && name != "V" })
		}, crypt.ErrNotSigned},
	} {
		row := good()
		if tt.change != nil {
			tt.change(row)
		}
		stored, err := e.Encrypt(t.Context(), row)
		if err != nil {
			t.Fatal(err)
		}
		if tt.tamper != nil {
			tt.tamper(stored)
		}
		table := newFakeTable()
		table.rows["records#0"] = stored
		if _, err := mustMetaStore(t, table, protect).Provider(t.Context(), "records", 0); !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestMetaStoreExtraAttributes(t *testing.T) {
	extra := keyring.WithExtraAttributes(func(_ context.Context, name string, version int64) (map[string]types.AttributeValue, error) {
		return map[string]types.AttributeValue{
			"owner": &types.AttributeValueMemberS{Value: name + "/" + strconv.FormatInt(version, 10)},
			"note":  &types.AttributeValueMemberS{Value: "secret"},
			"N":     &types.AttributeValueMemberS{Value: "not the row's"},
		}, nil
	}, "owner")
	table, protect := newFakeTable(), protector(t)
	p, err := mustMetaStore(t, table, protect, extra).GetOrCreate(t.Context(), "records", 3)
	if err != nil {
		t.Fatal(err)
	}
	row := table.rows["records#3"]
	if owner, ok := row["owner"].(*types.AttributeValueMemberS); !ok || owner.Value != "records/3" {
		t.Errorf("owner is stored as %T, want its text", row["owner"])
	}
	if _, ok := row["note"].(*types.AttributeValueMemberB); !ok {
		t.Errorf("note is stored as %T, want it encrypted", row["note"])
	}
	reader, err := mustMetaStore(t, table, protect, keyring.WithExtraAttributes(nil, "owner")).Provider(t.Context(), "records", 3)
	if err != nil {
		t.Fatal(err)
	}
	readBy(t, p, reader)
	if _, err := mustMetaStore(t, table, protect).Provider(t.Context(), "records", 3); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("a reader that doesn't know of the attributes: error %v, want ErrVerify", err)
	}

	boom := errors.New("no owner")
	failing := mustMetaStore(t, table, protect, keyring.WithExtraAttributes(func(context.Context, string, int64) (map[string]types.AttributeValue, error) { return nil, boom }))
	if _, err := failing.GetOrCreate(t.Context(), "records", 4); !errors.Is(err, boom) {
		t.Errorf("error %v, want that of the function", err)
	}
}

func TestMetaStoreSignedAs(t *testing.T) {
	protect, table := protector(t), newFakeTable()
	before := mustMetaStore(t, table, protect, keyring.SignedAs("keys-before")) // as a table of that name has signed it
	p, err := before.GetOrCreate(t.Context(), "records", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mustMetaStore(t, table, protect).Provider(t.Context(), "records", 0); !errors.Is(err, crypt.ErrVerify) {
		t.Errorf("restored under another name: error %v, want ErrVerify", err)
	}
	restored, err := mustMetaStore(t, table, protect, keyring.SignedAs("keys-before")).Provider(t.Context(), "records", 0)
	if err != nil {
		t.Fatal(err)
	}
	readBy(t, p, restored)
}

func TestMetaStoreReplicate(t *testing.T) {
	here, there := newFakeTable(), newFakeTable()
	source, target := mustMetaStore(t, here, protector(t)), mustMetaStore(t, there, protector(t))
	p, err := source.GetOrCreate(t.Context(), "records", 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is there already
		if err := source.Replicate(t.Context(), "records", 0, target); err != nil {
			t.Fatal(err)
		}
	}
	copied, err := target.Provider(t.Context(), "records", 0)
	if err != nil {
		t.Fatal(err)
	}
	readBy(t, p, copied)
	if err := source.Replicate(t.Context(), "records", 1, target); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("replicating what isn't there: error %v, want ErrNoKey", err)
	}
	there.fail = func(string) error { return apiError("AccessDeniedException", smithy.FaultClient) }
	if err := source.Replicate(t.Context(), "records", 0, target); !errors.Is(err, keyring.ErrKeyRefused) {
		t.Errorf("replicating to where it may not: error %v, want ErrKeyRefused", err)
	}
}

// No failed write goes unnoticed: nothing may be encrypted with keys that were
// not stored.
func TestMetaStoreWriteFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"denied", apiError("AccessDeniedException", smithy.FaultClient), keyring.ErrKeyRefused},
		{"no such table", &types.ResourceNotFoundException{}, crypt.ErrNoKey},
		{"throttled", &types.ProvisionedThroughputExceededException{}, keyring.ErrUnavailable},
		{"server error", &types.InternalServerError{}, keyring.ErrUnavailable},
		{"network", errors.New("connection reset"), keyring.ErrUnavailable},
		{"cancelled", context.Canceled, keyring.ErrUnavailable}, // by someone else than the caller
	} {
		for _, operation := range []string{"PutItem", "Query", "GetItem"} {
			table := newFakeTable()
			s := mustMetaStore(t, table, protector(t))
			if operation == "GetItem" {
				if _, err := s.NewVersion(t.Context(), "records"); err != nil {
					t.Fatal(err)
				}
			}
			table.fail = func(op string) error {
				if op == operation {
					return tt.err
				}
				return nil
			}
			p, err := s.Newest(t.Context(), "records")
			if p != nil || !errors.Is(err, tt.want) || !errors.Is(err, tt.err) {
				t.Errorf("%s %s: provider %v, error %v, want %v", operation, tt.name, p, err, tt.want)
			}
		}
	}
}

// The answer to a write is lost, and what the SDK sends again meets the row that
// was stored the first time.
func TestMetaStoreLostAnswer(t *testing.T) {
	table := newFakeTable()
	s := mustMetaStore(t, twice{table}, protector(t))
	p, err := s.GetOrCreate(t.Context(), "records", 0)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := s.Provider(t.Context(), "records", 0)
	if err != nil {
		t.Fatal(err)
	}
	readBy(t, p, stored)
}

// twice sends every write two times.
type twice struct{ *fakeTable }

func (w twice) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if _, err := w.fakeTable.PutItem(ctx, in, o...); err != nil {
		return nil, err
	}
	return w.fakeTable.PutItem(ctx, in, o...)
}

// Two writers who make the same version at the same time get the same keys.
func TestMetaStoreRace(t *testing.T) {
	table, protect := newFakeTable(), protector(t)
	const writers = 8
	providers := make([]crypt.Provider, writers)
	versions := make([]int64, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			s := mustMetaStore(t, table, protect)
			var err error
			if providers[i], err = s.Newest(t.Context(), "records"); err != nil {
				t.Error(err)
			}
			if versions[i], err = s.NewVersion(t.Context(), "others"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	for i := range writers {
		readBy(t, providers[0], providers[i])
		if versions[i] < 0 || versions[i] >= writers || table.rows[fmt.Sprintf("others#%d", versions[i])] == nil {
			t.Errorf("NewVersion returned %d, which isn't stored", versions[i])
		}
	}
}

func TestMetaStoreNamesAndVersions(t *testing.T) {
	table := newFakeTable()
	s := mustMetaStore(t, table, protector(t))
	ctx := t.Context()
	for _, name := range []string{"", "a#b", "#"} {
		for what, call := range map[string]func() error{
			"MaxVersion":  func() error { _, err := s.MaxVersion(ctx, name); return err },
			"Provider":    func() error { _, err := s.Provider(ctx, name, 0); return err },
			"GetOrCreate": func() error { _, err := s.GetOrCreate(ctx, name, 0); return err },
			"NewVersion":  func() error { _, err := s.NewVersion(ctx, name); return err },
			"Newest":      func() error { _, err := s.Newest(ctx, name); return err },
		} {
			if err := call(); !errors.Is(err, crypt.ErrConfig) {
				t.Errorf("%s of %q: error %v, want ErrConfig", what, name, err)
			}
		}
	}
	if _, err := s.GetOrCreate(ctx, "records", -1); !errors.Is(err, crypt.ErrConfig) {
		t.Errorf("version -1: error %v, want ErrConfig", err)
	}
	if calls := table.takeCalls(); len(calls) > 0 {
		t.Errorf("bad names caused %q", calls)
	}
	for _, tt := range []struct {
		id      string
		name    string
		version int64
		ok      bool
	}{
		{"records#0", "records", 0, true}, {"matérial 1#12", "matérial 1", 12, true}, {"a#007", "a", 7, true},
		{"", "", 0, false}, {"records", "", 0, false}, {"#0", "", 0, false}, {"records#", "", 0, false}, {"a#b#0", "", 0, false},
		{"records#+5", "", 0, false}, {"records# 5", "", 0, false}, {"records#5_0", "", 0, false}, {"records#-1", "", 0, false},
		{"records#1.0", "", 0, false}, {"records#٣", "", 0, false}, {"records#9223372036854775808", "", 0, false},
	} {
		name, version, err := s.VersionOf(map[string]string{"amzn-ddb-meta-id": tt.id})
		if name != tt.name || version != tt.version || (err == nil) != tt.ok || err != nil && !errors.Is(err, crypt.ErrMalformed) {
			t.Errorf("VersionOf(%q) = %q, %d, %v", tt.id, name, version, err)
		}
	}
	if _, _, err := s.VersionOf(nil); !errors.Is(err, crypt.ErrNoKey) {
		t.Errorf("VersionOf of nothing: error %v, want ErrNoKey", err)
	}
	table.rows["bad#x"] = map[string]types.AttributeValue{"N": &types.AttributeValueMemberS{Value: "bad"}, "V": &types.AttributeValueMemberN{Value: "1.5"}}
	if _, err := s.MaxVersion(ctx, "bad"); !errors.Is(err, crypt.ErrMalformed) {
		t.Errorf("MaxVersion of 1.5: error %v, want ErrMalformed", err)
	}
}

func TestMetaStoreErrors(t *testing.T) {
	table, protect := newFakeTable(), protector(t)
	for name, open := range map[string]func() (*keyring.MetaStore, error){
		"no client":   func() (*keyring.MetaStore, error) { return keyring.NewMetaStore(nil, "keys", protect) },
		"no table":    func() (*keyring.MetaStore, error) { return keyring.NewMetaStore(table, "", protect) },
		"no provider": func() (*keyring.MetaStore, error) { return keyring.NewMetaStore(table, "keys", nil) },
		"a key not encrypted": func() (*keyring.MetaStore, error) {
			return keyring.NewMetaStore(table, "keys", protect, keyring.WithExtraAttributes(nil, "enc"))
		},
		"a reserved attribute": func() (*keyring.MetaStore, error) {
			return keyring.NewMetaStore(table, "keys", protect, keyring.WithExtraAttributes(nil, crypt.DDBECSignature))
		},
		"signed as nothing": func() (*keyring.MetaStore, error) {
			return keyring.NewMetaStore(table, "keys", protect, keyring.SignedAs(""))
		},
	} {
		if s, err := open(); s != nil || !errors.Is(err, crypt.ErrConfig) {
			t.Errorf("%s: store %v, error %v, want ErrConfig", name, s, err)
		}
	}
}
