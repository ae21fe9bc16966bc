package see_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/internal/see"
)

func TestJoinCallsAllInOrderWhateverPanics(t *testing.T) {
	var got []string
	note := func(what string) func(context.Context, hook.Item) {
		return func(context.Context, hook.Item) { got = append(got, what) }
	}
	first := &hook.Hooks{
		Encrypted: func(context.Context, hook.Item) { panic("first") },
		Panicked:  func(v any) { got = append(got, "panicked: "+v.(string)) },
	}
	silent := &hook.Hooks{Encrypted: func(context.Context, hook.Item) { panic("dropped") }}
	last := &hook.Hooks{Encrypted: note("last"), Decrypted: note("last decrypted")}
	h := see.Join(nil, first, silent, nil, last)
	see.Call(context.Background(), h, h.Encrypted, hook.Item{})
	see.Call(context.Background(), h, h.Decrypted, hook.Item{})
	if want := []string{"panicked: first", "last", "last decrypted"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if h.Failed != nil || h.Refused != nil || h.Retried != nil || h.KeyLoaded != nil {
		t.Error("there is a function that none of the hooks has")
	}
}

func TestJoinKeepsOneAndMakesNothingOfNone(t *testing.T) {
	one := &hook.Hooks{}
	if see.Join(nil, one) != one {
		t.Error("the only one is not kept as it is")
	}
	if see.Join() != nil || see.Join(nil, nil) != nil {
		t.Error("hooks are made of none")
	}
}

func TestJoinKnowsEveryFunction(t *testing.T) {
	full := &hook.Hooks{}
	v := reflect.ValueOf(full).Elem()
	calls := 0
	for _, f := range v.Fields() {
		f.Set(reflect.MakeFunc(f.Type(), func([]reflect.Value) []reflect.Value { calls++; return nil }))
	}
	joined := reflect.ValueOf(see.Join(full, full)).Elem()
	for field, f := range joined.Fields() {
		if field.Name == "Panicked" {
			continue // each panic goes to its own
		}
		if f.IsNil() {
			t.Errorf("%s is not joined", field.Name)
			continue
		}
		calls = 0
		f.Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.Zero(f.Type().In(1))})
		if calls != 2 {
			t.Errorf("%s is called %d times, want 2", field.Name, calls)
		}
	}
}
