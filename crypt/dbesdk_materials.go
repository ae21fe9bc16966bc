package crypt

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ddbenc/ddbenc/codec"
)

// A MaterialsManager says of each DB-ESDK item which keyring protects its data key,
// and what more its encryption context holds. Most programs need none, but give
// their keyring to [NewDBESDK]. Its methods are called once an item and from many
// goroutines at once; their errors are returned as they are.
//
// It is what the other clients call a cryptographic materials manager, made
// smaller. There a manager returns finished materials. Here it returns how to make
// them: data key, key pair and message id are the encryptor's, new for each item, so
// that no manager can use one twice or leave one out. The suite is the format's. To
// put a manager in front of another one, hold the other one and change what it
// returns. DB-ESDK spec: materials, "Materials".
type MaterialsManager interface {
	// WriteMaterials is asked for an item that is to be written.
	WriteMaterials(ctx context.Context, r *MaterialsRequest) (*Materials, error)

	// ReadMaterials is asked for a stored item, which nobody has verified yet, and
	// neither anything of r that comes from it.
	ReadMaterials(ctx context.Context, r *MaterialsRequest) (*Materials, error)
}

// A MaterialsRequest tells a [MaterialsManager] which item it is asked for. It must
// not be changed or kept.
type MaterialsRequest struct {
	// Context has what follows from table and item and, with [SuiteECDSA], the
	// item's public key. When reading it has what the item stores besides.
	Context *KeyContext

	// Stored has the entries that the item stores, when reading, without its
	// public key.
	Stored map[string]string

	// DataKeys are those of the stored item, when reading.
	DataKeys []EncryptedDataKey
}

// Reproduced reports whether the request's context has an entry that the item does
// not store, but its reader makes. A public key is stored.
func (r *MaterialsRequest) Reproduced(key string) bool {
	_, stored := r.Stored[key]
	_, ok := r.Context.Value(key)
	return ok && !stored && key != contextPublicKey
}

// Materials are what a [MaterialsManager] decided. Keys of entries may not begin
// with "aws-crypto-", and an entry that the item has already must be the same.
type Materials struct {
	// Keyring wraps or unwraps the data key. Its context has all entries.
	Keyring Keyring

	// Stored are entries that the header of a written item gets, readable by
	// everyone. It has no meaning when reading.
	Stored map[string]string

	// Reproduced are entries that are not stored: whoever reads the item has to
	// return the same, or it can't be decrypted.
	Reproduced map[string]string
}

// ManageKeyring returns the manager that has k for every item, and adds nothing:
// what others are put in front of.
func ManageKeyring(k Keyring) MaterialsManager { return &managedKeyring{k} }

type managedKeyring struct{ keyring Keyring }

func (m *managedKeyring) WriteMaterials(context.Context, *MaterialsRequest) (*Materials, error) {
	return &Materials{Keyring: m.keyring}, nil
}

func (m *managedKeyring) ReadMaterials(context.Context, *MaterialsRequest) (*Materials, error) {
	return &Materials{Keyring: m.keyring}, nil
}

// RequireContext returns a manager in front of next that refuses items whose
// encryption context lacks one of keys, and those where it would be stored, or is,
// instead of being made by the reader. The key of an attribute is "aws-crypto-attr."
// and its name. Its errors wrap [ErrInvalidItem] when writing and [ErrVerify] when
// reading, and [ErrConfig] here. DB-ESDK spec: materials, "Required-EC CMM".
func RequireContext(next MaterialsManager, keys ...string) (MaterialsManager, error) {
	if next == nil || len(keys) == 0 || slices.Contains(keys, "") {
		return nil, fmt.Errorf("%w: RequireContext needs a manager and keys that are not empty", ErrConfig)
	}
	return &requiredContext{next, slices.Clone(keys)}, nil
}

type requiredContext struct {
	next MaterialsManager
	keys []string
}

func (q *requiredContext) WriteMaterials(ctx context.Context, r *MaterialsRequest) (*Materials, error) {
	m, err := q.next.WriteMaterials(ctx, r)
	if err != nil {
		return nil, err
	}
	return m, q.check(r, m, ErrInvalidItem)
}

