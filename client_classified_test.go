package ddbenc

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The list is closed: every operation of the SDK's client, every field of the
// requests and responses of those that move items, and every error that has an
// item in it are in a class.
func TestClosedList(t *testing.T) {
	var methods []string
	client := reflect.TypeFor[*dynamodb.Client]()
	for i := range client.NumMethod() {
		m := client.Method(i)
		if m.Name == "Options" {
			continue
		}
		methods = append(methods, m.Name)
		if operations[m.Name] == 0 {
			t.Errorf("operation %s is not classified", m.Name)
		}
		if operations[m.Name] != rewritten {
			continue
		}
		if in, out := m.Type.In(2).Elem(), m.Type.Out(0).Elem(); !slices.Contains(dataTypes, in) || !slices.Contains(dataTypes, out) {
			t.Errorf("operation %s: %v and %v are not among the types that are looked at", m.Name, in, out)
		}
	}
	for name := range operations {
		if !slices.Contains(methods, name) {
			t.Errorf("operation %s is classified, but not the SDK's", name)
		}
	}

	for typ, indexes := range unknownInSDK() {
		for _, i := range indexes {
			t.Errorf("field %s.%s is not classified", typ.Name(), typ.Field(i).Name)
		}
	}

	errs := 0
	value := reflect.TypeFor[types.AttributeValue]()
	for name, entry := range dynamodb.TypeRegistry.Entries {
		typ := reflect.TypeOf(entry.New())
		if !typ.Implements(reflect.TypeFor[error]()) {
			continue
		}
		errs++
		unknown := unknownFields{}
		unknown.collect(typ, map[reflect.Type]bool{})
		for typ, indexes := range unknown {
			for _, i := range indexes {
				if f := typ.Field(i); leadsTo(f.Type, value) {
					t.Errorf("error %s: field %s.%s is not classified", name, typ.Name(), f.Name)
				}
			}
		}
	}
	if errs < 10 {
		t.Errorf("only %d errors of the SDK were found", errs)
	}
}

// leadsTo reports whether a t can hold a value of type to.
func leadsTo(t, to reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return leadsTo(t.Elem(), to)
	case reflect.Struct:
		for i := range t.NumField() {
			if leadsTo(t.Field(i).Type, to) {
				return true
			}
		}
	}
	return t == to
}

// What the list has is the SDK's: a class of a field that is gone hides that its
// successor has none.
func TestClosedListIsCurrent(t *testing.T) {
	structs := map[string]reflect.Type{}
	var collect func(reflect.Type)
	collect = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || structs[t.Name()] != nil {
			return
		}
		structs[t.Name()] = t
		for i := range t.NumField() {
			collect(t.Field(i).Type)
		}
	}
	for _, t := range append(slices.Clone(dataTypes),
		reflect.TypeFor[types.ConditionalCheckFailedException](), reflect.TypeFor[types.TransactionCanceledException]()) {
		collect(t)
	}
	for name, classes := range fields {
		for field := range classes {
			if structs[name] == nil {
				t.Errorf("the SDK has no %s", name)
			} else if _, ok := structs[name].FieldByName(field); !ok {
				t.Errorf("the SDK's %s has no field %s", name, field)
			}
		}
	}
}

// Types as a later SDK might have them.
type (
	futureInput struct {
		TableName *string
		Item      map[string]types.AttributeValue
		Parts     []futurePart
		ByName    map[string]futurePart
		Next      *futurePart
		SideItem  map[string]types.AttributeValue // new
	}
	futurePart struct {
		Key  map[string]types.AttributeValue
		Hint *string // new
	}
)

func classifyFuture(t *testing.T) unknownFields {
	fields["futureInput"] = classify(map[class]string{rewritten: "Item", checked: "TableName Parts ByName Next"})
	fields["futurePart"] = classify(map[class]string{checked: "Key"})
	t.Cleanup(func() {
		delete(fields, "futureInput")
		delete(fields, "futurePart")
	})
	u := unknownFields{}
	u.collect(reflect.TypeFor[futureInput](), map[reflect.Type]bool{})
	return u
}

func TestUnknownFields(t *testing.T) {
	u := classifyFuture(t)
	want := unknownFields{reflect.TypeFor[futureInput](): {5}, reflect.TypeFor[futurePart](): {1}}
	if diff := cmp.Diff(want, u, cmp.Comparer(func(a, b reflect.Type) bool { return a == b })); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}

	hint := "x"
	known := func() *futureInput {
		return &futureInput{TableName: &hint, Item: item{"a": avS("x")}, Parts: []futurePart{{Key: item{"a": avS("x")}}}, ByName: map[string]futurePart{"t": {}}, Next: &futurePart{}}
	}
	if err := u.refuse("Op", "t", known()); err != nil {
		t.Errorf("nothing new: %v", err)
	}
	for name, tc := range map[string]struct {
		edit func(*futureInput)
		want string
	}{
		"field":    {func(in *futureInput) { in.SideItem = item{"a": avS("x")} }, "futureInput.SideItem is unknown"},
		"in slice": {func(in *futureInput) { in.Parts[0].Hint = &hint }, "futurePart.Hint is unknown"},
		"in map":   {func(in *futureInput) { in.ByName["t"] = futurePart{Hint: &hint} }, "futurePart.Hint is unknown"},
		"behind":   {func(in *futureInput) { in.Next.Hint = &hint }, "futurePart.Hint is unknown"},
	} {
		in := known()
		tc.edit(in)
		if err := u.refuse("Op", "t", in); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: refused with %v, want %q", name, err, tc.want)
		}
		u.clear(in)
		if diff := cmp.Diff(known(), in, cmpopts.IgnoreUnexported(types.AttributeValueMemberS{})); diff != "" {
			t.Errorf("%s: cleared (-want +got):\n%s", name, diff)
		}
	}
}

// An operation of a later SDK is refused, whatever its table.
func TestUnknownOperation(t *testing.T) {
	e := &clientEncryption{}
	stack := middleware.NewStack("TeleportItem", func() any { return nil })
	if err := stack.Serialize.Add(middleware.SerializeMiddlewareFunc("OperationSerializer", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		t.Error("it was sent")
		return next.HandleSerialize(ctx, in)
	}), middleware.After); err != nil {
		t.Fatal(err)
	}
	if err := e.addTo(stack); err != nil {
		t.Fatal(err)
	}
	handler := middleware.DecorateHandler(middleware.HandlerFunc(func(context.Context, any) (any, middleware.Metadata, error) {
		return nil, middleware.Metadata{}, nil
	}), stack)
	if _, _, err := handler.Handle(t.Context(), &futureInput{}); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// Every operation that is not passed on unseen is one that HandleSerialize knows.
func TestOperationsAreServed(t *testing.T) {
	e := &clientEncryption{}
	client := reflect.TypeFor[*dynamodb.Client]()
	for name, c := range operations {
		if c == passes {
			continue
		}
		m, _ := client.MethodByName(name)
		in := reflect.New(m.Type.In(2).Elem()).Interface()
		_, _, err := e.HandleSerialize(t.Context(), middleware.SerializeInput{Parameters: in}, middleware.SerializeHandlerFunc(
			func(context.Context, middleware.SerializeInput) (out middleware.SerializeOutput, _ middleware.Metadata, _ error) {
				return
			}))
		if err != nil && strings.Contains(err.Error(), "does not know the operation") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
