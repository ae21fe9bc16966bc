package ddbenc

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// A sealedWrite is what has to be known of a conditional write to find out, when
// its answer was lost, whether it was made.
type sealedWrite struct {
	op            string
	key           item
	enc           crypt.Encryptor
	plain, sealed item // what was written; nil if the write can't be told from others
	replaced      item // plaintext of the item that it was to replace, if there is one
}

// settle turns what a write returned into an error of ours, or into nil if the
// write was made. Only if the answer to an attempt of the SDK was lost it takes a
// look at the item; what can't be told then wraps ErrUnknownOutcome.
//
// The write was conditional on the item it replaced, so that no attempt after one
// that was made can have changed anything.
func (c *core) settle(ctx context.Context, err error, o *outcome, w *sealedWrite) error {
	if err == nil {
		return nil
	}
	var failed *types.ConditionalCheckFailedException
	refused := errors.As(err, &failed)
	if refused {
		failed.Item = nil // it is not verified, and reachable by errors.As
	}
	if !o.mayBeDone(err) {
		return c.opError(w.op, err)
	}
	if w.sealed != nil && ctx.Err() == nil {
		stored, readErr := c.read(ctx, w.op, w.key)
		switch {
		case readErr != nil || stored == nil:
		case w.sameMarks(stored, w.sealed):
			if w.unique(ctx) {
				return nil
			}
		case refused && c.overtaken(ctx, w, stored):
			return c.opError(w.op, err)
		}
	}
	return c.opError(w.op, fmt.Errorf("%w: %w", ErrUnknownOutcome, err))
}

// unique reports whether no other write can have left the signature that w did.
// That of an item that holds nothing encrypted may be the same each time, as
// encrypting once more shows.
func (w *sealedWrite) unique(ctx context.Context) bool {
	again, err := w.enc.Encrypt(ctx, w.plain)
	return err == nil && !w.sameMarks(again, w.sealed)
}

// sameMarks reports whether two items have the same in the attributes of the
// format's own.
func (w *sealedWrite) sameMarks(a, b item) bool {
	for _, name := range w.enc.Reserved() {
		if !sameValue(a[name], b[name]) {
			return false
		}
	}
	return true
}

// overtaken reports whether stored, which is not what w left, took the place that
// w was meant to have, so that w was never made: it has the version that w would
// have given the item.
func (c *core) overtaken(ctx context.Context, w *sealedWrite, stored item) bool {
	if c.version == "" || w.replaced == nil {
		return false
	}
	now, err := c.openAt(ctx, w.enc, w.op, w.key, stored)
	if err != nil {
		return false
	}
	is, ok1 := versionIn(now, c.version)
	want, ok2 := versionIn(w.plain, c.version)
	return ok1 && ok2 && is == want
}

// versionIn returns the version that an item has. Items without the attribute
// have the version 0.
func versionIn(it item, name string) (version uint64, ok bool) {
	v, found := it[name]
	if !found {
		return 0, true
	}
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return 0, false
	}
	text, err := codec.CanonicalNumber(n.Value)
	if err != nil {
		return 0, false
	}
	version, err = strconv.ParseUint(text, 10, 64)
	return version, err == nil
}
