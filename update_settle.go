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
	key           item // may have more attributes than the key's
	enc           crypt.Encryptor
	plain, sealed item // what was written; nil if the write can't be told from others
}

// A verdict says whether a write that returned an error was made.
type verdict int

const (
	notMade verdict = iota
	made
	unknown
)

// judge finds out whether a write was made that returned err. Only if the answer
// to an attempt of the SDK was lost it takes a look at the item.
//
// That helps only if the write was conditional, on there being no item or on what
// it replaced: then no attempt after one that was made can have changed anything.
func (c *core) judge(ctx context.Context, err error, o *outcome, w *sealedWrite, conditional bool) verdict {
	if !o.mayBeDone(err) {
		return notMade
	}
	if !conditional || w.sealed == nil || ctx.Err() != nil {
		return unknown
	}
	stored, readErr := c.read(ctx, w.op, w.key)
	var failed *types.ConditionalCheckFailedException
	switch {
	case readErr != nil || stored == nil:
	case w.sameMarks(stored, w.sealed):
		if w.unique(ctx) {
			return made
		}
	case errors.As(err, &failed) && c.overtaken(ctx, w, stored):
		return notMade
	}
	return unknown
}

// settle turns what the write of an update returned into an error of ours, or into
// nil if the write was made.
func (c *core) settle(ctx context.Context, err error, o *outcome, w *sealedWrite) error {
	if err == nil {
		return nil
	}
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		failed.Item = nil // it is not verified, and reachable by errors.As
	}
	switch c.judge(ctx, err, o, w, true) {
	case made:
		return nil
	case unknown:
		err = fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return c.opError(w.op, err)
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
// have given the item. Version 1 does not tell, since an item that is deleted and
// made anew has it again.
func (c *core) overtaken(ctx context.Context, w *sealedWrite, stored item) bool {
	if c.version == "" {
		return false
	}
	now, err := c.openAt(ctx, w.enc, w.op, w.key, stored)
	if err != nil {
		return false
	}
	is, ok1 := versionIn(now, c.version)
	want, ok2 := versionIn(w.plain, c.version)
	return ok1 && ok2 && is == want && want > 1
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
