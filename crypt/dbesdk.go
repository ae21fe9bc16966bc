package crypt

import (
	"crypto/rand"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// The attributes that DB-ESDK adds to an item, and the prefix of these and of
// those that its searchable encryption adds. Names with the prefix are reserved.
const (
	DBESDKHeader = "aws_dbe_head" // B
	DBESDKFooter = "aws_dbe_foot" // B
	DBESDKPrefix = "aws_dbe_"
)

// contextPrefix begins the keys of encryption contexts. No attribute may be
// configured whose name begins so.
const contextPrefix = "aws-crypto-"

// maxKeyName is the longest name of a key attribute, in bytes, as in DynamoDB.
const maxKeyName = 255

// DBESDK is the item format of the AWS Database Encryption SDK for DynamoDB, the
// successor of DDBEC. It is safe for concurrent use.
type DBESDK struct {
	keyring Keyring
	manager MaterialsManager // in the place of keyring, or nil
	options dbesdkOptions
}

var _ Format = (*DBESDK)(nil)

type dbesdkOptions struct {
	suite          Suite
	unsignedPrefix *string

	// Replaced by tests only.
	random    func([]byte)                // fills its argument
	newSigner func() (*itemSigner, error) // for one item of SuiteECDSA
}

// A DBESDKOption changes how [NewDBESDK] writes or reads items.
type DBESDKOption interface{ applyDBESDK(*dbesdkOptions) }

type dbesdkOption func(*dbesdkOptions)

func (f dbesdkOption) applyDBESDK(o *dbesdkOptions) { f(o) }

// WriteSuite writes items with s; the default is [SuiteECDSA]. Reading takes
// both. DB-ESDK spec: "Algorithm suites".
func WriteSuite(s Suite) DBESDKOption {
	return dbesdkOption(func(o *dbesdkOptions) { o.suite = s })
}

// UnsignedPrefix gives the action [DoNothing] to every attribute whose name
// begins with prefix, listed or not. An attribute with another action may not
// have the prefix. It is the other clients' allowedUnsignedAttributePrefix.
// DB-ESDK spec: "Configuration of an item encryptor".
func UnsignedPrefix(prefix string) DBESDKOption {
	return dbesdkOption(func(o *dbesdkOptions) { o.unsignedPrefix = &prefix })
}

// NewDBESDK returns the DB-ESDK format with data keys protected by k. By itself
// it is useful through [Format.ForTable].
func NewDBESDK(k Keyring, opts ...DBESDKOption) *DBESDK {
	o := dbesdkOptions{
		suite:     SuiteECDSA,
		random:    func(b []byte) { rand.Read(b) }, // never fails: it ends the program instead
		newSigner: newItemSigner,
	}
	for _, opt := range opts {
		opt.applyDBESDK(&o)
	}
	return &DBESDK{keyring: k, options: o}
}

// ForTable implements [Format]. The rules are those of the other clients:
//
//   - Key attributes of the table are signed, and in the encryption context if any
//     attribute is. Unless they are listed, they get that action from any default
//     but DoNothing.
//   - Names beginning with [DBESDKPrefix] or "aws-crypto-" may not be listed.
//   - Attributes that are listed with the action DoNothing, and those with the
//     prefix of [UnsignedPrefix], are the allowed unsigned ones. Items can be read
//     only with the same ones as they were written with; all other actions are
//     read from the item.
//
// Without a default action an attribute that is not listed is refused when it is
// written, as in the other clients, and taken for signed when it is read. An
// attribute listed as SignAndIncludeInContext has to be in every item that is
// written. DB-ESDK spec: "Configuration of an item encryptor".
func (d *DBESDK) ForTable(t Table) (Encryptor, error) {
	var errs configErrors
	if d.keyring == nil && d.manager == nil {
		errs.addf("keyring is nil")
	}
	if s := d.options.suite; s != SuiteMAC && s != SuiteECDSA {
		errs.addf("there is no suite %v", s)
	}
	if p := d.options.unsignedPrefix; p != nil && *p == "" {
		errs.addf("the unsigned prefix is empty, so nothing could be signed")
	}
	checkName := func(what, name string, maxBytes int) {
		switch {
		case !utf8.ValidString(name):
			errs.addf("%s is not valid UTF-8", what)
		case len(name) > maxBytes:
			errs.addf("%s is %d bytes, at most %d are allowed", what, len(name), maxBytes)
		case strings.HasPrefix(name, contextPrefix):
			// The other clients write no item then.
			errs.addf("%s %q begins with %q", what, name, contextPrefix)
		}
	}
	if t.Name == "" {
		errs.addf("table name is empty")
	}
	checkName("table name", t.Name, math.MaxUint16)
	if t.PartitionKey == "" {
		errs.addf("partition key is empty")
	}
	checkName("partition key", t.PartitionKey, maxKeyName)
	checkName("sort key", t.SortKey, maxKeyName)
	if t.SortKey == t.PartitionKey && t.SortKey != "" {
		errs.addf("partition key and sort key are both %q", t.SortKey)
	}
	write := d.compile(t, t.Actions, &errs)
	read := write
	if t.ReadActions != nil {
		read = d.compile(t, *t.ReadActions, &errs)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &dbesdkTable{
		dbesdkOptions: d.options, keyring: d.keyring, manager: d.manager,
		name: t.Name, partitionKey: t.PartitionKey, sortKey: t.SortKey,
		write: write, read: read,
	}, nil
}

// compile puts actions into the form that items are matched against, or adds what
// is wrong with them to errs.
func (d *DBESDK) compile(t Table, actions Actions, errs *configErrors) *dbesdkActions {
	set := maps.Clone(actions.Attributes)
	if set == nil {
		set = map[string]Action{}
	}
	keyAction := SignOnly
	if actions.Default == SignAndIncludeInContext || slices.Contains(slices.Collect(maps.Values(set)), SignAndIncludeInContext) {
		keyAction = SignAndIncludeInContext
	}
	for _, key := range []string{t.PartitionKey, t.SortKey} {
		if key == "" {
			continue
		}
		act, explicit := set[key]
		if !explicit && actions.Default != 0 && actions.Default != DoNothing {
			act = keyAction
			set[key] = act
		}
		if act != keyAction {
			errs.addf("key attribute %q must have the action %v", key, keyAction)
		}
	}
	for _, key := range t.IndexKeys {
		switch act, explicit := set[key]; {
		case act == EncryptAndSign:
			errs.addf("index key attribute %q can't be encrypted", key)
		case !explicit && actions.Default == EncryptAndSign && !d.options.unsigned(key):
			set[key] = SignOnly
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		switch {
		case name == "":
			errs.addf("an attribute name is empty")
		case !utf8.ValidString(name):
			errs.addf("an attribute name is not valid UTF-8")
		case strings.HasPrefix(name, DBESDKPrefix), strings.HasPrefix(name, contextPrefix):
			errs.addf("attribute name %q is reserved", name)
		case set[name] < EncryptAndSign || set[name] > SignAndIncludeInContext:
			errs.addf("attribute %q has no valid action", name)
		case set[name] != DoNothing && d.options.unsigned(name):
			errs.addf("attribute %q has the action %v and the unsigned prefix", name, set[name])
		}
	}
	if actions.Default > SignAndIncludeInContext {
		errs.addf("there is no default action %v", actions.Default)
	}
	if len(*errs) > 0 {
		return nil // no table is made, and some names may have no path
	}
	c := &dbesdkActions{table: t.Name, byDefault: actions.Default, options: &d.options, index: make(map[string]int, len(set))}
	for _, name := range slices.SortedFunc(maps.Keys(set), codec.ComparePaths) {
		n, err := newDBESDKName(t.Name, name, set[name])
		if err != nil {
			errs.addf("%w", err)
			return nil
		}
		c.index[name] = len(c.known)
		c.known = append(c.known, *n)
	}
	return c
}

// unsigned reports whether name is one of the prefixes that are never signed.
func (o *dbesdkOptions) unsigned(name string) bool {
	return o.unsignedPrefix != nil && strings.HasPrefix(name, *o.unsignedPrefix)
}

// dbesdkTable is the [Encryptor] of one table.
type dbesdkTable struct {
	dbesdkOptions
	keyring                     Keyring
	manager                     MaterialsManager // in the place of keyring, or nil
	name, partitionKey, sortKey string
	write, read                 *dbesdkActions
}

// Reserved implements [Encryptor].
func (*dbesdkTable) Reserved() []string { return []string{DBESDKHeader, DBESDKFooter} }

// ReservedPrefix implements [Encryptor].
func (*dbesdkTable) ReservedPrefix() string { return DBESDKPrefix }

// missingKey returns the first of a table's key attributes that item lacks, or
// nothing. The name of a sort key is empty if the table has none.
func missingKey(item map[string]types.AttributeValue, keys ...string) string {
	for _, key := range keys {
		if _, ok := item[key]; !ok && key != "" {
			return key
		}
	}
	return ""
}
