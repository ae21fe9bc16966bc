package ddbenc

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/internal/backoff"
)

// ErrConflict reports an update that was not made, since other writers changed
// the item each time between reading and writing. Nothing is wrong with the
// item: the same update can succeed later, or with more [Attempts]. So it is for a
// transaction with a [TxUpdate].
var ErrConflict = errors.New("ddbenc: other writers changed the item at every attempt")

const opUpdate = "UpdateItem"

// updateBackoff lets some sixty writers change the same item at the same time
// before one of them runs out of attempts. It gives up after about ten seconds of
// waiting on average.
var updateBackoff = backoff.Backoff{Base: 20 * time.Millisecond, Max: time.Second, Tries: 25}

// CreateIfAbsent lets [Table.Update] and [TxUpdate] make the item if there is none. The
// function then gets a T in which nothing but the key is set. The default is an
// error that wraps [ErrNotFound].
func CreateIfAbsent() CreateOption { return option(func(c *call) { c.create = true }) }

// Attempts bounds how often [Table.Update] tries in all, before it gives up with
// [ErrConflict]. It waits longer and longer in between, at random. The default is
// 25 attempts. What the SDK retries by itself does not count.
func Attempts(n int) UpdateOption { return option(func(c *call) { c.attempts = orInvalid(n) }) }

// Rewrite lets [Table.Update] and [TxUpdate] encrypt and sign the item anew and
// store it, even if the function changes nothing: with the keys, the actions and
// the format that the table writes with today. It is how a table is moved from one
// of these to another while it is in use; a scan gives the keys. A version is
// advanced, as with every change. The default is to write what was changed.
func Rewrite() CreateOption { return option(func(c *call) { c.rewrite = true }) }

