// Package expr reads DynamoDB's expressions: condition, filter, key condition,
// projection and update expressions. It accepts what the service accepts and
// refuses the rest with the service's messages, so that the embedded engine
// answers as DynamoDB does and ddbenc knows which attributes a request touches.
//
// # Reading
//
// A [Scope] holds the placeholders of one request. Its methods parse the
// request's expressions, and [Scope.Unused] reports the placeholders that none
// of them used:
//
//	scope, err := expr.NewScope(names, values)
//	filter, err := scope.Condition(expr.FilterExpression, "#s = :open AND size(notes) > :n")
//	err = scope.Unused()
//
// # Trees
//
// A [Condition] is a tree of [*Logical], [*Not], [*Compare], [*Between], [*In]
// and [*Call]; an [Update] is a list of actions; a projection is a list of
// paths. In what a Scope returned every #name is resolved. Trees are not changed
// afterwards and may be read by many goroutines. [ConditionRefs],
// [ProjectionRefs] and [Update.Refs] list the attributes in them and what is
// done with each.
//
// # Order of checks
//
// Like the service, the package reports the first of: size; syntax and redundant
// parentheses; then function names, reserved words and list indexes as they come
// in the text; then operands, placeholders and overlapping paths; the number of
// operators last. The messages and their order are those of DynamoDB and of
// DynamoDB Local 3.3.1.
package expr

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
)

// A Kind is the request parameter that an expression came in.
type Kind string

// The parameters that hold expressions.
const (
	ConditionExpression    Kind = "ConditionExpression"
	FilterExpression       Kind = "FilterExpression"
	KeyConditionExpression Kind = "KeyConditionExpression"
	ProjectionExpression   Kind = "ProjectionExpression"
	UpdateExpression       Kind = "UpdateExpression"
)

// Limits of the service. Amazon DynamoDB Developer Guide, "Quotas", section
// "Expression parameters".
const (
	maxSize      = 4096 // UTF-16 units in an expression
	maxOperators = 300  // operators and functions in a condition
	maxOperands  = 100  // values in an IN list
	maxDepth     = 32   // elements of a document path
	maxKey       = 255  // UTF-16 units of a placeholder
	maxName      = 65535
)

// An Error is an expression, or a placeholder, that DynamoDB refuses. The
// service answers it with a ValidationException and this text. The text quotes
// the expression, attribute names and, in the bounds of a BETWEEN, values: show
// it only to whom the request belongs.
type Error struct {
	Kind    Kind   // the expression at fault; empty for trouble with the placeholders themselves
	Message string // without what Error puts before it
}

func (e *Error) Error() string {
	if e.Kind == "" {
		return e.Message
	}
	return "Invalid " + string(e.Kind) + ": " + e.Message
}

// A Value is what the checks of operands need to know of a placeholder's value.
type Value interface {
	// Type returns the value's type as in DynamoDB's JSON, such as "SS".
	Type() string
	// Text returns the value as the service quotes it in messages.
	Text() string
	// Compare orders the value and another of the same type. It returns 0 for
	// types without an order.
	Compare(Value) int
}

// A Scope is the ExpressionAttributeNames and ExpressionAttributeValues of one
// request, and remembers which of them its expressions used. It is for one
// goroutine.
type Scope struct {
	names      map[string]string
	values     map[string]Value
	anyValue   bool
	usedNames  map[string]bool
	usedValues map[string]bool
}

// NewScope returns a Scope for a request's names and values, either of which is
// nil when the request has no such parameter. It checks the placeholders'
// spelling and the names, not the values. It keeps the maps.
func NewScope(names map[string]string, values map[string]Value) (*Scope, error) {
	if err := checkNames(names); err != nil {
		return nil, err
	}
	if err := checkKeys("ExpressionAttributeValues", ':', slices.Collect(maps.Keys(values)), values != nil); err != nil {
		return nil, err
	}
	return &Scope{
		names: names, usedNames: make(map[string]bool),
		values: values, usedValues: make(map[string]bool),
	}, nil
}

// NewOpenScope returns a Scope that takes every :value as defined and of unknown
// type. It serves callers that look at a request's attributes on its way to the
// service and leave the values to the service. [Scope.Unused] then speaks of
// names alone.
func NewOpenScope(names map[string]string) (*Scope, error) {
	s, err := NewScope(names, nil)
	if err == nil {
		s.anyValue = true
	}
	return s, err
}

