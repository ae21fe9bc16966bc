package ddbenc_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
)

// patched has a field of every kind that Patch treats in its own way.
type patched struct {
	ID    string            `dynamodbav:"id,partition"`
	At    int               `dynamodbav:"at,sort"` // 0 is a key too
	Name  string            `dynamodbav:"name"`
	Count int               `dynamodbav:"count" ddbenc:"none"`
	Limit *int              `dynamodbav:"limit,omitempty"`
	Tags  []string          `dynamodbav:"tags,omitempty"`
	Notes map[string]string `dynamodbav:"notes,omitempty" ddbenc:"sign"`
	Seen  time.Time         `dynamodbav:"seen"`
	Where struct {
		City string `dynamodbav:"city"`
		Zip  string `dynamodbav:"zip"`
	} `dynamodbav:"where"`
	PatchedMore
	*PatchedRest
}

type PatchedMore struct {
	More string `dynamodbav:"more"`
}

type PatchedRest struct {
	Rest string `dynamodbav:"rest"`
}

func TestEnginePatch(t *testing.T) {
	ctx := t.Context()
	table := newTable[patched](t, engine(t))
	full := func() patched {
		p := patched{ID: "a", Name: "Ada", Count: 3, Limit: new(int), Tags: []string{"x"}, Notes: map[string]string{"k": "v"}, Seen: visitAt(1)}
		p.Where.City, p.Where.Zip, p.More = "London", "W1", "more"
		*p.Limit = 7
		return p
	}
	zero, paris := 0, patched{}.Where
	paris.City = "Paris"
	for _, tc := range []struct {
		name  string
		patch patched
		want  func(*patched)
	}{
		{"nothing", patched{}, func(*patched) {}},
		{"a string", patched{Name: "Eve"}, func(p *patched) { p.Name = "Eve" }},
		{"what is unsigned", patched{Count: 9}, func(p *patched) { p.Count = 9 }},
		{"a pointer to zero", patched{Limit: &zero}, func(p *patched) { p.Limit = &zero }},
		{"a slice", patched{Tags: []string{"y", "z"}}, func(p *patched) { p.Tags = []string{"y", "z"} }},
		{"an empty slice", patched{Tags: []string{}}, func(p *patched) { p.Tags = []string{} }},
		{"a map, whole", patched{Notes: map[string]string{"l": "w"}}, func(p *patched) { p.Notes = map[string]string{"l": "w"} }},
		{"an empty map", patched{Notes: map[string]string{}}, func(p *patched) { p.Notes = map[string]string{} }},
		{"a struct, whole", patched{Where: paris}, func(p *patched) { p.Where = paris }},
		{"a time", patched{Seen: visitAt(2)}, func(p *patched) { p.Seen = visitAt(2) }},
		{"no time elsewhere", patched{Seen: time.Time{}.In(time.FixedZone("x", 60))}, func(*patched) {}},
		{"a promoted field", patched{PatchedMore: PatchedMore{"less"}}, func(p *patched) { p.More = "less" }},
		{"one behind a pointer", patched{PatchedRest: &PatchedRest{"peace"}}, func(p *patched) { p.PatchedRest = &PatchedRest{"peace"} }},
		{"several", patched{Name: "Eve", Count: 9, Seen: visitAt(2)}, func(p *patched) { p.Name, p.Count, p.Seen = "Eve", 9, visitAt(2) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := full()
			if err := table.Put(ctx, &want); err != nil {
				t.Fatal(err)
			}
			tc.patch.ID = "a"
			tc.want(&want)
			got, err := table.Patch(ctx, &tc.patch)
			if err != nil {
				t.Fatal(err)
			}
			opt := cmp.AllowUnexported(patched{})
			if diff := cmp.Diff(&want, got, opt); diff != "" {
				t.Errorf("Patch returns (-want +got):\n%s", diff)
			}
			then, err := table.Get(ctx, ddbenc.Key("a", 0), ddbenc.ConsistentRead())
			if diff := cmp.Diff(&want, then, opt); err != nil || diff != "" {
				t.Errorf("Get gives %v, -want +got:\n%s", err, diff)
			}
		})
	}
	if _, err := table.Patch(ctx, &patched{ID: "b", Name: "Bob"}); !errors.Is(err, ddbenc.ErrNotFound) {
		t.Errorf("Patch of no item gives %v", err)
	}
	if p, err := table.Patch(ctx, &patched{ID: "b", Name: "Bob"}, ddbenc.CreateIfAbsent()); err != nil || p.Name != "Bob" {
		t.Errorf("Patch of no item, to be made, gives %+v, %v", p, err)
	}
	if _, err := table.Patch(ctx, &patched{Name: "nobody"}); !errors.Is(err, ddbenc.ErrRefused) {
		t.Errorf("Patch without a key gives %v", err)
	}
	if _, err := table.Patch(ctx, nil); !errors.Is(err, ddbenc.ErrInvalidItem) {
		t.Errorf("Patch of nil gives %v", err)
	}
}

func TestEnginePatchVersion(t *testing.T) {
	ctx := t.Context()
	documents := newTable[document](t, engine(t))
	doc := document{ID: "a", Text: "x"}
	if err := documents.Put(ctx, &doc); err != nil {
		t.Fatal(err)
	}
	got, err := documents.Patch(ctx, &document{ID: "a", Rev: 1, Text: "y"})
	if err != nil || got.Rev != 2 || got.Text != "y" {
		t.Errorf("Patch of version 1 gives %+v, %v", got, err)
	}
	_, err = documents.Patch(ctx, &document{ID: "a", Rev: 1, Text: "z"})
	var failed *ddbenc.ConditionError[document]
	if !errors.Is(err, ddbenc.ErrConditionFailed) || !errors.As(err, &failed) || failed.Current.Rev != 2 || failed.Current.Text != "y" ||
		strings.Count(err.Error(), "UpdateItem") != 1 {
		t.Errorf("Patch of an old version gives %v, %+v", err, failed)
	}
	failed = nil
	_, err = documents.Patch(ctx, &document{ID: "none", Rev: 1, Text: "z"}, ddbenc.CreateIfAbsent())
	if !errors.As(err, &failed) || failed.Current != nil {
		t.Errorf("Patch of a version of no item gives %v, %+v", err, failed)
	}
	if got, err = documents.Patch(ctx, &document{ID: "a", Text: "z"}); err != nil || got.Rev != 3 {
		t.Errorf("Patch of any version gives %+v, %v", got, err)
	}
}
