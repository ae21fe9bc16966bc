package ddbenc

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErrCursor reports a [Cursor] that can't be read, or that is not one of the query
// or scan that it was given to. Nothing was sent.
var ErrCursor = errors.New("ddbenc: the cursor can't be used")

// A Cursor is the position behind one item of a query or scan: [Page.Next] and
// [Page.After] have them, and [Resume] begins there. The item need not exist any
// more. A cursor fits only the query that it is from: the operation, the table by
// the name that it was opened by, the index, the part of a [Segment], the key
// condition and the filter with their values, [HideExpired] and the direction.
// [Limit], [PageSize] and the like may change.
//
// The zero Cursor is behind the last item as the end of a list of pages, and before
// the first one for [Resume]. Cursors can be compared with ==.
//
// MarshalText gives a form for the caller's own storage, which later versions of
// this package read. It is not encrypted: it has the item's key attributes, and a
// hash of the query. It is not authenticated either: whoever can change it can
// choose where the query goes on, though not which query that is. For what leaves
// the service there is [PageTokens]. A cursor prints as REDACTED.
type Cursor struct {
	// form is empty, or
	//
	//	0x01 | binding, 32 bytes | position
	form string
}

// A binding is a hash of a query or scan.
type binding [32]byte

const (
	cursorVersion = 1
	cursorHeader  = 1 + len(binding{})
	maxPosition   = 32 << 10 // bytes; keys have less than half of it, names included
)

// cursorAt returns the cursor at a position of the query with this binding.
func cursorAt(b binding, position string) Cursor {
	return Cursor{form: string(append([]byte{cursorVersion}, b[:]...)) + position}
}

// split returns the parts of a cursor that is not zero.
func (c Cursor) split() (b binding, position string) {
	copy(b[:], c.form[1:])
	return b, c.form[cursorHeader:]
}

// IsZero reports whether c is no position: as [Page.Next], that nothing follows.
func (c Cursor) IsZero() bool { return c.form == "" }

// Format prints c without its values, under every verb.
func (c Cursor) Format(f fmt.State, _ rune) { fmt.Fprint(f, "Cursor(REDACTED)") }

// LogValue prints c in logs as Format does.
func (c Cursor) LogValue() slog.Value { return slog.StringValue("Cursor(REDACTED)") }

// MarshalText returns c in letters, digits, - and _, or nothing for the zero
// Cursor. The key attributes can be read from it.
func (c Cursor) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, []byte(c.form)), nil
}

// UnmarshalText reads what MarshalText gave. Other text gives an error that wraps
// [ErrCursor] and leaves c as it was.
func (c *Cursor) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Cursor{}
		return nil
	}
	form, err := unbase64(string(text))
	switch {
	case err != nil || len(form) < cursorHeader:
		return fmt.Errorf("%w: the text is not that of a cursor", ErrCursor)
	case form[0] != cursorVersion:
		return fmt.Errorf("%w: its version %d is unknown", ErrCursor, form[0])
	}
	if _, rest, err := parsePosition(form[cursorHeader:]); err != nil || len(rest) > 0 {
		return fmt.Errorf("%w: the text is not that of a cursor", ErrCursor)
	}
	c.form = string(form)
	return nil
}

// errNotCanonical reports a form that is not the one we write.
var errNotCanonical = errors.New("ddbenc: not canonical")

