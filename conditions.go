package ddbenc

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/expr"
	"github.com/ddbenc/ddbenc/internal/suggest"
)

// This file decides what expressions may say about an encrypted table. DynamoDB
// sees ciphertext where an attribute is encrypted, so that a comparison with it
// is at best never true. What can't be parsed is refused too. Spec: How the
// clients read expressions, and where to be stricter.

// checkCondition refuses a condition or filter, as what says, that compares an
// attribute which DynamoDB holds as ciphertext, or an attribute of the format's
// own.
func (s *shape) checkCondition(r *refusals, what string, kind expr.Kind, text *string, names map[string]string) {
	if text == nil {
		return
	}
	cond, ok := parseCondition(r, what, kind, *text, names)
	if !ok {
		return
	}
	seen := map[string]bool{} // one complaint for an attribute is enough
	for ref := range expr.ConditionRefs(cond) {
		name := ref.Path.Root()
		whole := len(ref.Path) == 1
		if seen[name] || whole && (ref.Role == expr.Existence || ref.Role == expr.SizeOf) {
			continue
		}
		_, declared := s.actions.Attributes[name]
		switch {
		case s.isReserved(name):
			r.add("the %s names %q, which belongs to the encryption format: ask for its existence only", what, name)
		case s.action(name) != crypt.EncryptAndSign && s.wasEncrypted(name):
			r.add("the %s names %q, which some stored items hold encrypted: write them anew first, or compare after reading", what, name)
		case s.action(name) != crypt.EncryptAndSign:
			continue
		case !declared:
			r.add("the %s names %q, which %s does not declare, so it counts as encrypted: %s", what, name, s.owner, s.advice.declare)
		default:
			r.add("the %s names %q, which is stored encrypted, so DynamoDB would look at ciphertext: "+
				"ask for its existence or size only, compare after reading, or %s", what, name, s.advice.readable)
		}
		seen[name] = true
	}
}

// checkKeyCondition refuses a key condition that names other attributes than
// the key's of the index, or of the table if index is empty, compares them with
// values of another type, or does not say which partition. It returns the
// partition key and the value it must have.
func (s *shape) checkKeyCondition(r *refusals, index string, text *string, names map[string]string, values item) (partition item) {
	const what = "key condition"
	if text == nil {
		r.add("there is no key condition: say which %q, or use a scan", s.keys[0].name)
		return nil
	}
	cond, ok := parseCondition(r, what, expr.KeyConditionExpression, *text, names)
	if !ok {
		return nil
	}
	keys, _ := s.keysOf(index)
	before := len(r.errs)
	for _, part := range conjuncts(cond) {
		key, operands, op := keyComparison(part)
		if key == nil {
			r.add("the %s has a part other than a comparison of a key attribute with a value, joined by AND: %s", what, part)
			continue
		}
		name := key.Root()
		i := slices.IndexFunc(keys, func(k keyAttr) bool { return k.name == name })
		switch {
		case i < 0:
			r.add("the %s names %q, which is not a key of %s%s", what, name, s.described(index, keys), s.wayToKey(index, name))
			continue
		case len(key) > 1:
			r.add("the %s names a part of %q, but a key has no parts", what, name)
			continue
		}
		for _, o := range operands {
			v, ok := values[o.Name]
			if !ok {
				continue // DynamoDB says so
			}
			if !keys[i].takes(v) {
				r.add("the %s compares %q, which has type %s, with a value of type %s%s", what, name, keys[i].types(), typeName(v), timeHint(keys[i], v))
			}
			if i == 0 && op == "=" {
				partition = item{keys[0].name: v}
			}
		}
	}
	if partition == nil && len(r.errs) == before {
		r.add("the %s does not say which %q by an equality, so it would not be one partition: add it, or use a scan", what, keys[0].name)
	}
	return partition
}

// parseCondition reads an expression as DynamoDB does. Its values are left to
// the service.
func parseCondition(r *refusals, what string, kind expr.Kind, text string, names map[string]string) (expr.Condition, bool) {
	scope, err := expr.NewOpenScope(names)
	if err != nil {
		r.add("the names of the %s can't be read: %v", what, err)
		return nil, false
	}
	cond, err := scope.Condition(kind, text)
	if err != nil {
		r.add("the %s can't be read: %v", what, err)
		return nil, false
	}
	return cond, true
}

// conjuncts returns the conditions that AND joins.
func conjuncts(c expr.Condition) []expr.Condition {
	if and, ok := c.(*expr.Logical); ok && and.Op == "AND" {
		return append(conjuncts(and.Left), conjuncts(and.Right)...)
	}
	return []expr.Condition{c}
}

// keyComparison takes a comparison of one attribute with values apart. key is
// nil if c is something else.
func keyComparison(c expr.Condition) (key expr.Path, values []*expr.Placeholder, op string) {
	var operands []expr.Operand
	switch c := c.(type) {
	case *expr.Compare:
		op, operands = c.Op, []expr.Operand{c.Left, c.Right}
		if _, ok := c.Left.(*expr.Placeholder); ok {
			slices.Reverse(operands)
		}
		if op == "<>" {
			return nil, nil, ""
		}
	case *expr.Between:
		op, operands = "BETWEEN", []expr.Operand{c.X, c.Low, c.High}
	case *expr.Call:
		op, operands = c.Func, c.Args
		if op != "begins_with" {
			return nil, nil, ""
		}
	default:
		return nil, nil, ""
	}
	key, ok := operands[0].(expr.Path)
	for _, o := range operands[1:] {
		v, isValue := o.(*expr.Placeholder)
		ok = ok && isValue
		values = append(values, v)
	}
	if !ok {
		return nil, nil, ""
	}
	return key, values, op
}

// described names the table or an index with its key, for texts.
func (s *shape) described(index string, keys []keyAttr) string {
	if index == "" {
		return fmt.Sprintf("the table (%s)", keyNames(keys))
	}
	return fmt.Sprintf("index %q (%s)", index, keyNames(keys))
}

// wayToKey says how to query by the attribute called name.
func (s *shape) wayToKey(index, name string) string {
	if index != "" && slices.ContainsFunc(s.keys, func(k keyAttr) bool { return k.name == name }) {
		return ": query the table, without ddbenc.Index"
	}
	for _, ix := range s.indexes {
		if ix.name != index && slices.ContainsFunc(ix.keys, func(k keyAttr) bool { return k.name == name }) {
			return fmt.Sprintf(": add ddbenc.Index(%q)", ix.name)
		}
	}
	if _, declared := s.actions.Attributes[name]; !declared && !s.isKey(name) {
		keys, _ := s.keysOf(index)
		if near, ok := suggest.Nearest(name, namesOf(keys)); ok {
			return fmt.Sprintf("; did you mean %q?", near)
		}
	}
	if s.action(name) == crypt.EncryptAndSign {
		return ": it is stored encrypted, so it can't be queried"
	}
	return ": use ddbenc.Filter"
}

// timeHint helps with the usual cause of a string in the place of a number.
func timeHint(k keyAttr, v types.AttributeValue) string {
	if k.typ == "N" && typeName(v) == "S" {
		return ": if the field is a time tagged unixtime, compare it with attributevalue.UnixTime(t)"
	}
	return ""
}
