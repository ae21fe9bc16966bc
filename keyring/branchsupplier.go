package keyring

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// A BranchKeySupplier returns the id of the branch key of an item, of which kc is
// the encryption context: [crypt.KeyContext.Selector] returns its attributes. It is called once for
// each item that is written or read, and from many goroutines at once. When an
// item is read, nobody has verified it yet.
//
// What it returns must follow from the item alone and never change, since the id
// that an item was written with is looked for when it is read.
type BranchKeySupplier func(ctx context.Context, kc *crypt.KeyContext) (branchKeyID string, err error)

// NewHierarchicalByKey is [NewHierarchicalByItem] with a function of the attributes
// to decide by, as fields of the struct T in the notation of package attributevalue;
// the type of the table's items will do. T gets those attributes that are in the
// encryption context, by their exact names, and its other fields are zero:
//
//	no attribute of the table has the action SignAndIncludeInContext   partition key, sort key
//	otherwise                                                          those that have it
//
// A tenant that is not part of the table's key needs that action, therefore, or the
// tag ddbenc:"context". An item whose attributes don't fit T is refused with an
// error that wraps [crypt.ErrMalformed] and holds no value.
func NewHierarchicalByKey[T any](store BranchKeySource, fn func(key T) (branchKeyID string, err error), opts ...HierarchicalOption) (*Hierarchical, error) {
	declared, err := attributeNames(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	if fn == nil {
		return nil, fmt.Errorf("%w: supplier of branch key ids is nil", crypt.ErrConfig)
	}
	return NewHierarchicalByItem(store, func(_ context.Context, kc *crypt.KeyContext) (string, error) {
		selector, err := kc.Selector()
		if err != nil {
			return "", err
		}
		// Attributevalue would read "TENANT" into the field of "tenant" too.
		maps.DeleteFunc(selector, func(name string, _ types.AttributeValue) bool { return !declared[name] })
		var key T
		if err := attributevalue.UnmarshalMap(selector, &key); err != nil {
			return "", selectorError[T](selector)
		}
		return fn(key)
	}, opts...)
}

// attributeNames returns the names of the attributes that a struct declares. It
// refuses other types, and fields that package attributevalue would panic at.
func attributeNames(t reflect.Type) (map[string]bool, error) {
	typ := t
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%w: a supplier of branch key ids takes a struct, not %v", crypt.ErrConfig, typ)
	}
	names := map[string]bool{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("dynamodbav"), ",")
		if name == "" {
			name = f.Name
		}
		if f.Type.Kind() == reflect.Interface && f.Type.NumMethod() > 0 && f.IsExported() && name != "-" {
			return nil, fmt.Errorf("%w: field %s of %v is an interface", crypt.ErrConfig, f.Name, typ)
		}
		names[name] = true
	}
	return names, nil
}

// selectorError says which attributes don't fit T. The error of package
// attributevalue may quote a value.
func selectorError[T any](selector map[string]types.AttributeValue) error {
	var bad []string
	for _, name := range slices.Sorted(maps.Keys(selector)) {
		if attributevalue.UnmarshalMap(map[string]types.AttributeValue{name: selector[name]}, new(T)) != nil {
			bad = append(bad, fmt.Sprintf("%q", name))
		}
	}
	return fmt.Errorf("%w: attributes of its encryption context do not fit %v: %s", crypt.ErrMalformed, reflect.TypeFor[T](), strings.Join(bad, ", "))
}
