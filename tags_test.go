package ddbenc

import (
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
)

// Fields to hang a tag on.
var (
	plainField  = reflect.StructField{Name: "Name", Type: reflect.TypeFor[string]()}
	hiddenField = reflect.StructField{Name: "name", PkgPath: "example.com/p", Type: reflect.TypeFor[string]()}
	blankField  = reflect.StructField{Name: "_", PkgPath: "example.com/p", Type: reflect.TypeFor[struct{}]()}
)

func tagged(f reflect.StructField, tag string) reflect.StructField {
	f.Tag = reflect.StructTag(tag)
	return f
}

func TestParseField(t *testing.T) {
	tests := []struct {
		name  string
		field reflect.StructField
		want  rule
	}{
		{"no tag", plainField, rule{}},
		{"tags of others", tagged(plainField, `json:"name,omitempty" yaml:"name" db:"name"`), rule{}},
		{"encrypt", tagged(plainField, `ddbenc:"encrypt"`), rule{action: crypt.EncryptAndSign}},
		{"sign", tagged(plainField, `ddbenc:"sign"`), rule{action: crypt.SignOnly}},
		{"none", tagged(plainField, `ddbenc:"none"`), rule{action: crypt.DoNothing}},
		{"context", tagged(plainField, `ddbenc:"context"`), rule{action: crypt.SignAndIncludeInContext}},
		{"default", tagged(blankField, `ddbenc:"default=sign"`), rule{structDefault: crypt.SignOnly}},
		{"name", tagged(plainField, `dynamodbav:"full name"`), rule{name: "full name"}},
		{"empty tag of attributevalue", tagged(plainField, `dynamodbav:""`), rule{}},
		{"ignored", tagged(plainField, `dynamodbav:"-"`), rule{ignored: true}},
		{"ignored, unexported", tagged(hiddenField, `dynamodbav:"-"`), rule{ignored: true}},
		{"option without a name", tagged(plainField, `dynamodbav:",omitempty"`), rule{options: optOmitEmpty}},
		{"partition key", tagged(plainField, `dynamodbav:"id,partition"`), rule{name: "id", options: optPartition}},
		{
			"all at once",
			tagged(plainField, `json:"at" dynamodbav:"at,sort,unixtime" ddbenc:"sign" dynamodbindex:"by-time,global,partition;by-day.1,local,sort"`),
			rule{
				name: "at", options: optSort | optUnixTime, action: crypt.SignOnly,
				indexes: []indexRole{{"by-time", true, false}, {"by-day.1", false, true}},
			},
		},
		{"order of words in an index", tagged(plainField, `dynamodbindex:"by-x,sort,local"`), rule{indexes: []indexRole{{"by-x", false, true}}}},
		{"dynamo beside dynamodbav", tagged(plainField, `dynamo:"id,hash" dynamodbav:"id,partition"`), rule{name: "id", options: optPartition}},
	}
	for _, tt := range tests {
		got, problems := parseField(tt.field)
		if len(problems) > 0 {
			t.Errorf("%s: %s: problems %v", tt.name, tt.field.Tag, problems)
		}
		if diff := cmp.Diff(tt.want, withoutTexts(got), cmp.AllowUnexported(rule{}, indexRole{})); diff != "" {
			t.Errorf("%s: %s: (-want +got):\n%s", tt.name, tt.field.Tag, diff)
		}
	}
}

func withoutTexts(r rule) rule {
	r.actionText, r.attrText, r.indexText = "", "", ""
	return r
}

// Each option of attributevalue and each of ours is one word with one bit.
func TestAVOptionWords(t *testing.T) {
	for i, word := range avWords {
		r, problems := parseField(tagged(plainField, `dynamodbav:",`+word+`"`))
		if len(problems) > 0 || r.options != 1<<i || r.options.String() != word {
			t.Errorf("option %q: %#x %v, problems %v", word, uint32(r.options), r.options, problems)
		}
	}
	if optTTL != 1<<(len(avWords)-1) {
		t.Errorf("%d words, last option is %#x", len(avWords), uint32(optTTL))
	}
}