// Unused returns an error if a name or a value was not used by the expressions
// read so far. Call it after the last of them.
func (s *Scope) Unused() error {
	if err := unused("ExpressionAttributeNames", slices.Sorted(maps.Keys(s.names)), s.usedNames); err != nil {
		return err
	}
	return unused("ExpressionAttributeValues", slices.Sorted(maps.Keys(s.values)), s.usedValues)
}

func unused(parameter string, keys []string, used map[string]bool) error {
	keys = slices.DeleteFunc(keys, func(key string) bool { return used[key] })
	if len(keys) == 0 {
		return nil
	}
	return &Error{Message: "Value provided in " + parameter + " unused in expressions: keys: {" + strings.Join(keys, ", ") + "}"}
}

func checkNames(names map[string]string) error {
	const parameter = "ExpressionAttributeNames"
	if err := checkKeys(parameter, '#', slices.Collect(maps.Keys(names)), names != nil); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(names)) {
		problem := ""
		switch name := names[key]; {
		case name == "":
			problem = "Empty attribute name"
		case len(name) > maxName:
			problem = "Attribute name is too large, must be less than 65536 bytes"
		default:
			continue
		}
		return &Error{Message: parameter + " contains invalid value: " + problem + " for key " + key}
	}
	return nil
}

// checkKeys checks the placeholders of one parameter.
func checkKeys(parameter string, sigil byte, keys []string, given bool) error {
	if len(keys) == 0 {
		if given {
			return &Error{Message: parameter + " must not be empty"}
		}
		return nil
	}
	slices.Sort(keys)
	for _, key := range keys {
		problem := ""
		size := len(utf16.Encode([]rune(key)))
		switch {
		case key == "":
			problem = "The expression attribute map contains an empty key;"
		case size > maxKey:
			problem = "The expression attribute map contains a key that is too long; size of key: " + itoa(size)
		case key[0] != sigil || wordEnd(key, 1) != len(key) || len(key) == 1:
			problem = `Syntax error; key: "` + key + `"`
		default:
			continue
		}
		return &Error{Message: parameter + " contains invalid key: " + problem}
	}
	return nil
}

// parser returns a parser for text, if the text is of a size to be parsed.
func (s *Scope) parser(kind Kind, text string) (*parser, error) {
	if text == "" {
		return nil, &Error{kind, "The expression can not be empty;"}
	}
	if size := len(utf16.Encode([]rune(text))); len(text) > maxSize && size > maxSize {
		return nil, &Error{kind, "Expression size has exceeded the maximum allowed size; expression size: " + itoa(size)}
	}
	return &parser{kind: kind, text: text, tokens: lex(text)}, nil
}

// Condition reads a condition, filter or key condition expression.
func (s *Scope) Condition(kind Kind, text string) (Condition, error) {
	p, err := s.parser(kind, text)
	if err != nil {
		return nil, err
	}
	c, err := p.wholeCondition()
	if err != nil {
		return nil, err
	}
	check := checker{scope: s, kind: kind}
	if err := check.condition(c); err != nil {
		return nil, err
	}
	if n := operators(c); n > maxOperators {
		// The service stops counting at the first that is too many.
		return nil, &Error{kind, "The expression contains too many operators; operator count: " + itoa(maxOperators+1)}
	}
	return c, nil
}

// Projection reads a projection expression. The paths come as they are written.
func (s *Scope) Projection(text string) ([]Path, error) {
	p, err := s.parser(ProjectionExpression, text)
	if err != nil {
		return nil, err
	}
	paths, err := p.wholeProjection()
	if err != nil {
		return nil, err
	}
	check := checker{scope: s, kind: ProjectionExpression}
	if err := check.targets(paths); err != nil {
		return nil, err
	}
	return paths, nil
}

// Update reads an update expression.
func (s *Scope) Update(text string) (*Update, error) {
	p, err := s.parser(UpdateExpression, text)
	if err != nil {
		return nil, err
	}
	u, err := p.wholeUpdate()
	if err != nil {
		return nil, err
	}
	check := checker{scope: s, kind: UpdateExpression}
	if err := check.update(u); err != nil {
		return nil, err
	}
	return u, nil
}
