package crypt

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// The attributes that DDBEC adds to an item.
const (
	DDBECDescription = "*amzn-ddb-map-desc*" // material description, B, not signed
	DDBECSignature   = "*amzn-ddb-map-sig*"  // signature or MAC, B
)

// Entries that the encryptor itself adds to the material description. Spec:
// Materials and materials providers, "What the item encryptor adds".
const (
	descCipherMode       = "amzn-ddb-map-sym-mode"
	descSigningAlgorithm = "amzn-ddb-map-signingAlg"
	cipherMode           = "/CBC/PKCS5Padding" // the only one that DDBEC writers use
)

// DDBEC is the item format of the Amazon DynamoDB Encryption Client for Python
// and Java. It is safe for concurrent use.
type DDBEC struct {
	provider Provider
	options  ddbecOptions
}

var _ Format = (*DDBEC)(nil)

type ddbecOptions struct {
	tableNames   map[string]string
	override     func(*EncryptionContext)
	description  map[string]string
	order        codec.Order
	sameOrder    bool
	unsignedKeys bool
	rounding     bool
	random       func([]byte) // fills its argument; replaced by tests only
}

// A DDBECOption changes how [NewDDBEC] writes or reads items.
type DDBECOption interface{ applyDDBEC(*ddbecOptions) }

type ddbecOption func(*ddbecOptions)

func (f ddbecOption) applyDDBEC(o *ddbecOptions) { f(o) }

// OverrideTableNames signs the items of table K of names as items of table
// names[K], and tells providers so. Use it for a table that was restored under
// another name. Tables that names doesn't list keep their own name. Spec:
// Encryption context, "Table name overrides".
func OverrideTableNames(names map[string]string) DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.tableNames = maps.Clone(names) })
}

// OverrideContext lets fn change the encryption context of each item before
// the provider is asked: the table name, which is also what is signed, and the
// key names. It must not change ec.Item or ec.Description, and it is called
// from many goroutines at once. Spec: Encryption context, "Table name overrides".
func OverrideContext(fn func(ec *EncryptionContext)) DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.override = fn })
}

// ExtraDescription adds entries to the material description of every item that
// is written; the provider sees them, and its own entries win. They are
// readable and not signed.
func ExtraDescription(entries map[string]string) DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.description = maps.Clone(entries) })
}

// WriteOrder sorts sets and names in the way of one of the old clients on
// writing; the default is codec.JavaOrder. Only a fleet with Python readers, and
// items that need it, has a use for codec.PythonOrder: Java can't read those
// items. Reading tries both. Spec: Attribute value serialization, "Ordering of
// sets and map keys".
func WriteOrder(order codec.Order) DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.order = order })
}

// RefuseOrderDependent refuses to write an item that only one of the Java and
// the Python client could verify, because they sort its sets or names
// differently.
func RefuseOrderDependent() DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.sameOrder = true })
}

// AllowUnsignedKeys accepts the action DoNothing for key attributes. Items can
// then be copied over each other unseen.
func AllowUnsignedKeys() DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.unsignedKeys = true })
}

// AcceptRoundedSignatures verifies items whose sign-only numbers have more than
// 28 digits and were written by the Python client, which signs them rounded.
// The digits beyond the 28th are then not authenticated: anyone who can write
// to the table can change them. Spec: Attribute value serialization, "Canonical
// numbers".
func AcceptRoundedSignatures() DDBECOption {
	return ddbecOption(func(o *ddbecOptions) { o.rounding = true })
}

// NewDDBEC returns the DDBEC format with keys from p. By itself it is useful
// through [Format.ForTable].
func NewDDBEC(p Provider, opts ...DDBECOption) *DDBEC {
	o := ddbecOptions{order: codec.JavaOrder, random: func(b []byte) { rand.Read(b) }} // rand.Read never fails: it ends the program instead
	for _, opt := range opts {
		opt.applyDDBEC(&o)
	}
	return &DDBEC{provider: p, options: o}
}

