// Package engine is an in-memory DynamoDB without the network: tables, indexes,
// items, queries, batches, transactions, streams, time to live, and faults for
// tests. Package wire speaks HTTP for it, package eval evaluates expressions.
//
// # Operations
//
// Each operation of the API is a method of [Engine] that takes a structure
// with the operation's parameters, named as in the API, and returns one with its
// results or an [*Error]. The tag "check" of a parameter holds the constraints
// that the service checks before anything else; package wire checks them, so the
// methods rely on them.
//
// # Storage
//
// A table keeps its items in one ordered map, as does each of its indexes, under
// keys that sort as the service reads them (packages keys and ordered). Items are
// never changed once stored: a write puts a new item in the place of the old, so
// a response may be written from stored items without a copy or a lock.
//
// # Concurrency
//
// One lock a table orders its operations: reads share it, writes hold it alone,
// and an index is updated under the same hold as its table, so every operation
// on an item is linearizable and every read is consistent. A transaction holds the
// locks of all its tables, taken in the order of their names, and is serializable.
// Nothing waits and no goroutines run behind the caller's back.
package engine

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Defaults of an engine's ARNs.
const (
	defaultRegion  = "us-east-1"
	defaultAccount = "000000000000"
)

// An Engine holds the tables of one account in one Region. It is safe for
// concurrent use. Make one with [New].
type Engine struct {
	region, account string

	clock      clock
	tokens     tokens
	lastExpiry atomic.Pointer[time.Time] // of ExpireSometimes

	mu      sync.RWMutex // guards what follows; never taken while holding a table's lock
	tables  map[string]*table
	streams map[string]*stream // by ARN, those of deleted tables and former settings too
}

// New makes an engine without tables.
func New() *Engine {
	return &Engine{
		region:  defaultRegion,
		account: defaultAccount,
		tables:  make(map[string]*table),
		streams: make(map[string]*stream),
	}
}

// arn returns the ARN of a resource of the engine, such as "table/orders".
func (e *Engine) arn(resource string) string {
	return "arn:aws:dynamodb:" + e.region + ":" + e.account + ":" + resource
}

// tableName returns the name of a table that a request gives by name or by ARN.
func (e *Engine) tableName(nameOrARN string) string {
	return strings.TrimPrefix(nameOrARN, e.arn("table/"))
}

// lookup returns the table that a data operation is for.
func (e *Engine) lookup(nameOrARN string) (*table, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if t, ok := e.tables[e.tableName(nameOrARN)]; ok {
		return t, nil
	}
	return nil, &Error{Code: ResourceNotFound, Message: "Requested resource not found"}
}

// named returns the table that a control operation is for, whose error says
// which table is missing.
func (e *Engine) named(nameOrARN string) (*table, error) {
	t, err := e.lookup(nameOrARN)
	if err != nil {
		return nil, fail(ResourceNotFound, "Requested resource not found: Table: %s not found", e.tableName(nameOrARN))
	}
	return t, nil
}

// A clock is the engine's time: the machine's, moved by what tests asked for.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).UTC()
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// Now returns the engine's time, in UTC.
func (e *Engine) Now() time.Time { return e.clock.now() }

// Advance moves the engine's clock forward by d, which may be 0, and deletes the
// items that have expired by then, as the service does within days.
func (e *Engine) Advance(d time.Duration) {
	e.clock.advance(d)
	e.expire()
}
