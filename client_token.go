package ddbenc

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Failed transactions that are remembered, and for how long: DynamoDB knows an
// idempotency token for ten minutes. A transaction has 4 MB at most.
const (
	maxFailedTransactions = 16
	tokenLife             = 10 * time.Minute
)

// failedTransactions has what was sent under the idempotency tokens of transactions
// that failed. A program that does not know what became of one sends it again under
// the same token. Encrypted anew it would be another request to DynamoDB, which
// refuses that; so it is sent as it was. The zero value is empty. It is safe for
// concurrent use.
type failedTransactions struct {
	mu  sync.Mutex
	all []failedTransaction // oldest first
}

type failedTransaction struct {
	token  string
	digest [sha256.Size]byte // of the request as the caller made it
	sealed *dynamodb.TransactWriteItemsInput
	sent   [sha256.Size]byte // of sealed, which shares values with the caller's request
	at     time.Time
}

// find returns what was sent for in, or nil if in is not a request that failed
// under its token.
func (f *failedTransactions) find(in *dynamodb.TransactWriteItemsInput) *dynamodb.TransactWriteItemsInput {
	if in.ClientRequestToken == nil {
		return nil
	}
	f.mu.Lock()
	i := f.index(*in.ClientRequestToken)
	if i < 0 {
		f.mu.Unlock()
		return nil
	}
	found := f.all[i]
	f.mu.Unlock()
	if time.Since(found.at) > tokenLife || digest(in) != found.digest || digest(found.sealed) != found.sent {
		return nil
	}
	return found.sealed
}

// note remembers what was sent for in, or forgets it if err is nil.
func (f *failedTransactions) note(in, sealed *dynamodb.TransactWriteItemsInput, err error) {
	if in.ClientRequestToken == nil {
		return
	}
	failed := failedTransaction{token: *in.ClientRequestToken, sealed: sealed, at: time.Now()}
	if err != nil {
		failed.digest, failed.sent = digest(in), digest(sealed)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := f.index(failed.token); i >= 0 {
		f.all = slices.Delete(f.all, i, i+1)
	}
	if err == nil {
		return
	}
	if len(f.all) == maxFailedTransactions {
		f.all = slices.Delete(f.all, 0, 1)
	}
	f.all = append(f.all, failed)
}

func (f *failedTransactions) index(token string) int {
	return slices.IndexFunc(f.all, func(t failedTransaction) bool { return t.token == token })
}

// digest returns a hash that two requests share only if every field is the same.
func digest(in *dynamodb.TransactWriteItemsInput) (sum [sha256.Size]byte) {
	h := sha256.New()
	hashValue(h, reflect.ValueOf(in))
	h.Sum(sum[:0])
	return sum
}

// hashValue adds v to h: what kind of value it is, how long, and what is in it.
func hashValue(h hash.Hash, v reflect.Value) {
	number := func(n int) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	number(int(v.Kind()))
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			number(0)
			return
		}
		number(1)
		hashValue(h, v.Elem())
	case reflect.Struct:
		io.WriteString(h, v.Type().Name()) // the member of an AttributeValue is a struct of that name
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				hashValue(h, v.Field(i))
			}
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		number(len(keys))
		for _, k := range keys {
			hashValue(h, k)
			hashValue(h, v.MapIndex(k))
		}
	case reflect.Slice:
		number(v.Len())
		if v.Type().Elem().Kind() == reflect.Uint8 {
			h.Write(v.Bytes())
			return
		}
		for i := range v.Len() {
			hashValue(h, v.Index(i))
		}
	case reflect.String:
		number(v.Len())
		io.WriteString(h, v.String())
	case reflect.Bool:
		if v.Bool() {
			number(1)
		} else {
			number(0)
		}
	}
}
