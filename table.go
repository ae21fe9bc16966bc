package ddbenc

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// A Table is a DynamoDB table of items of the struct type T, encrypted and
// signed as T's tags say. Every item that it returns was verified first, all of
// it but the attributes tagged none. It is safe for concurrent use and does not
// change once opened.
type Table[T any] struct {
	core    *core
	binder  *binder
	keys    keyMaker
	version *versionField // nil if T has none
}

// NewTable opens the table called name, a table name or the ARN of a table. It
// compiles T's tags, checks them against the format's rules, and reports
// everything that is wrong at once: mistakes in T wrap [ErrSchema], what the
// format can't do wraps [ErrConfig]. The network is not used.
func NewTable[T any](db DynamoDBAPI, name string, format crypt.Format, opts ...TableOption) (*Table[T], error) {
	var o tableOptions
	for _, opt := range opts {
		opt.applyTable(&o)
	}
	var errs []error
	if db == nil {
		errs = append(errs, fmt.Errorf("%w: no DynamoDB client", ErrConfig))
	}
	if format == nil {
		errs = append(errs, fmt.Errorf("%w: no item format", ErrConfig))
	}
	logical, err := logicalName(name)
	errs = append(errs, err, checkDecoder(o.decoder))
	if o.logicalName != "" {
		logical = o.logicalName
	}
	schema, err := schemaOf(reflect.TypeFor[T](), o.encoder...)
	errs = append(errs, err)
	if schema == nil || format == nil {
		return nil, errors.Join(errs...)
	}

	enc, err := format.ForTable(crypt.Table{
		Name:         logical,
		PartitionKey: schema.PartitionKey,
		SortKey:      schema.SortKey,
		Actions:      schema.Actions(),
		ReadActions:  o.readActions,
		IndexKeys:    schema.IndexKeys(),
	})
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	t := &Table[T]{
		core: &core{
			db:       withoutEncryption(db),
			name:     name,
			enc:      enc,
			shape:    shapeOf(schema).reserving(enc, o.readActions),
			showKeys: o.showKeys,
			version:  schema.Version,
			hooks:    o.hooks,
		},
		binder: newBinder(reflect.TypeFor[T](), schema, o.encoder, o.decoder),
	}
	t.keys = t.binder.keyMaker(t.core.shape.keys)
	if t.version, err = t.binder.versionField(); err != nil {
		return nil, err
	}
	return t, nil
}

// Name returns the name or ARN that the table was opened by.
func (t *Table[T]) Name() string { return t.core.name }

// Format prints the table's type and name, under every verb.
func (t *Table[T]) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Table[%s](%q)", t.binder.schema.Type, t.core.name)
}

// Put encrypts and stores v, in the place of the item with the same key if
// there is one.
//
// If T has a version, the stored item must have the version that v has, and there
// must be none if that is 0, or the error is a [*ConditionError]. What is stored
// has the next version, and v gets it too, once the write was made and not before.
// So no two of several writers who read the same item can both put it.
func (t *Table[T]) Put(ctx context.Context, v *T, opts ...PutOption) (err error) {
	defer t.core.tellRefused(ctx, opPut, &err)
	var c call
	for _, opt := range opts {
		opt.applyPut(&c)
	}
	r := &refusals{op: opPut, table: t.core.name}
	var version uint64
	if t.version != nil {
		if version, err = t.version.beforePut(&c, v, t.core.shape.keys[0].name); err != nil {
			return t.core.opError(opPut, err)
		}
	}
	expr := r.build(&c, nil)
	old := oldOf[T](r, c.old)
	if err := r.err(); err != nil {
		return err
	}
	it, err := t.binder.encode(v)
	if err != nil {
		return t.core.opError(opPut, err)
	}
	if t.version != nil {
		it[t.version.name] = t.version.value(version)
	}
	stored, err := t.core.put(ctx, t.core.encryptor(c.encryptor), &dynamodb.PutItemInput{
		Item:                                it,
		ConditionExpression:                 expr.Condition(),
		ExpressionAttributeNames:            expr.Names(),
		ExpressionAttributeValues:           expr.Values(),
		ReturnValues:                        returnOld(old != nil),
		ReturnValuesOnConditionCheckFailure: returnCurrent(c.current),
	})
	if t.version != nil && (err == nil || isWritten(err)) {
		t.version.set(v, version)
	}
	if err != nil {
		return t.writeError(err)
	}
	return t.storeOld(opPut, old, stored)
}

// Get returns the item under key. If there is none the error wraps
// [ErrNotFound].
func (t *Table[T]) Get(ctx context.Context, key PrimaryKey, opts ...GetOption) (_ *T, err error) {
	defer t.core.tellRefused(ctx, opGet, &err)
	var c call
	for _, opt := range opts {
		opt.applyGet(&c)
	}
	r := &refusals{op: opGet, table: t.core.name}
	t.checkHideExpired(r, &c)
	attributes := t.keys.attributes(r, key)
	if err := r.err(); err != nil {
		return nil, err
	}
	it, err := t.core.get(ctx, t.core.encryptor(c.encryptor), &dynamodb.GetItemInput{
		Key:            attributes,
		ConsistentRead: ifTrue(c.consistent),
	})
	if err != nil {
		return nil, err
	}
	if t.hides(&c, it) {
		return nil, t.core.opError(opGet, ErrNotFound)
	}
	return t.decode(opGet, it)
}