// unbase64 reads text that was written without padding, line ends or stray bits.
func unbase64(text string) ([]byte, error) {
	if len(text) > base64.RawURLEncoding.EncodedLen(cursorHeader+2*maxPosition) {
		return nil, errNotCanonical
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil && base64.RawURLEncoding.EncodedLen(len(b)) != len(text) { // line ends were skipped
		err = errNotCanonical
	}
	return b, err
}

// appendPosition appends the attributes keys of it, which must be a position:
//
//	count, 1 byte | for each, by name: name | type, 'S', 'N' or 'B' | value
//
// Names and values are their length as an unsigned varint and their bytes.
func appendPosition(dst []byte, keys []keyAttr, it item) []byte {
	dst = append(dst, byte(len(keys)))
	for _, k := range keys {
		dst = appendText(dst, k.name)
		switch v := it[k.name].(type) {
		case *types.AttributeValueMemberS:
			dst = appendText(append(dst, 'S'), v.Value)
		case *types.AttributeValueMemberN:
			dst = appendText(append(dst, 'N'), v.Value)
		case *types.AttributeValueMemberB:
			dst = appendText(append(dst, 'B'), string(v.Value))
		}
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// parsePosition reads what appendPosition wrote at the beginning of b, and returns
// what follows. The position shares no memory with b.
func parsePosition(b []byte) (position item, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errNotCanonical
	}
	n := int(b[0])
	rest = b[1:]
	position = make(item)
	last := ""
	for i := range n {
		var name, value string
		if name, rest, err = takeText(rest); err != nil {
			return nil, nil, err
		}
		if i > 0 && name <= last || len(rest) == 0 {
			return nil, nil, errNotCanonical
		}
		last = name
		kind := rest[0]
		if value, rest, err = takeText(rest[1:]); err != nil {
			return nil, nil, err
		}
		switch kind {
		case 'S':
			position[name] = &types.AttributeValueMemberS{Value: value}
		case 'N':
			position[name] = &types.AttributeValueMemberN{Value: value}
		case 'B':
			position[name] = &types.AttributeValueMemberB{Value: []byte(value)}
		default:
			return nil, nil, errNotCanonical
		}
	}
	return position, rest, nil
}

// takeText reads what appendText wrote.
func takeText(b []byte) (s string, rest []byte, err error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || size > 1 && b[size-1] == 0 || n > uint64(len(b)-size) {
		return "", nil, errNotCanonical
	}
	b = b[size:]
	return string(b[:n]), b[n:], nil
}

// errNoPosition reports an item, or a page key, that can't be begun behind.
var errNoPosition = fmt.Errorf("%w: its key attributes are no position to go on from", ErrMalformed)

// position returns the position behind a stored item.
func (l *listing) position(stored item) (string, error) {
	for _, k := range l.keys {
		if k.problem(stored[k.name]) != "" {
			return "", errNoPosition
		}
	}
	b := appendPosition(nil, l.keys, stored)
	if len(b) > maxPosition {
		return "", errNoPosition
	}
	return string(b), nil
}

// A paging holds those options of a call that say where and how a query or scan
// goes on.
type paging struct {
	spread
	cursors    bool // wanted of the pages
	resume     *resumption
	projection *projection // nil for whole items
}

// A resumption is where a listing is to begin, which depends on what it is bound
// to.
type resumption struct {
	// open returns the position, or an empty string for the beginning.
	open   func(binding) (position string, ok bool)
	failed error // if it is not ok
}

// Resume begins at a cursor that an earlier call of the same query gave, or at the
// beginning if it is zero. A cursor of another query is refused with an error that
// wraps [ErrCursor]. Resume and [StartAfter] exclude each other.
func Resume(at Cursor) ListOption {
	return option(func(c *call) {
		c.resume = &resumption{failed: errForeignCursor, open: func(b binding) (string, bool) {
			if at.IsZero() {
				return "", true
			}
			of, position := at.split()
			return position, of == b
		}}
	})
}

var errForeignCursor = fmt.Errorf("%w: it is not one of this query, which has the same operation, table, index, segment, "+
	"key condition, filter and direction", ErrCursor)

// resumed returns where the call is to begin, or nil for the beginning.
func (c *core) resumed(r *refusals, o *call, b binding) item {
	if o.startAfter != nil {
		r.add("Resume and StartAfter exclude each other")
		return nil
	}
	form, ok := o.resume.open(b)
	if ok && form == "" {
		return nil
	}
	if ok {
		at, rest, err := parsePosition([]byte(form))
		if err == nil && len(rest) == 0 && isPosition(c.shape.positionKeys(o.index), at) {
			return at
		}
	}
	r.errs = append(r.errs, &opError{op: r.op, table: r.table, err: o.resume.failed})
	return nil
}
