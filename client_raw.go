package ddbenc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

// A RawSchema says of items without a Go type what tags say of a struct: what
// is a key and what happens to each attribute.
type RawSchema struct {
	// PartitionKey and SortKey name the attributes of the table's primary
	// key. SortKey is empty if there is none.
	PartitionKey, SortKey string

	// Indexes lists the secondary indexes that are queried or scanned. Their
	// keys are never encrypted.
	Indexes []SchemaIndex

	// Actions says what happens to each attribute. The default action, too,
	// has to be set. Keys are signed unless something else is said of them.
	Actions crypt.Actions
}

// A RawTable is an encrypted table whose items have no Go type. It is what
// [Encrypted] takes for code that has none either. It is safe for concurrent use
// and does not change once opened.
type RawTable struct {
	core *core
}

// NewRawTable opens the table called name, a table name or the ARN of a table.
// It checks schema against the format's rules and reports everything that is
// wrong at once, in errors that wrap [ErrConfig]. Of the options [EncoderOptions]
// and [DecoderOptions] are refused, since nothing is marshaled. The network is
// not used.
func NewRawTable(name string, format crypt.Format, schema RawSchema, opts ...TableOption) (*RawTable, error) {
	var o tableOptions
	for _, opt := range opts {
		opt.applyTable(&o)
	}
	logical, err := logicalName(name)
	errs := append(schema.problems(), err)
	if o.logicalName != "" {
		logical = o.logicalName
	}
	if len(o.encoder)+len(o.decoder) > 0 {
		errs = append(errs, fmt.Errorf("%w: EncoderOptions and DecoderOptions have no meaning for a RawTable", ErrConfig))
	}
	if format == nil {
		return nil, errors.Join(append(errs, fmt.Errorf("%w: no item format", ErrConfig))...)
	}
	enc, err := format.ForTable(crypt.Table{
		Name:         logical,
		PartitionKey: schema.PartitionKey,
		SortKey:      schema.SortKey,
		Actions:      schema.Actions,
		ReadActions:  o.readActions,
		IndexKeys:    schema.indexKeys(),
	})
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return &RawTable{&core{
		name:     name,
		enc:      enc,
		shape:    schema.shape().reserving(enc, o.readActions),
		hooks:    o.hooks,
		showKeys: o.showKeys,
	}}, nil
}

// Name returns the name or ARN that the table was opened by.
func (t *RawTable) Name() string { return t.core.name }

var rawAdvice = advice{
	declare:  "put it into Actions as SignOnly or DoNothing",
	readable: "change its action to SignOnly",
	index:    "add it to Indexes",
}

// problems returns what is wrong with s that no format looks at.
func (s *RawSchema) problems() (errs []error) {
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, args...)))
	}
	seen := map[string]bool{}
	for _, x := range s.Indexes {
		switch {
		case !validIndexName(x.Name):
			bad("%q is not an index name: 3 to 255 letters, digits, and any of _ - .", x.Name)
		case seen[x.Name]:
			bad("index %q is there twice", x.Name)
		case x.PartitionKey == "":
			bad("index %q has no partition key", x.Name)
		case !x.Global && x.PartitionKey != s.PartitionKey:
			bad("index %q is local, so its partition key is the table's, %q", x.Name, s.PartitionKey)
		}
		seen[x.Name] = true
	}
	return errs
}

// indexKeys returns the names of all key attributes of indexes, each once.
func (s *RawSchema) indexKeys() (names []string) {
	for _, x := range s.Indexes {
		for _, name := range []string{x.PartitionKey, x.SortKey} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// shape returns what requests are checked against. The types of keys are left
// to DynamoDB.
func (s *RawSchema) shape() *shape {
	keys := func(names ...string) (keys []keyAttr) {
		for _, name := range names {
			if name != "" {
				keys = append(keys, keyAttr{name: name})
			}
		}
		return keys
	}
	sh := &shape{
		owner:   "the RawSchema",
		advice:  rawAdvice,
		keys:    keys(s.PartitionKey, s.SortKey),
		actions: crypt.Actions{Default: s.Actions.Default, Attributes: maps.Clone(s.Actions.Attributes)},
	}
	for _, x := range s.Indexes {
		sh.indexes = append(sh.indexes, indexShape{name: x.Name, keys: keys(x.PartitionKey, x.SortKey), global: x.Global})
	}
	slices.SortFunc(sh.indexes, func(a, b indexShape) int { return strings.Compare(a.name, b.name) })
	return sh
}