func (q *requiredContext) ReadMaterials(ctx context.Context, r *MaterialsRequest) (*Materials, error) {
	m, err := q.next.ReadMaterials(ctx, r)
	if err != nil {
		return nil, err
	}
	return m, q.check(r, m, ErrVerify)
}

func (q *requiredContext) check(r *MaterialsRequest, m *Materials, sentinel error) error {
	if m == nil {
		return nil // refused by the encryptor
	}
	for _, key := range q.keys {
		_, added := m.Reproduced[key]
		_, stored := m.Stored[key]
		if stored || !added && !r.Reproduced(key) {
			return fmt.Errorf("%w: its encryption context lacks the required key %q, or stores it", sentinel, key)
		}
	}
	return nil
}

// NewDBESDKManaged is [NewDBESDK] with a manager in the place of a keyring.
func NewDBESDKManaged(m MaterialsManager, opts ...DBESDKOption) *DBESDK {
	d := NewDBESDK(nil, opts...)
	d.manager = m
	return d
}

// manageWrite asks the manager for the materials of an item that is to be written.
// kc is the context so far and stored what of it the header gets; both are returned
// with what the manager added.
func (t *dbesdkTable) manageWrite(ctx context.Context, kc *KeyContext, stored []codec.ContextEntry) (_ Keyring, all *KeyContext, header []codec.ContextEntry, err error) {
	m, err := t.manager.WriteMaterials(ctx, &MaterialsRequest{Context: kc})
	if err != nil {
		return nil, nil, nil, err
	}
	own, err := m.entries(true)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(own) == 0 {
		return m.Keyring, kc, stored, nil
	}
	entries, err := unite(kc.entries, own)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%w: the materials manager changes the encryption context", ErrConfig)
	}
	if all, err = newKeyContext(kc.suite, entries); err != nil {
		return nil, nil, nil, fmt.Errorf("%w: %w", ErrInvalidItem, err)
	}
	for _, e := range own {
		if _, ok := m.Stored[e.Key]; ok {
			stored = append(stored, e)
		}
	}
	slices.SortFunc(stored, codec.CompareEntries)
	return m.Keyring, all, stored, nil
}

// manageRead asks the manager for the materials of a stored item with the header h.
// It returns the complete context.
func (t *dbesdkTable) manageRead(ctx context.Context, h *codec.DBESDKHeader, kc *KeyContext) (Keyring, *KeyContext, error) {
	r := &MaterialsRequest{Context: kc, Stored: map[string]string{}, DataKeys: h.DataKeys}
	for _, e := range h.Context {
		if e.Key != contextPublicKey {
			r.Stored[e.Key] = e.Value
		}
	}
	m, err := t.manager.ReadMaterials(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	own, err := m.entries(false)
	if err != nil {
		return nil, nil, err
	}
	if len(own) == 0 {
		return m.Keyring, kc, nil
	}
	all, err := unite(kc.entries, own)
	if err != nil {
		return nil, nil, err
	}
	if kc, err = newKeyContext(kc.suite, all); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return m.Keyring, kc, nil
}

// entries checks m and returns its entries in order. writing says whether it may
// store some.
func (m *Materials) entries(writing bool) ([]codec.ContextEntry, error) {
	if m == nil || m.Keyring == nil {
		return nil, fmt.Errorf("%w: the materials manager returned no keyring", ErrNoKey)
	}
	set := maps.Clone(m.Reproduced)
	if set == nil {
		set = map[string]string{}
	}
	if writing {
		for key, value := range m.Stored {
			if _, twice := set[key]; twice {
				return nil, fmt.Errorf("%w: the materials manager both stores and reproduces entry %q", ErrConfig, key)
			}
			set[key] = value
		}
	}
	own := make([]codec.ContextEntry, 0, len(set))
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if key == "" || strings.HasPrefix(key, contextPrefix) || !utf8.ValidString(key) || !utf8.ValidString(set[key]) {
			return nil, fmt.Errorf("%w: the materials manager returned entry %q, which is reserved or not valid UTF-8", ErrConfig, key)
		}
		own = append(own, codec.ContextEntry{Key: key, Value: set[key]})
	}
	return own, nil
}
