package ddbenc

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// This file is what tables have to know of items that are not as the table would
// write them: in another format, with other actions, or in plaintext. See
// crypt.Migrate.

// reserving returns s with what enc reserves and, if it migrates, what it says of
// stored items. read are the actions of stored items, or nil.
func (s *shape) reserving(enc crypt.Encryptor, read *crypt.Actions) *shape {
	s.reserved, s.reservedPrefix = enc.Reserved(), enc.ReservedPrefix()
	if read != nil {
		s.stored = append(s.stored, *read)
	}
	if m, ok := enc.(crypt.MigratingEncryptor); ok {
		s.stored = append(s.stored, m.StoredActions()...)
		s.plaintext = m.Writes() == crypt.KindPlaintext
	}
	return s
}

// isReserved reports whether the attribute called name belongs to the format.
func (s *shape) isReserved(name string) bool {
	return slices.Contains(s.reserved, name) || s.reservedPrefix != "" && strings.HasPrefix(name, s.reservedPrefix)
}

// wasUnsigned reports whether the attribute called name could change in a stored
// item without a change of its signature.
func (s *shape) wasUnsigned(name string) bool {
	if len(s.stored) == 0 {
		return s.action(name) == crypt.DoNothing
	}
	return slices.ContainsFunc(s.stored, func(a crypt.Actions) bool { return a.Of(name) == crypt.DoNothing })
}

// unsigned reports whether the attribute called name may be changed without
// signing the item again: by the actions that items are written with and by
// those of items that were written before.
func (s *shape) unsigned(name string) bool {
	return s.action(name) == crypt.DoNothing && !s.isReserved(name) &&
		!slices.ContainsFunc(s.stored, func(a crypt.Actions) bool { return a.Of(name) != crypt.DoNothing })
}

// wasEncrypted reports whether stored items are said to hold the attribute called
// name as ciphertext.
func (s *shape) wasEncrypted(name string) bool {
	return !s.isKey(name) && slices.ContainsFunc(s.stored, func(a crypt.Actions) bool { return a.Attributes[name] == crypt.EncryptAndSign })
}

// readsPlaintext reports whether enc takes items for genuine that have no
// signature.
func readsPlaintext(enc crypt.Encryptor) bool {
	m, ok := enc.(crypt.MigratingEncryptor)
	return ok && m.Reads(crypt.KindPlaintext)
}

// looksPlain reports whether nothing in a stored item says that it is encrypted,
// or was before parts of it were left out.
func looksPlain(stored item) bool {
	kind, err := crypt.KindOf(stored)
	return err == nil && kind == crypt.KindPlaintext
}

// wholeItems returns what Select has to be for a request on an index, or on the
// table if index is empty, by which enc reads. An item of an index that lacks
// attributes of an encrypted item can look like plaintext. With ALL_ATTRIBUTES
// DynamoDB refuses a global index that does not hold all of them, and reads them
// from the table for a local one.
func wholeItems(enc crypt.Encryptor, index string, s types.Select) types.Select {
	if s == "" && index != "" && readsPlaintext(enc) {
		return types.SelectAllAttributes
	}
	return s
}

// demandsAll reports whether a request asks for all attributes in so many words.
func demandsAll(s types.Select) bool { return s == types.SelectAllAttributes }

// outdated reports whether enc would not write an item of the kind that stored is.
func outdated(enc crypt.Encryptor, stored item) bool {
	m, ok := enc.(crypt.MigratingEncryptor)
	if !ok {
		return false
	}
	kind, err := crypt.KindOf(stored)
	return err != nil || kind != m.Writes()
}

// demandMarks makes an update depend on stored being still what was read: that the
// attributes of the format's own are the same. If it has none, no signature covers
// the others, and everything has to be the same that is signed once it is written,
// also what is not there. The condition then has plaintext in it, which is stored as
// plaintext where it is sent to. If actions is false that is all of the item. It returns
// the names that it demanded.
func (x *updateExpr) demandMarks(s *shape, enc crypt.Encryptor, stored item, actions bool) (demanded map[string]bool) {
	demanded = make(map[string]bool, 2)
	for _, name := range enc.Reserved() {
		demanded[name] = true
		x.unchanged(name, stored[name])
	}
	if !readsPlaintext(enc) || !looksPlain(stored) {
		return demanded
	}
	names := maps.Clone(s.actions.Attributes)
	if names == nil {
		names = map[string]crypt.Action{}
	}
	for name := range stored {
		names[name] = 0
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !s.isPrimary(name) && !(actions && s.unsigned(name)) {
			demanded[name] = true
			x.unchanged(name, stored[name])
		}
	}
	return demanded
}
