// Package attr is the value model of the embedded DynamoDB engine: attribute
// values and items, their JSON form, decimal numbers, equality, order and size
// as DynamoDB counts it. It knows no tables and no expressions.
//
// # Values
//
// A [Value] is plain data and is treated as immutable once made: functions of
// this package and of its callers build new values and share the parts that
// did not change, so a value may be read by any number of goroutines. Numbers
// are kept as the decimal text that DynamoDB would return and sets are kept
// sorted, so that equal values have equal representations.
//
// # Errors
//
// What DynamoDB would refuse gives an [*Error] with the service's error code
// and message.
package attr

import (
	"maps"
	"slices"
)

// A Kind is the type of a value. The zero Kind is invalid.
type Kind uint8

// The ten types of DynamoDB, named as in its JSON.
const (
	_ Kind = iota
	S
	N
	B
	BOOL
	NULL
	SS
	NS
	BS
	L
	M
)

var kindNames = [...]string{"", "S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"}

// String returns the type's name in DynamoDB's JSON, such as "SS".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return ""
}

// KindOf returns the kind named in DynamoDB's JSON, or 0 when there is none.
func KindOf(name string) Kind {
	for i, n := range kindNames {
		if n == name {
			return Kind(i)
		}
	}
	return 0
}

// IsSet reports whether k is SS, NS or BS.
func (k Kind) IsSet() bool { return k == SS || k == NS || k == BS }

// Member returns the kind of a set's members: S for SS, N for NS, B for BS,
// and 0 for a kind that is no set.
func (k Kind) Member() Kind {
	switch k {
	case SS:
		return S
	case NS:
		return N
	case BS:
		return B
	}
	return 0
}

// A Value is one attribute value. The fields that do not belong to Kind are
// zero.
type Value struct {
	Kind Kind
	Bool bool             // BOOL
	Str  string           // S: UTF-8; N: decimal text from ParseNumber; B: the raw bytes
	Set  []string         // SS, NS, BS: members as in Str, sorted, without duplicates, never empty
	List []Value          // L
	Map  map[string]Value // M
}

// An Item is a map from attribute names to values.
type Item = map[string]Value

// Clone returns a deep copy of v. Values are immutable by convention, so only
// code that hands them to a stranger needs it.
func (v Value) Clone() Value {
	v.Set = slices.Clone(v.Set)
	if v.List != nil {
		list := make([]Value, len(v.List))
		for i, e := range v.List {
			list[i] = e.Clone()
		}
		v.List = list
	}
	if v.Map != nil {
		v.Map = CloneItem(v.Map)
	}
	return v
}

// CloneItem returns a deep copy of item.
func CloneItem(item Item) Item {
	c := make(Item, len(item))
	for name, v := range item {
		c[name] = v.Clone()
	}
	return c
}

// Equal reports whether v and w are the same value of the same type. Numbers
// are equal by value and sets without regard to order, at any depth.
func Equal(v, w Value) bool {
	if v.Kind != w.Kind {
		return false
	}
	switch v.Kind {
	case S, N, B:
		return v.Str == w.Str
	case BOOL:
		return v.Bool == w.Bool
	case NULL:
		return true
	case SS, NS, BS:
		return slices.Equal(v.Set, w.Set)
	case L:
		return slices.EqualFunc(v.List, w.List, Equal)
	case M:
		return maps.EqualFunc(v.Map, w.Map, Equal)
	}
	return false
}

// EqualItems reports whether two items have the same attributes.
func EqualItems(a, b Item) bool { return maps.EqualFunc(a, b, Equal) }

// Compare orders two values of one scalar kind as DynamoDB orders keys and as
// its comparison operators do: numbers by value, strings by their UTF-8 bytes,
// binaries by their unsigned bytes. ok is false when the kinds differ or have
// no order.
func Compare(v, w Value) (c int, ok bool) {
	if v.Kind != w.Kind {
		return 0, false
	}
	switch v.Kind {
	case S, B, N:
		return CompareScalar(v.Kind, v.Str, w.Str), true
	}
	return 0, false
}

// CompareScalar is [Compare] for the text of two S, N or B values, or for two
// members of a set of them.
func CompareScalar(k Kind, a, b string) int {
	if k == N {
		return CompareNumbers(a, b)
	}
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Contains reports whether the set v has the member m, spelled as in
// [Value.Set].
func (v Value) Contains(m string) bool {
	member := v.Kind.Member()
	_, found := slices.BinarySearchFunc(v.Set, m, func(e, m string) int { return CompareScalar(member, e, m) })
	return found
}

// NewSet returns a set of kind SS, NS or BS with the given members, sorted,
// each once. The members of an NS are canonical already, as ParseNumber gives
// them. It keeps the slice. An empty set is not a value that can be stored;
// the caller deals with it.
func NewSet(k Kind, members []string) Value {
	member := k.Member()
	slices.SortFunc(members, func(a, b string) int { return CompareScalar(member, a, b) })
	return Value{Kind: k, Set: slices.Compact(members)}
}

// Union returns the set of the members of v and w, two sets of one kind.
func Union(v, w Value) Value {
	return NewSet(v.Kind, append(slices.Clone(v.Set), w.Set...))
}

// Subtract returns the members of the set v that are not in w, a set of the
// same kind. The result may be empty.
func Subtract(v, w Value) Value {
	var left []string
	for _, m := range v.Set {
		if !w.Contains(m) {
			left = append(left, m)
		}
	}
	return Value{Kind: v.Kind, Set: left}
}