// ForTable implements [Format]. The rules are those of the Python client: key
// attributes may not be encrypted, reserved names may not have an action, and,
// unless [AllowUnsignedKeys] is given, key attributes are signed. Spec:
// Attribute actions and rules.
func (d *DDBEC) ForTable(t Table) (Encryptor, error) {
	var errs configErrors
	if d.provider == nil {
		errs.addf("provider is nil")
	}
	if d.options.order > codec.PythonOrder {
		errs.addf("items can't be written in %v", d.options.order)
	}
	name := t.Name
	if to, ok := d.options.tableNames[name]; ok {
		name = to
	}
	if name == "" {
		errs.addf("table name is empty")
	}
	if t.PartitionKey == "" {
		errs.addf("partition key is empty")
	}
	write := d.compile(t, t.Actions, &errs)
	read := write
	if t.ReadActions != nil {
		read = d.compile(t, *t.ReadActions, &errs)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &ddbecTable{
		ddbecOptions: d.options, provider: d.provider,
		context:   EncryptionContext{TableName: name, PartitionKey: t.PartitionKey, SortKey: t.SortKey},
		tableHash: hashTable(name),
		write:     write, read: read,
	}, nil
}

// compile puts actions into the form that items are matched against, or adds what
// is wrong with them to errs.
func (d *DDBEC) compile(t Table, actions Actions, errs *configErrors) *ddbecActions {
	set := maps.Clone(actions.Attributes)
	if set == nil {
		set = map[string]Action{}
	}
	unsignedKeys := d.options.unsignedKeys || actions.takesNone()
	for i, key := range append([]string{t.PartitionKey, t.SortKey}, t.IndexKeys...) {
		if key == "" {
			continue
		}
		what := "index key"
		if i < 2 {
			what = "key"
		}
		act, explicit := set[key]
		if !explicit {
			if act = actions.Default; act == EncryptAndSign {
				act = SignOnly
			}
			set[key] = act
		}
		switch {
		case act == EncryptAndSign:
			errs.addf("%s attribute %q can't be encrypted", what, key)
		case act == DoNothing && i < 2 && !unsignedKeys:
			errs.addf("%s attribute %q must be signed, or items could be copied over each other", what, key)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		switch {
		case name == DDBECDescription || name == DDBECSignature:
			errs.addf("attribute name %q is reserved", name)
		case set[name] == SignAndIncludeInContext:
			errs.addf("attribute %q: DDBEC has no action %v", name, set[name])
		case set[name] < EncryptAndSign || set[name] > SignAndIncludeInContext:
			errs.addf("attribute %q has no valid action", name)
		}
	}
	switch {
	case actions.Default == SignAndIncludeInContext:
		errs.addf("DDBEC has no default action %v", actions.Default)
	case actions.Default < EncryptAndSign || actions.Default > SignAndIncludeInContext:
		errs.addf("there is no valid default action")
	}
	c := &ddbecActions{none: actions.takesNone(), byDefault: actions.Default, index: make(map[string]int, len(set))}
	for _, name := range slices.SortedFunc(maps.Keys(set), javaNames) {
		c.index[name] = len(c.known)
		c.known = append(c.known, *newDDBECName(name, set[name]))
	}
	return c
}

func javaNames(a, b string) int { return codec.CompareNames(codec.JavaOrder, a, b) }

// ddbecActions are the actions of a table's attributes, with what can be
// computed before an item comes.
type ddbecActions struct {
	none      bool // no attribute is ever touched
	byDefault Action
	known     []ddbecName    // in Java's order
	index     map[string]int // name to its place in known
}

type ddbecName struct {
	name   string
	action Action
	hash   [sha256.Size]byte // of the name
}

func newDDBECName(name string, action Action) *ddbecName {
	return &ddbecName{name: name, action: action, hash: sha256.Sum256([]byte(name))}
}

// ddbecTable is the [Encryptor] of one table.
type ddbecTable struct {
	ddbecOptions
	provider     Provider
	context      EncryptionContext // Item and Description are the item's
	tableHash    [sha256.Size]byte // of context.TableName
	descriptions descriptions
	write, read  *ddbecActions
}

// Reserved implements [Encryptor].
func (*ddbecTable) Reserved() []string { return []string{DDBECDescription, DDBECSignature} }

// ReservedPrefix implements [Encryptor].
func (*ddbecTable) ReservedPrefix() string { return "" }

// contextFor returns the encryption context of one item, and the hash of the
// table name in it.
func (t *ddbecTable) contextFor(item map[string]types.AttributeValue, description map[string]string) (*EncryptionContext, [sha256.Size]byte, error) {
	ec := t.context
	ec.Item, ec.Description = item, description
	if t.override == nil {
		return &ec, t.tableHash, nil
	}
	t.override(&ec)
	if ec.TableName == "" {
		return nil, t.tableHash, fmt.Errorf("%w: the context override left no table name", ErrConfig)
	}
	return &ec, hashTable(ec.TableName), nil
}

// contextErr makes a context that ended before any work win over later errors. It
// wraps [context.Canceled] or [context.DeadlineExceeded], and the cause if there is
// one of its own.
func contextErr(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case err == nil:
		return nil
	case errors.Is(cause, err):
		return fmt.Errorf("ddbenc: %w", cause)
	}
	return fmt.Errorf("ddbenc: %w: %w", err, cause)
}