// show prints problems as SchemaErrors of a field X.F, without their common
// beginning.
func show(problems []problem) []string {
	var texts []string
	for _, p := range problems {
		err := &SchemaError{Type: "X", Field: "F", Tag: p.tag, Reason: p.reason, Suggestion: p.suggestion}
		texts = append(texts, strings.TrimPrefix(err.Error(), "ddbenc: X.F: "))
	}
	return texts
}

func TestParseFieldRefuses(t *testing.T) {
	tests := []struct {
		field reflect.StructField
		want  []string
	}{
		// The action.
		{tagged(plainField, `ddbenc:"encrpyt"`), []string{`ddbenc:"encrpyt": unknown action "encrpyt"; did you mean "encrypt"?`}},
		{tagged(plainField, `ddbenc:"Encrypt"`), []string{`ddbenc:"Encrypt": unknown action "Encrypt"; did you mean "encrypt"?`}},
		{tagged(plainField, `ddbenc:"encrypt "`), []string{`ddbenc:"encrypt ": unknown action "encrypt "; did you mean "encrypt"?`}},
		{tagged(plainField, `ddbenc:"SIGN_ONLY"`), []string{`ddbenc:"SIGN_ONLY": unknown action "SIGN_ONLY"; did you mean "sign"?`}},
		{tagged(plainField, `ddbenc:"DO_NOTHING"`), []string{`ddbenc:"DO_NOTHING": unknown action "DO_NOTHING"; did you mean "none"?`}},
		{tagged(plainField, `ddbenc:"-"`), []string{`ddbenc:"-": unknown action "-"`}},
		{tagged(plainField, `ddbenc:""`), []string{`ddbenc:"": empty tag: say encrypt, sign, none, context, or remove it`}},
		{tagged(plainField, `ddbenc:"encrypt,encrypt"`), []string{`ddbenc:"encrypt,encrypt": one action is wanted, not a list`}},
		{tagged(plainField, `ddbenc:"encrypt,"`), []string{`ddbenc:"encrypt,": one action is wanted, not a list`}},
		{tagged(plainField, `ddbenc:"encrypt,omitempty"`), []string{`ddbenc:"encrypt,omitempty": "omitempty" is a word of another tag; did you mean ddbenc:"encrypt" dynamodbav:",omitempty"?`}},
		{tagged(plainField, `ddbenc:"partition"`), []string{`ddbenc:"partition": "partition" is a word of another tag; did you mean dynamodbav:",partition"?`}},
		{tagged(plainField, `ddbenc:"default=sign"`), []string{`ddbenc:"default=sign": a default belongs on a field _ struct{}`}},
		{tagged(blankField, `ddbenc:"default=sing"`), []string{`ddbenc:"default=sing": unknown action "default=sing"; did you mean "default=sign"?`}},
		{tagged(blankField, `ddbenc:"defualt=sign"`), []string{`ddbenc:"defualt=sign": unknown action "defualt=sign"; did you mean "default=sign"?`}},
		{tagged(blankField, `ddbenc:"action=sign"`), []string{`ddbenc:"action=sign": unknown option "action"`}},
		{tagged(blankField, `ddbenc:"default="`), []string{`ddbenc:"default=": unknown action "default="`}},
		{tagged(blankField, `ddbenc:"sign"`), []string{`ddbenc:"sign": a field named _ is never stored: only ddbenc:"default=..." has an effect on it`}},
		{
			reflect.StructField{Name: "_", PkgPath: "p", Type: reflect.TypeFor[int](), Tag: `ddbenc:"default=sign"`},
			[]string{`ddbenc:"default=sign": a default belongs on a field _ struct{}`},
		},

		// Name and options.
		{tagged(plainField, `dynamodbav:"id,partiton"`), []string{`dynamodbav:"id,partiton": unknown option "partiton"; did you mean "partition"?`}},
		{tagged(plainField, `dynamodbav:"id, partition"`), []string{`dynamodbav:"id, partition": unknown option " partition"; did you mean "partition"?`}},
		{tagged(plainField, `dynamodbav:"id,hash"`), []string{`dynamodbav:"id,hash": unknown option "hash"; did you mean "partition"?`}},
		{tagged(plainField, `dynamodbav:"at,range"`), []string{`dynamodbav:"at,range": unknown option "range"; did you mean "sort"?`}},
		{tagged(plainField, `dynamodbav:",omitzero"`), []string{`dynamodbav:",omitzero": unknown option "omitzero"; did you mean "omitempty"?`}},
		{tagged(plainField, `dynamodbav:"a,"`), []string{`dynamodbav:"a,": unknown option ""`}},
		{tagged(plainField, `dynamodbav:"a,inline"`), []string{`dynamodbav:"a,inline": unknown option "inline"`}},
		{tagged(plainField, `dynamodbav:"a,encrypt"`), []string{`dynamodbav:"a,encrypt": "encrypt" is a word of another tag; did you mean ddbenc:"encrypt"?`}},
		{tagged(plainField, `dynamodbav:"a,json"`), []string{`dynamodbav:"a,json": "json" is an option of the SDK's entity manager that would have no effect here`}},
		{tagged(plainField, `dynamodbav:"a,atomiccounter|1|5"`), []string{`dynamodbav:"a,atomiccounter|1|5": "atomiccounter|1|5" is an option of the SDK's entity manager that would have no effect here`}},
		{tagged(plainField, `dynamodbav:"a,omitempty,omitempty"`), []string{`dynamodbav:"a,omitempty,omitempty": option "omitempty" twice`}},
		{tagged(plainField, `dynamodbav:"a,partition,sort"`), []string{`dynamodbav:"a,partition,sort": the options partition and sort exclude each other`}},
		{tagged(plainField, `dynamodbav:"a,version,ttl"`), []string{`dynamodbav:"a,version,ttl": the options version and ttl exclude each other`}},
		{tagged(plainField, `dynamodbav:"a,sort,version"`), []string{`dynamodbav:"a,sort,version": the options sort and version exclude each other`}},
		{tagged(plainField, `dynamodbav:"a,omitempty,nullempty"`), []string{`dynamodbav:"a,omitempty,nullempty": the options omitempty and nullempty exclude each other`}},
		{tagged(plainField, `dynamodbav:"a,partition,nullempty"`), []string{`dynamodbav:"a,partition,nullempty": the options nullempty and partition exclude each other`}},
		{tagged(plainField, `dynamodbav:"a,stringset,numberset"`), []string{`dynamodbav:"a,stringset,numberset": the options numberset and stringset exclude each other`}},
		{tagged(plainField, `dynamodbav:" a"`), []string{`dynamodbav:" a": the attribute name " a" has spaces around it; did you mean "a"?`}},
		{tagged(plainField, `dynamodbav:"a\xff"`), []string{`dynamodbav:"a\xff": the attribute name is not valid UTF-8`}},
		{tagged(plainField, `dynamodbav:"-,"`), []string{`dynamodbav:"-,": the field is ignored because of the "-", so nothing may follow it`}},
		{tagged(plainField, `dynamodbav:"-,partition"`), []string{`dynamodbav:"-,partition": the field is ignored because of the "-", so nothing may follow it`}},
		{
			tagged(plainField, `dynamodbav:"a,omitemty,unixtim"`),
			[]string{
				`dynamodbav:"a,omitemty,unixtim": unknown option "omitemty"; did you mean "omitempty"?`,
				`dynamodbav:"a,omitemty,unixtim": unknown option "unixtim"; did you mean "unixtime"?`,
			},
		},

		// Indexes.
		{tagged(plainField, `dynamodbindex:""`), []string{`dynamodbindex:"": "" is not an index name: 3 to 255 letters, digits, and any of _ - .`}},
		{tagged(plainField, `dynamodbindex:"by x,global,sort"`), []string{`dynamodbindex:"by x,global,sort": "by x" is not an index name: 3 to 255 letters, digits, and any of _ - .`}},
		{tagged(plainField, `dynamodbindex:"by-x,globl,sort"`), []string{`dynamodbindex:"by-x,globl,sort": unknown word "globl"; did you mean "global"?`}},
		{tagged(plainField, `dynamodbindex:"by-x,global,hash"`), []string{`dynamodbindex:"by-x,global,hash": unknown word "hash"; did you mean "partition"?`}},
		{tagged(plainField, `dynamodbindex:"by-x,sort"`), []string{`dynamodbindex:"by-x,sort": index by-x is either global or local: say one`}},
		{tagged(plainField, `dynamodbindex:"by-x,global,local,sort"`), []string{`dynamodbindex:"by-x,global,local,sort": index by-x is either global or local: say one`}},
		{tagged(plainField, `dynamodbindex:"by-x,global"`), []string{`dynamodbindex:"by-x,global": a key of index by-x is either its partition or its sort key: say one`}},
		{tagged(plainField, `dynamodbindex:"by-x,global,partition,sort"`), []string{`dynamodbindex:"by-x,global,partition,sort": a key of index by-x is either its partition or its sort key: say one`}},
		{
			tagged(plainField, `dynamodbindex:"by-x,global,partition;by-x,global,sort"`),
			[]string{`dynamodbindex:"by-x,global,partition;by-x,global,sort": index by-x twice on one field`},
		},
		{
			tagged(plainField, `dynamodbindex:"by-x"`),
			[]string{
				`dynamodbindex:"by-x": index by-x is either global or local: say one`,
				`dynamodbindex:"by-x": a key of index by-x is either its partition or its sort key: say one`,
			},
		},

		// The struct tag itself.
		{tagged(plainField, `ddbenc:encrypt`), []string{"`ddbenc:encrypt`: malformed struct tag, which Go would silently ignore from there on: the value of ddbenc has no quotes around it"}},
		{tagged(plainField, `dynamodbav:"a",ddbenc:"none"`), []string{"`dynamodbav:\"a\",ddbenc:\"none\"`: malformed struct tag, which Go would silently ignore from there on: no space between dynamodbav:\"a\" and \",ddbenc:\\\"none\\\"\""}},
		{tagged(plainField, `ddbenc:"sign" ddbenc:"none"`), []string{`ddbenc:"none": second ddbenc tag, which Go would silently ignore`}},
		{tagged(plainField, `ddbecn:"sign"`), []string{`ddbecn:"sign": unknown tag ddbecn; did you mean "ddbenc"?`}},
		{tagged(plainField, `DDBEnc:"sign"`), []string{`DDBEnc:"sign": unknown tag DDBEnc; did you mean "ddbenc"?`}},
		{tagged(plainField, `dynamodbva:"a"`), []string{`dynamodbva:"a": unknown tag dynamodbva; did you mean "dynamodbav"?`}},
		{tagged(plainField, `dynamoDBIndex:"by-x,global,sort"`), []string{`dynamoDBIndex:"by-x,global,sort": unknown tag dynamoDBIndex; did you mean "dynamodbindex"?`}},
		{tagged(plainField, `dynamo:"id,hash"`), []string{`dynamo:"id,hash": neither attributevalue nor ddbenc reads this tag; did you mean "dynamodbav"?`}},
		{tagged(plainField, `dynamodbgetter:"GetA"`), []string{`dynamodbgetter:"GetA": a tag of the SDK's entity manager that would have no effect here`}},

		// The place.
		{
			tagged(hiddenField, `dynamodbav:"a" ddbenc:"encrypt" dynamodbindex:"by-x,global,sort"`),
			[]string{
				`ddbenc:"encrypt": has no effect on an unexported field, which is never stored`,
				`dynamodbav:"a": has no effect on an unexported field, which is never stored`,
				`dynamodbindex:"by-x,global,sort": has no effect on an unexported field, which is never stored`,
			},
		},
		{
			tagged(plainField, `dynamodbav:"-" ddbenc:"encrypt" dynamodbindex:"by-x,global,sort"`),
			[]string{
				`ddbenc:"encrypt": has no effect on a field that dynamodbav:"-" ignores`,
				`dynamodbindex:"by-x,global,sort": has no effect on a field that dynamodbav:"-" ignores`,
			},
		},
		{
			tagged(blankField, `dynamodbav:"a" dynamodbindex:"by-x,global,sort"`),
			[]string{
				`dynamodbav:"a": a field named _ is never stored`,
				`dynamodbindex:"by-x,global,sort": a field named _ is never stored`,
			},
		},
	}
	for _, tt := range tests {
		_, problems := parseField(tt.field)
		if diff := cmp.Diff(tt.want, show(problems)); diff != "" {
			t.Errorf("parseField(%s `%s`): problems (-want +got):\n%s", tt.field.Name, tt.field.Tag, diff)
		}
	}
}

