package crypt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A Migration is a [Format] that reads items of several kinds and writes one of
// them. It is safe for concurrent use.
type Migration struct {
	write Format
	read  []Format
}

var _ Format = (*Migration)(nil)

// Migrate returns the format of a table that is moved from one format to another
// while it is in use. Items are written in write, and read in write and in every
// one of read; whatever is not named is refused:
//
//	crypt.Migrate(crypt.NewDBESDK(keyring), crypt.NewDDBEC(provider))
//
// Names of table and keys are the same for all. Actions are too, unless
// [WrittenWith] says what others the items of one format have. DDBEC, which has no
// action SignAndIncludeInContext, takes SignOnly in its place.
//
// What the other clients call policies of a legacy or plaintext override is
// written so, where dbesdk, ddbec and plaintext are the results of [NewDBESDK],
// [NewDDBEC] and [ForgeablePlaintext]:
//
//	FORCE_LEGACY_ENCRYPT_ALLOW_LEGACY_DECRYPT      Migrate(ddbec, dbesdk)
//	FORBID_LEGACY_ENCRYPT_ALLOW_LEGACY_DECRYPT     Migrate(dbesdk, ddbec)
//	FORBID_LEGACY_ENCRYPT_FORBID_LEGACY_DECRYPT    Migrate(dbesdk), or dbesdk
//	FORCE_PLAINTEXT_WRITE_ALLOW_PLAINTEXT_READ     Migrate(plaintext, dbesdk)
//	FORBID_PLAINTEXT_WRITE_ALLOW_PLAINTEXT_READ    Migrate(dbesdk, plaintext)
//	FORBID_PLAINTEXT_WRITE_FORBID_PLAINTEXT_READ   Migrate(dbesdk), or dbesdk
//
// Those clients allow one override. Here three kinds can be in one table.
//
// # Telling items apart
//
// [KindOf] says which format has to read an item, by the attributes that formats
// add. Their names are reserved in all items of the table, whichever formats are
// named. Nothing else is tried: an item that its own format refuses is refused. An
// item of a kind that is not read gives an error wrapping [ErrNotSigned] if it is
// plaintext, and [ErrUnsupported] otherwise.
//
// # What this protects
//
// Two encrypted formats are as safe as the weaker one: whoever has the key of
// either can write items, and an old item that is put back is accepted as it was
// before. Items that are not rewritten keep the format that they have.
//
// DB-ESDK spec: "Legacy and plaintext overrides".
func Migrate(write Format, read ...Format) *Migration {
	return &Migration{write: write, read: slices.Clone(read)}
}

// ForgeablePlaintext lets [Migrate] read items that no format has encrypted, or,
// as its first argument, write them. It is no format by itself.
//
// A table that reads plaintext has no authenticity left: whoever can write to the
// table can put an item of his own in the place of an encrypted one, and it is
// returned like any other. He can also take the reserved attributes off an
// encrypted item: what was encrypted then comes back as binary values. Give it to
// Migrate for as long as plaintext is in the table, and not a day longer.
//
// A part of an encrypted item can look like plaintext too. Package ddbenc never
// asks for parts, and lets DynamoDB refuse an index that holds some. A program
// that gives items to [Encryptor.Decrypt] itself has to give whole ones.
func ForgeablePlaintext() Format { return plaintextFormat{} }

type plaintextFormat struct{}

func (plaintextFormat) ForTable(Table) (Encryptor, error) {
	return nil, fmt.Errorf("%w: plaintext is no format by itself: give it to Migrate", ErrConfig)
}

// WrittenWith tells [Migrate] that the items of f that are stored were written
// with other actions than the table's. Writing follows the table's actions all the
// same. It is no format by itself.
func WrittenWith(f Format, actions Actions) Format { return writtenWith{f, actions} }

type writtenWith struct {
	format  Format
	actions Actions
}

func (writtenWith) ForTable(Table) (Encryptor, error) {
	return nil, fmt.Errorf("%w: WrittenWith is no format by itself: give it to Migrate", ErrConfig)
}

// A MigratingEncryptor is the [Encryptor] of a [Migration]: one that reads items
// which it would not write.
type MigratingEncryptor interface {
	Encryptor

	// Writes returns the kind of items that Encrypt returns.
	Writes() Kind

	// Reads reports whether Decrypt takes items of a kind.
	Reads(Kind) bool

	// StoredActions returns the actions, other than the table's own, that some
	// stored items have by [WrittenWith].
	StoredActions() []Actions
}

