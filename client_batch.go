package ddbenc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"runtime"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// errNotAsked reports a response that has what the request did not ask for.
var errNotAsked = fmt.Errorf("%w: the response has an item or a key that was not asked for", ErrVerify)

// batchGet serves BatchGetItem.
func (e *clientEncryption) batchGet(x *exchange, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
	asked := map[*core]map[string]bool{} // keys, by their keyID
	var errs []error
	for name, ka := range in.RequestItems {
		t, err := e.tables.findName(name)
		if err != nil {
			errs = append(errs, &opError{op: opBatchGet, table: name, err: err})
		}
		if t == nil {
			continue
		}
		r := &refusals{op: opBatchGet, table: t.name}
		t.checkBatchGet(r, ka)
		if asked[t] == nil {
			asked[t] = make(map[string]bool, len(ka.Keys))
		}
		for _, key := range ka.Keys {
			asked[t][t.shape.keyID(key)] = true
		}
		errs = append(errs, r.err(), refuseUnknown(opBatchGet, t.name, in))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(asked) == 0 {
		return nil, x.pass()
	}
	out, err := send[dynamodb.BatchGetItemOutput](x, in)
	if err != nil {
		return nil, err
	}
	for name, ka := range out.UnprocessedKeys {
		t, err := e.tables.findName(name)
		for _, key := range ka.Keys {
			if t != nil && !asked[t][t.shape.keyID(key)] {
				err = t.opError(opBatchGet, errNotAsked)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	for name, items := range out.Responses {
		t, err := e.tables.findName(name)
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		open := func(ctx context.Context, stored item) (item, error) {
			return t.openIf(ctx, t.enc, opBatchGet, "", stored, func(plain item) error {
				if !asked[t][t.shape.keyID(plain)] {
					return errNotAsked
				}
				return nil
			})
		}
		if out.Responses[name], err = onAllCores(x.ctx, items, open); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A batchTable is an encrypted table in a BatchWriteItem with the requests of the
// caller, by the keyID of their items.
type batchTable struct {
	puts, deletes map[string]types.WriteRequest
}

// batchWrite serves BatchWriteItem. What comes back unprocessed is the caller's
// own, so that sending it again is all there is to do.
func (e *clientEncryption) batchWrite(x *exchange, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error) {
	tables := map[*core]*batchTable{}
	var errs []error
	for name, requests := range in.RequestItems {
		t, err := e.tables.findName(name)
		if err != nil {
			errs = append(errs, &opError{op: opBatchWrite, table: name, err: err})
		}
		if t == nil {
			continue
		}
		if tables[t] == nil {
			tables[t] = &batchTable{map[string]types.WriteRequest{}, map[string]types.WriteRequest{}}
		}
		errs = append(errs, t.checkWrites(tables[t], requests), refuseUnknown(opBatchWrite, t.name, in))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		return nil, x.pass()
	}

	sealed := *in
	sealed.RequestItems = maps.Clone(in.RequestItems)
	for name, requests := range in.RequestItems {
		t, _ := e.tables.findName(name)
		if t == nil {
			continue
		}
		seal := func(ctx context.Context, w types.WriteRequest) (types.WriteRequest, error) {
			return t.sealBatchWrite(ctx, t.enc, w)
		}
		var err error
		if sealed.RequestItems[name], err = onAllCores(x.ctx, requests, seal); err != nil {
			return nil, t.opError(opBatchWrite, err)
		}
	}
	out, err := send[dynamodb.BatchWriteItemOutput](x, &sealed)
	if err != nil {
		return nil, err
	}
	for name, requests := range out.UnprocessedItems {
		t, err := e.tables.findName(name)
		if err != nil {
			return nil, err
		}
		for i, request := range requests {
			if t == nil {
				break
			}
			own, ok := tables[t].own(t.shape, request)
			if !ok {
				return nil, t.opError(opBatchWrite, fmt.Errorf("%w; which requests were served is unknown", errNotAsked))
			}
			requests[i] = own
		}
	}
	return out, nil
}

// checkWrites checks the requests of a batch for one table and notes them in b.
func (c *core) checkWrites(b *batchTable, requests []types.WriteRequest) error {
	r := &refusals{op: opBatchWrite, table: c.name}
	for i, request := range requests {
		r.at = fmt.Sprintf("request %d: ", i)
		before := len(r.errs)
		c.checkBatchWrite(r, request)
		switch {
		case len(r.errs) > before:
		case request.PutRequest != nil:
			b.puts[c.shape.keyID(request.PutRequest.Item)] = request
		default:
			b.deletes[c.shape.keyID(request.DeleteRequest.Key)] = request
		}
	}
	return r.err()
}

// own returns the caller's request for one that came back. b may be nil.
func (b *batchTable) own(s *shape, request types.WriteRequest) (own types.WriteRequest, ok bool) {
	switch {
	case b == nil:
	case request.PutRequest != nil:
		own, ok = b.puts[s.keyID(request.PutRequest.Item)]
	case request.DeleteRequest != nil:
		own, ok = b.deletes[s.keyID(request.DeleteRequest.Key)]
	}
	return own, ok
}

// keyID returns the key of an item as a string that two keys share only if they
// are equal to DynamoDB. A value that can't be a key's makes it one that no valid
// key has.
func (s *shape) keyID(it item) string {
	var id []byte
	for _, k := range s.keys {
		var text string
		v := it[k.name]
		switch v := v.(type) {
		case *types.AttributeValueMemberS:
			text = v.Value
		case *types.AttributeValueMemberB:
			text = string(v.Value)
		case *types.AttributeValueMemberN:
			text, _ = codec.CanonicalNumber(v.Value)
		}
		id = append(id, valueType(v)...)
		id = binary.AppendUvarint(id, uint64(len(text)))
		id = append(id, text...)
	}
	return string(id)
}

// onAllCores returns what do makes of each of in, in their order, or the first
// error. in is left as it is.
func onAllCores[T any](ctx context.Context, in []T, do func(context.Context, T) (T, error)) ([]T, error) {
	if in == nil {
		return nil, nil
	}
	out := make([]T, 0, len(in))
	for v, err := range inOrder(ctx, in, runtime.GOMAXPROCS(0), do) {
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