// FuzzTag checks that no tag makes the parser panic, that what it accepts can be
// written down again and read as the same, that reflect finds the same tags, and
// that what it refuses has a reason.
func FuzzTag(f *testing.F) {
	for _, seed := range []string{
		``, `ddbenc:"encrypt"`, `ddbenc:"encrpyt"`, `ddbenc:"default=sign"`, `ddbenc:encrypt`, `ddbenc:"none" ddbenc:"sign"`,
		`dynamodbav:"id,partition" json:"id"`, `dynamodbav:"-"`, `dynamodbav:"-,omitempty"`, `dynamodbav:",string,omitempty"`,
		`dynamodbav:"a\"b"`, `dynamodbindex:"by-x,global,partition;by-y,local,sort"`, `dynamodbindex:"by-x"`, `dynamodbindex:";"`,
		`dynamo:"id"`, `json:"a",ddbenc:"sign"`, "a:\"\\x00\"", `dynamodbav:"rev,version,omitempty" ddbenc:"sign"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		for _, field := range []reflect.StructField{plainField, hiddenField, blankField} {
			field = tagged(field, tag)
			r, problems := parseField(field)
			for _, p := range problems {
				if p.reason == "" {
					t.Errorf("%s `%s`: problem without a reason: %+v", field.Name, tag, p)
				}
			}
			if len(problems) > 0 {
				continue
			}
			if word := actionWord(r.action); r.action != 0 && field.Tag.Get(actionKey) != word {
				t.Errorf("%s `%s`: read as %s, reflect finds %q", field.Name, tag, word, field.Tag.Get(actionKey))
			}
			written := writeTag(r)
			again, problems := parseField(tagged(field, written))
			if diff := cmp.Diff(withoutTexts(r), withoutTexts(again), cmp.AllowUnexported(rule{}, indexRole{})); diff != "" || len(problems) > 0 {
				t.Errorf("%s `%s`: written again as `%s`: %v (-want +got):\n%s", field.Name, tag, written, problems, diff)
			}
		}
	})
}

// writeTag spells r as a struct tag.
func writeTag(r rule) string {
	var tags []string
	add := func(key, value string) { tags = append(tags, key+":"+strconv.Quote(value)) }
	switch {
	case r.action != 0:
		add(actionKey, actionWord(r.action))
	case r.structDefault != 0:
		add(actionKey, "default="+actionWord(r.structDefault))
	}
	switch {
	case r.ignored:
		add(attrKey, "-")
	case r.name != "" || r.options != 0:
		add(attrKey, strings.TrimSuffix(r.name+","+r.options.String(), ","))
	}
	var indexes []string
	for _, x := range r.indexes {
		key := "partition"
		if x.sort {
			key = "sort"
		}
		indexes = append(indexes, x.index+","+kind(x.global)+","+key)
	}
	if indexes != nil {
		add(indexKey, strings.Join(indexes, ";"))
	}
	return strings.Join(tags, " ")
}