// Update changes the item under key by a function, and returns it as stored:
//
//	p, err := patients.Update(ctx, key, func(p *Patient) error {
//		p.Notes = append(p.Notes, "seen")
//		return nil
//	})
//
// It reads the item consistently, verifies and decrypts it, calls modify,
// encrypts and signs what came out, and writes it on the condition that the item
// is still the one that was read. If another writer was faster it waits and starts
// over, with a newly read item: modify may be called several times, and should
// touch nothing but its argument. An error of modify ends the update and is
// returned, wrapped.
//
// # What is written
//
// One UpdateItem, with the attributes that differ from those stored. Attributes
// that T does not declare stay, byte for byte, and so do those that modify did
// not change, even if T can't hold all of their value. Declared attributes that
// modify made empty and that are tagged omitempty are removed. In a changed map
// or nested struct, keys that T does not know stay too; a changed list is replaced
// as a whole.
//
// If only attributes tagged none were changed, they are all that is written:
// nothing is encrypted, no key is needed, and the signature stays. Otherwise the
// item is encrypted and signed as a whole. In both cases the condition is that the
// signature is the one read, and that each attribute tagged none that is written
// has the value read, so that no change of another writer is lost. A none attribute
// that modify only looks at may have changed meanwhile. If modify changes nothing,
// nothing is written, but for [Rewrite]. A change of a key attribute is refused: the key is the item's
// identity.
//
// With [CreateIfAbsent] an item that is not there is put, on the condition that it
// is still not there.
//
// A version in T is advanced with every change of the item, and so signed anew. It
// is not for modify to change: what that does to it is ignored. An item without a
// version, from before T had one, gets version 1.
//
// # Lost answers
//
// If the answer to a write is lost, the SDK tries again, and the condition keeps
// the second attempt from changing anything. Update then looks whether the stored
// item is the one it wrote, and reports success if so. If that can't be told,
// because the item changed again in the meantime or because the write can't be
// told from an equal one of another writer, the error wraps [ErrUnknownOutcome];
// such an update is never repeated by itself. A version in T lets more of these
// cases be told apart.
func (t *Table[T]) Update(ctx context.Context, key PrimaryKey, modify func(*T) error, opts ...UpdateOption) (_ *T, err error) {
	defer t.core.tellRefused(ctx, opUpdate, &err)
	var c call
	for _, opt := range opts {
		opt.applyUpdate(&c)
	}
	r := &refusals{op: opUpdate, table: t.core.name}
	attributes := t.keys.attributes(r, key)
	tries := updateBackoff
	if c.attempts != 0 {
		tries.Tries = c.attempts
	}
	if tries.Tries < 1 {
		r.add("Attempts is under 1")
	}
	if modify == nil {
		r.add("there is no function to update the item by")
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	var result *T
	err = t.core.update(ctx, update{
		encryptor: c.encryptor, key: attributes, create: c.create, rewrite: c.rewrite, tries: tries,
		edit: func(current item) (next item, err error) {
			result, next, err = t.edit(&c, attributes, current, modify)
			return next, err
		},
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// edit calls modify on the item current, or on an empty one under key if current
// is nil, and returns what came out: as a T, and as the item to be stored.
func (t *Table[T]) edit(c *call, key, current item, modify func(*T) error) (*T, item, error) {
	from := current
	if from == nil {
		from = key
	}
	v, err := t.decode(opUpdate, from)
	if err != nil {
		return nil, nil, err
	}
	if c.replaces != 0 {
		if is, _ := versionIn(current, t.version.name); is != c.replaces {
			failed := &ConditionError[T]{Op: opUpdate, Table: t.core.name, Err: errOtherVersion}
			if current != nil {
				failed.Current = v
			}
			return nil, nil, failed
		}
	}
	// What modify does shows by comparing two items that were made in the same
	// way. The second T shares nothing with the one that modify gets.
	twin, err := t.decode(opUpdate, from)
	if err != nil {
		return nil, nil, err
	}
	before, err := t.binder.marshal(twin)
	if err != nil {
		return nil, nil, t.core.opError(opUpdate, err)
	}
	if err := modify(v); err != nil {
		return nil, nil, t.core.opError(opUpdate, err)
	}
	after, err := t.binder.marshal(v)
	if err != nil {
		return nil, nil, t.core.opError(opUpdate, err)
	}
	if ttl := t.binder.schema.TTL; !sameValue(before[ttl], after[ttl]) { // an old mistake may stay
		if err := t.binder.checkTTL(after); err != nil {
			return nil, nil, t.core.opError(opUpdate, err)
		}
	}
	next := after
	if current != nil {
		next = mergeItem(current, before, after, false)
	}
	if t.version != nil {
		if err := t.version.advance(current, next, c.rewrite); err != nil {
			return nil, nil, t.core.opError(opUpdate, err)
		}
		n, _ := versionIn(next, t.version.name)
		t.version.set(v, n)
	}
	return v, next, nil
}

var errOtherVersion = errors.New("ddbenc: the stored item has another version")

// mergeItem applies to the stored item what changed between before and after,
// which are stored as far as a Go type holds it. Attributes in neither stay, and
// so do those that are equal in both.
//
// nested says that the items are the content of a map. There attributevalue reads
// a key into a field whose name differs in case only, so that such a key is known
// although it is in neither.
func mergeItem(stored, before, after item, nested bool) item {
	merged := make(item, len(stored)+len(after))
	inStored, inBefore, inAfter := foldedNames(stored), foldedNames(before), foldedNames(after)
	for name, v := range stored {
		if nested && before[name] == nil && (inBefore(name) || inAfter(name)) {
			continue
		}
		merged[name] = v
	}
	for name := range before {
		if after[name] == nil {
			delete(merged, name)
		}
	}
	for name, v := range after {
		respelled := nested && stored[name] == nil && inStored(name)
		if !sameValue(before[name], v) || respelled {
			merged[name] = mergeValue(stored[name], before[name], v)
		}
	}
	return merged
}

// mergeValue is mergeItem for maps. Other values are replaced.
func mergeValue(stored, before, after types.AttributeValue) types.AttributeValue {
	s, ok1 := stored.(*types.AttributeValueMemberM)
	b, ok2 := before.(*types.AttributeValueMemberM)
	a, ok3 := after.(*types.AttributeValueMemberM)
	if !ok1 || !ok2 || !ok3 {
		return after
	}
	return &types.AttributeValueMemberM{Value: mergeItem(s.Value, b.Value, a.Value, true)}
}

// foldedNames returns what reports whether it has a name that is name but for the
// case. Maps can have many thousand names, so they are folded once, when that is
// first asked.
func foldedNames(it item) func(name string) bool {
	var folded map[string]bool
	return func(name string) bool {
		if folded == nil {
			folded = make(map[string]bool, len(it))
			for other := range it {
				folded[foldCase(other)] = true
			}
		}
		return folded[foldCase(name)]
	}
}

// foldCase returns what is the same for all strings that strings.EqualFold takes for
// equal: each letter in the least of its spellings.
func foldCase(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, s)
}

// sameValue reports whether two values are the same to the last byte. Those that
// are equal to DynamoDB only, such as 1 and 1.0, are not.
func sameValue(a, b types.AttributeValue) bool { return reflect.DeepEqual(a, b) }

// conflict is the error of an update that ran out of attempts.
func (c *core) conflict(tries int, err error) error {
	return c.opError(opUpdate, fmt.Errorf("%w, %d of them: %w", ErrConflict, tries, err))
}
