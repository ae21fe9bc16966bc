package ddbenc

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// bind returns what the cursors of a query or scan are bound to, or refuses what
// can't be bound: the SHA-256 of
//
//	"ddbenc cursor" 0x01 | operation | table | index | flags, 1 byte |
//	segment | segments | key condition | filter
//
// Texts are their length as an unsigned varint and their bytes, segments unsigned
// varints. Of the flags bit 0 is Descending, bit 1 HideExpired, whose filter has
// the time in it and so is no part of the filter here. Conditions are 0x00 if there
// is none, and else the tree that the expression means, so that neither the
// placeholders nor the spelling of numbers matter.
func (c *call) bind(r *refusals, key *expression.KeyConditionBuilder) (b binding, ok bool) {
	built := r.build(c, key)
	if len(r.errs) > 0 {
		return b, false
	}
	w := bindingWriter{names: built.Names(), values: built.Values(), b: []byte("ddbenc cursor\x01")}
	w.text(r.op)
	w.text(r.table)
	w.text(c.index)
	var flags byte
	if c.descending {
		flags |= 1
	}
	if c.hideExpired {
		flags |= 2
	}
	w.b = append(w.b, flags)
	w.count(c.segment)
	w.count(c.segments)
	w.expression(r, "key condition", expr.KeyConditionExpression, built.KeyCondition())
	w.expression(r, "filter", expr.FilterExpression, built.Filter())
	return sha256.Sum256(w.b), len(r.errs) == 0
}

// A bindingWriter writes what bind hashes.
type bindingWriter struct {
	names  map[string]string
	values map[string]types.AttributeValue
	b      []byte
	err    error // of a value that has no serialized form
}

func (w *bindingWriter) count(n int) { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *bindingWriter) text(s string) { w.b = appendText(w.b, s) }

// expression writes an expression, or 0x00 for none.
func (w *bindingWriter) expression(r *refusals, what string, kind expr.Kind, text *string) {
	if text == nil {
		w.b = append(w.b, 0)
		return
	}
	cond, ok := parseCondition(r, what, kind, *text, w.names)
	if !ok {
		return
	}
	if w.condition(cond); w.err != nil {
		r.add("the %s has a value that can't be stored: %v", what, w.err)
	}
}

// condition writes a node: a letter for its kind, then its parts.
func (w *bindingWriter) condition(c expr.Condition) {
	switch c := c.(type) {
	case *expr.Logical:
		w.node('l', c.Op, 0)
		w.condition(c.Left)
		w.condition(c.Right)
	case *expr.Not:
		w.node('n', "", 0)
		w.condition(c.X)
	case *expr.Compare:
		w.node('c', c.Op, 0)
		w.operands(c.Left, c.Right)
	case *expr.Between:
		w.node('b', "", 0)
		w.operands(c.X, c.Low, c.High)
	case *expr.In:
		w.node('i', "", len(c.List))
		w.operands(c.X)
		w.operands(c.List...)
	case *expr.Call:
		w.operands(c)
	}
}

func (w *bindingWriter) node(kind byte, text string, parts int) {
	w.b = append(w.b, kind)
	w.text(text)
	w.count(parts)
}

func (w *bindingWriter) operands(operands ...expr.Operand) {
	for _, o := range operands {
		switch o := o.(type) {
		case expr.Path:
			w.node('p', "", len(o))
			for _, e := range o {
				w.text(e.Name) // empty for an index
				w.count(e.Index)
			}
		case *expr.Placeholder:
			b, err := codec.AppendDDBEC(nil, w.values[o.Name], codec.JavaOrder)
			if err != nil {
				w.err = err
			}
			w.node('v', string(b), 0)
		case *expr.Call:
			w.node('f', o.Func, len(o.Args))
			w.operands(o.Args...)
		}
	}
}
