package ddbenc

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A transactPart is one entry of a transaction: its table, or nil if that is not
// encrypted, and the key of its item.
type transactPart struct {
	table *core
	key   item
}

// transactGet serves TransactGetItems.
func (e *clientEncryption) transactGet(x *exchange, in *dynamodb.TransactGetItemsInput) (*dynamodb.TransactGetItemsOutput, error) {
	parts := make([]transactPart, len(in.TransactItems))
	any := false
	var errs []error
	for i, entry := range in.TransactItems {
		err := e.partOf(&parts[i], opTransactGet, entry.Get != nil, func() (*string, item) { return entry.Get.TableName, entry.Get.Key })
		if t := parts[i].table; t != nil && err == nil {
			any = true
			r := &refusals{op: opTransactGet, table: t.name}
			t.checkTransactGet(r, entry.Get)
			err = errors.Join(r.err(), refuseUnknown(opTransactGet, t.name, in))
		}
		errs = append(errs, atEntry(i, err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if !any {
		return nil, x.pass()
	}
	out, err := send[dynamodb.TransactGetItemsOutput](x, in)
	if err != nil {
		return nil, e.openCanceled(x, opTransactGet, parts, err)
	}
	if len(out.Responses) != len(parts) {
		return nil, fmt.Errorf("ddbenc: TransactGetItems: %w: %d responses to %d requests", ErrVerify, len(out.Responses), len(parts))
	}
	for i, p := range parts {
		if p.table == nil || out.Responses[i].Item == nil {
			continue
		}
		out.Responses[i].Item, err = p.table.openAt(x.ctx, p.table.enc, opTransactGet, p.key, out.Responses[i].Item)
		if err != nil {
			return nil, atEntry(i, err)
		}
	}
	return out, nil
}

// transactWrite serves TransactWriteItems.
func (e *clientEncryption) transactWrite(x *exchange, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
	parts := make([]transactPart, len(in.TransactItems))
	sealed := *in
	sealed.TransactItems = slices.Clone(in.TransactItems)
	any := false
	var errs []error
	for i := range sealed.TransactItems {
		err := e.checkTransactWrite(&parts[i], &sealed.TransactItems[i])
		if t := parts[i].table; t != nil && err == nil {
			any = true
			err = refuseUnknown(opTransactWrite, t.name, in)
		}
		errs = append(errs, atEntry(i, err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if !any {
		return nil, x.pass()
	}
	again := e.failed.find(in)
	if again == nil {
		for i, entry := range sealed.TransactItems {
			t := parts[i].table
			if t == nil {
				continue
			}
			var err error
			if sealed.TransactItems[i], err = t.sealTransactWrite(x.ctx, t.enc, entry); err != nil {
				return nil, atEntry(i, t.opError(opTransactWrite, err))
			}
		}
		again = &sealed
	}
	out, err := send[dynamodb.TransactWriteItemsOutput](x, again)
	e.failed.note(in, again, err)
	if err != nil {
		return nil, e.openCanceled(x, opTransactWrite, parts, err)
	}
	return out, nil
}

// checkTransactWrite finds the table of an entry and checks what it does there. An
// update is replaced by one that can't create an item.
func (e *clientEncryption) checkTransactWrite(p *transactPart, entry *types.TransactWriteItem) error {
	name, key, one := transactTarget(*entry)
	err := e.partOf(p, opTransactWrite, one, func() (*string, item) { return name, key })
	t := p.table
	if err != nil || t == nil {
		return err
	}
	r := &refusals{op: opTransactWrite, table: t.name}
	*entry = t.checkTransactWrite(r, *entry)
	return r.err()
}

// partOf stores the table and key of an entry, as which says, in p. one is whether
// the entry has one action that is known; else its table can't be told.
func (e *clientEncryption) partOf(p *transactPart, op string, one bool, which func() (*string, item)) error {
	if !one {
		return &opError{op: op, err: refusalf("an entry has to have one action that this version of ddbenc knows")}
	}
	name, key := which()
	t, err := e.tables.find(name)
	if err != nil {
		return &opError{op: op, table: deref(name), err: err}
	}
	p.table, p.key = t, key
	return nil
}

// openCanceled opens the items among the reasons of a cancelled transaction, where
// they stand in the SDK's error. One that can't be read is taken out, and the
// result says why.
func (e *clientEncryption) openCanceled(x *exchange, op string, parts []transactPart, err error) error {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return err
	}
	var failed []error
	for i := range canceled.CancellationReasons {
		reason := &canceled.CancellationReasons[i]
		stored := reason.Item
		if len(canceled.CancellationReasons) != len(parts) {
			reason.Item = nil // which entry it belongs to can't be told
			continue
		}
		p := parts[i]
		if p.table == nil || len(stored) == 0 {
			continue
		}
		plain, itemErr := p.table.openAt(x.ctx, p.table.enc, op, p.key, stored)
		if itemErr != nil {
			failed = append(failed, atEntry(i, itemErr))
		}
		reason.Item = plain
	}
	if len(failed) > 0 {
		return &currentError{err: err, items: failed}
	}
	return err
}

// atEntry says which entry of a transaction an error is about, counted from 0.
func atEntry(i int, err error) error {
	if err == nil {
		return nil
	}
	return &elementError{fmt.Sprintf("entry %d", i), err}
}