// Delete deletes the item under key. It is no error if there is none, unless
// a condition says so. If T has a version, [IfVersion] or [AnyVersion] has to say
// which one may be deleted.
func (t *Table[T]) Delete(ctx context.Context, key PrimaryKey, opts ...DeleteOption) (err error) {
	defer t.core.tellRefused(ctx, opDelete, &err)
	var c call
	for _, opt := range opts {
		opt.applyDelete(&c)
	}
	r := &refusals{op: opDelete, table: t.core.name}
	if t.version.checkVersionOptions(r, &c); t.version != nil {
		t.version.beforeDelete(r, &c)
	}
	expr := r.build(&c, nil)
	old := oldOf[T](r, c.old)
	attributes := t.keys.attributes(r, key)
	if err := r.err(); err != nil {
		return err
	}
	stored, err := t.core.delete(ctx, t.core.encryptor(c.encryptor), &dynamodb.DeleteItemInput{
		Key:                                 attributes,
		ConditionExpression:                 expr.Condition(),
		ExpressionAttributeNames:            expr.Names(),
		ExpressionAttributeValues:           expr.Values(),
		ReturnValues:                        returnOld(old != nil),
		ReturnValuesOnConditionCheckFailure: returnCurrent(c.current),
	})
	if err != nil {
		return t.writeError(err)
	}
	return t.storeOld(opDelete, old, stored)
}

// decode gives a verified item its type. Its error is an *ItemError.
func (t *Table[T]) decode(op string, it item) (*T, error) {
	v := new(T)
	if err := t.binder.decode(it, v); err != nil {
		return nil, t.core.itemError(op, it, err)
	}
	return v, nil
}

// oldOf returns the place that ReturnOld gave, emptied, or nil if it was not given.
func oldOf[T any](r *refusals, place any) **T {
	if place == nil {
		return nil
	}
	old, ok := place.(**T)
	switch {
	case !ok:
		r.add("ReturnOld has a %T, want a %T", place, old)
	case old == nil:
		r.add("ReturnOld has a nil pointer")
	default:
		*old = nil // whatever becomes of the call, what stood there is not its result
	}
	return old
}

// storeOld stores the item that a write replaced or deleted where ReturnOld
// said, if it did.
func (t *Table[T]) storeOld(op string, old **T, it item) (err error) {
	if old == nil {
		return nil
	}
	if it != nil {
		if *old, err = t.decode(op, it); err != nil {
			return written(err)
		}
	}
	return nil
}

// writeError gives a failed condition its type and leaves other errors alone.
func (t *Table[T]) writeError(err error) error {
	failed, ok := err.(*conditionFailure)
	if !ok {
		return err
	}
	e := &ConditionError[T]{Op: failed.op, Table: t.core.name, CurrentErr: failed.itemErr, Err: failed.err}
	if failed.current != nil {
		e.Current, e.CurrentErr = t.decode(failed.op, failed.current)
	}
	return e
}

// logicalName returns the table name in name, which may be an ARN such as
// "arn:aws:dynamodb:eu-central-1:123456789012:table/patients".
func logicalName(name string) (string, error) {
	table := name
	if strings.HasPrefix(name, "arn:") {
		parts := strings.SplitN(name, ":", 6)
		resource, ok := strings.CutPrefix(parts[len(parts)-1], "table/")
		if len(parts) < 6 || parts[2] != "dynamodb" || !ok {
			return "", fmt.Errorf("%w: %q is not the ARN of a table", ErrConfig, name)
		}
		table = resource
	}
	if !validIndexName(table) { // tables are named by the same rule
		return "", fmt.Errorf("%w: %q is not a table name: 3 to 255 letters, digits, dots, dashes and underscores", ErrConfig, name)
	}
	return table, nil
}

// checkDecoder refuses decoder options that would change names.
func checkDecoder(fns []func(*attributevalue.DecoderOptions)) error {
	o := attributevalue.DecoderOptions{TagKey: attrKey}
	for _, fn := range fns {
		fn(&o)
	}
	if o.TagKey != attrKey && o.TagKey != "" {
		return fmt.Errorf("%w: DecoderOptions sets TagKey to %q, which would change attribute names", ErrConfig, o.TagKey)
	}
	return nil
}

// build builds the expressions of one call. key is nil but for a query.
func (r *refusals) build(c *call, key *expression.KeyConditionBuilder) expression.Expression {
	var b expression.Builder
	any := false
	if key != nil {
		b, any = b.WithKeyCondition(*key), true
	}
	if c.condition.IsSet() {
		b, any = b.WithCondition(c.condition), true
	}
	if c.filter.IsSet() {
		b, any = b.WithFilter(c.filter), true
	}
	if !any {
		return expression.Expression{}
	}
	expr, err := b.Build()
	if err != nil {
		// Only the builder's own errors are known to hold no value.
		var invalid expression.InvalidParameterError
		var unset expression.UnsetParameterError
		switch {
		case errors.As(err, &invalid):
			r.add("expression can't be built: %v", invalid)
		case errors.As(err, &unset):
			r.add("expression can't be built: %v", unset)
		default:
			r.add("expression can't be built: a value in it can't be marshaled")
		}
	}
	return expr
}

func returnOld(ask bool) types.ReturnValue {
	if ask {
		return types.ReturnValueAllOld
	}
	return ""
}

func returnCurrent(ask bool) types.ReturnValuesOnConditionCheckFailure {
	if ask {
		return types.ReturnValuesOnConditionCheckFailureAllOld
	}
	return ""
}

// ifTrue leaves out a parameter that is false by default.
func ifTrue(b bool) *bool {
	if b {
		return aws.Bool(true)
	}
	return nil
}