// ForTable implements [Format]. Besides what the formats ask for, no kind of item
// may be read by two of them, and one of them has to encrypt.
func (m *Migration) ForTable(t Table) (Encryptor, error) {
	var errs configErrors
	out := &migratingTable{}
	for i, f := range append([]Format{m.write}, m.read...) {
		what := "format to write"
		if i > 0 {
			what = fmt.Sprintf("format to read, number %d", i)
		}
		enc, stored, err := openFormat(f, t, i == 0)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
			continue
		}
		kind := kindOf(enc)
		switch {
		case kind == 0:
			errs.addf("%s: it is neither DDBEC, DB-ESDK nor plaintext", what)
			continue
		case out.readers[kind] != nil:
			errs.addf("%s: there is one for %v items already", what, kind)
		}
		if i == 0 {
			out.writes = kind
		}
		out.readers[kind] = enc
		if stored != nil {
			out.stored = append(out.stored, *stored)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Actions.Attributes)) {
		if slices.Contains(out.Reserved(), name) || strings.HasPrefix(name, out.ReservedPrefix()) {
			errs.addf("attribute name %q is reserved", name)
		}
	}
	if len(errs) == 0 && out.readers[KindDDBEC] == nil && out.readers[KindDBESDK] == nil {
		errs.addf("no format encrypts")
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return out, nil
}

// openFormat returns the encryptor of one of a migration's formats, and the actions that
// only its stored items have, or nil. A format that does not write needs no others.
func openFormat(f Format, t Table, writes bool) (enc Encryptor, stored *Actions, err error) {
	if w, ok := f.(writtenWith); ok {
		f, stored = w.format, &w.actions
	}
	t.Actions = forFormat(f, t.Actions)
	if stored != nil {
		t.ReadActions = stored
		if !writes {
			t.Actions = *stored
		}
	} else if t.ReadActions != nil {
		read := forFormat(f, *t.ReadActions)
		t.ReadActions = &read
	}
	switch f.(type) {
	case nil:
		return nil, nil, fmt.Errorf("%w: there is none", ErrConfig)
	case writtenWith:
		return nil, nil, fmt.Errorf("%w: WrittenWith is given to WrittenWith", ErrConfig)
	case plaintextFormat:
		if stored != nil {
			return nil, nil, fmt.Errorf("%w: plaintext has no actions", ErrConfig)
		}
		enc, err = plaintextForTable(t)
		return enc, nil, err
	case *DDBEC:
		// Such items have no marks, and could not be told from plaintext.
		if t.Actions.takesNone() || t.ReadActions != nil && t.ReadActions.takesNone() {
			return nil, nil, fmt.Errorf("%w: the actions of DDBEC touch no attribute", ErrConfig)
		}
	}
	enc, err = f.ForTable(t)
	return enc, stored, err
}

// forFormat returns a table's actions as far as f has them.
func forFormat(f Format, a Actions) Actions {
	if _, ok := f.(*DDBEC); !ok {
		return a
	}
	a.Attributes = maps.Clone(a.Attributes)
	for name, action := range a.Attributes {
		if action == SignAndIncludeInContext {
			a.Attributes[name] = SignOnly
		}
	}
	if a.Default == SignAndIncludeInContext {
		a.Default = SignOnly
	}
	return a
}

// kindOf returns the kind of items that enc is for, or 0.
func kindOf(enc Encryptor) Kind {
	if _, ok := enc.(*plaintextTable); ok {
		return KindPlaintext
	}
	marks := enc.Reserved()
	slices.Sort(marks)
	switch {
	case slices.Equal(marks, []string{DDBECDescription, DDBECSignature}):
		return KindDDBEC
	case slices.Equal(marks, []string{DBESDKFooter, DBESDKHeader}):
		return KindDBESDK
	}
	return 0
}

// migratingTable is the [Encryptor] of one table.
type migratingTable struct {
	writes  Kind
	readers [KindDBESDK + 1]Encryptor // by kind; nil for what is not read
	stored  []Actions
}

var _ MigratingEncryptor = (*migratingTable)(nil)

// Writes implements [MigratingEncryptor].
func (t *migratingTable) Writes() Kind { return t.writes }

// Reads implements [MigratingEncryptor].
func (t *migratingTable) Reads(k Kind) bool { return int(k) < len(t.readers) && t.readers[k] != nil }

// StoredActions implements [MigratingEncryptor].
func (t *migratingTable) StoredActions() []Actions { return slices.Clone(t.stored) }

// Reserved implements [Encryptor]: the names of both formats, also if one of them
// is not used, or an item with such a name would be of another kind.
func (*migratingTable) Reserved() []string {
	return []string{DDBECDescription, DDBECSignature, DBESDKHeader, DBESDKFooter}
}

// ReservedPrefix implements [Encryptor].
func (*migratingTable) ReservedPrefix() string { return DBESDKPrefix }

// Encrypt implements [Encryptor].
func (t *migratingTable) Encrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
	if kind, err := KindOf(item); err != nil || kind != KindPlaintext {
		return nil, fmt.Errorf("%w: it has an attribute whose name is reserved for an encryption format", ErrInvalidItem)
	}
	return t.readers[t.writes].Encrypt(ctx, item)
}

// Decrypt implements [Encryptor].
func (t *migratingTable) Decrypt(ctx context.Context, item map[string]types.AttributeValue) (map[string]types.AttributeValue, error) {
	kind, err := KindOf(item)
	if err != nil {
		return nil, err
	}
	reader := t.readers[kind]
	switch {
	case reader != nil:
		return reader.Decrypt(ctx, item)
	case kind == KindPlaintext:
		return nil, ErrNotSigned
	}
	return nil, fmt.Errorf("%w: it is a %v item, and those are not read here", ErrUnsupported, kind)
}
