package ddbenc

import (
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
)

// A TableOption changes how [NewTable] opens a table.
type TableOption interface{ applyTable(*tableOptions) }

type tableOptions struct {
	logicalName string
	readActions *crypt.Actions
	showKeys    bool
	hooks       *hook.Hooks
	encoder     []func(*attributevalue.EncoderOptions)
	decoder     []func(*attributevalue.DecoderOptions)
}

type tableOption func(*tableOptions)

func (f tableOption) applyTable(o *tableOptions) { f(o) }

// LogicalName sets the table name that is part of what is signed. The default
// is the name that the table was opened by, or the name in its ARN. A table
// that was restored from a backup under another name, or that is called
// differently in each stage, keeps its items readable under the logical name
// that they were written with.
func LogicalName(name string) TableOption {
	return tableOption(func(o *tableOptions) { o.logicalName = name })
}

// ReadActions sets the actions that stored items were written with, for the
// time in which items of the old and the new kind are in the table. Writing
// follows the tags. The default is to read as the tags say.
func ReadActions(actions crypt.Actions) TableOption {
	return tableOption(func(o *tableOptions) { o.readActions = &actions })
}

// ShowKeys puts the values of key attributes into the text of [*ItemError]s.
// The default is their names only, since texts end up in logs; the values are
// always there to the program through [ItemError.Key].
func ShowKeys() TableOption { return tableOption(func(o *tableOptions) { o.showKeys = true }) }

// EncoderOptions sets options of package attributevalue for writing, such as
// UseEncodingMarshalers. TagKey can't be changed: it would change names.
func EncoderOptions(fns ...func(*attributevalue.EncoderOptions)) TableOption {
	return tableOption(func(o *tableOptions) { o.encoder = append(o.encoder, fns...) })
}

// DecoderOptions sets options of package attributevalue for reading, such as
// UseNumber. TagKey can't be changed: it would change names.
func DecoderOptions(fns ...func(*attributevalue.DecoderOptions)) TableOption {
	return tableOption(func(o *tableOptions) { o.decoder = append(o.decoder, fns...) })
}

// The options of calls. Each operation takes the options that mean something
// for it; another one does not compile.
type (
	// PutOption is an option of [Table.Put].
	PutOption interface{ applyPut(*call) }
	// GetOption is an option of [Table.Get].
	GetOption interface{ applyGet(*call) }
	// UpdateOption is an option of [Table.Update] and [Table.Patch].
	UpdateOption interface{ applyUpdate(*call) }
	// DeleteOption is an option of [Table.Delete].
	DeleteOption interface{ applyDelete(*call) }
	// QueryOption is an option of [Table.Query], [Table.QueryPages] and
	// [Table.QueryCount].
	QueryOption interface{ applyQuery(*call) }
	// ScanOption is an option of [Table.Scan], [Table.ScanPages] and
	// [Table.ScanCount].
	ScanOption interface{ applyScan(*call) }
	// BatchGetOption is an option of [Table.BatchGet].
	BatchGetOption interface{ applyBatchGet(*call) }
	// BatchWriteOption is an option of [Table.BatchPut], [Table.BatchDelete] and
	// [Table.BatchWrite].
	BatchWriteOption interface{ applyBatchWrite(*call) }
	// TxWriteOption is an option of an operation of [TransactWrite].
	TxWriteOption interface{ applyTxWrite(*call) }
	// TxReadOption is an option of an operation of [TransactGet].
	TxReadOption interface{ applyTxRead(*call) }
	// EncryptOption is an option of [Table.EncryptItem].
	EncryptOption interface{ applyEncrypt(*call) }
	// DecryptOption is an option of [Table.DecryptItem].
	DecryptOption interface{ applyDecrypt(*call) }

	// WriteOption is an option of Put and Delete.
	WriteOption interface {
		PutOption
		DeleteOption
	}
	// ListOption is an option of both operations that return many items.
	ListOption interface {
		QueryOption
		ScanOption
	}
	// ConditionOption is an option of every write that can depend on the stored
	// item.
	ConditionOption interface {
		WriteOption
		TxWriteOption
	}
	// TxOption is an option of every operation of a transaction.
	TxOption interface {
		TxWriteOption
		TxReadOption
	}
	// CreateOption is an option of [Table.Update] and [TxUpdate].
	CreateOption interface {
		UpdateOption
		TxWriteOption
	}
	// VersionOption is an option of deletes, and of [TxDelete] and [TxCheck].
	VersionOption interface {
		DeleteOption
		TxWriteOption
	}
	// ReadOption is an option of every read but those of transactions, which are
	// always consistent.
	ReadOption interface {
		GetOption
		BatchGetOption
		ListOption
	}
	// EveryReadOption is an option of every read.
	EveryReadOption interface {
		ReadOption
		TxReadOption
	}
	// CallOption is an option of every operation.
	CallOption interface {
		WriteOption
		UpdateOption
		BatchWriteOption
		ReadOption
		TxOption
		EncryptOption
		DecryptOption
	}
)

// A call holds the options of one call.
type call struct {
	encryptor   crypt.Encryptor // nil for the table's own
	condition   expression.ConditionBuilder
	filter      expression.ConditionBuilder
	index       string
	consistent  bool
	descending  bool
	limit       int // items in all, 0 for all
	pageSize    int // items a page, 0 for DynamoDB's 1 MB
	ahead       int // items decrypted at the same time, 0 for the default
	old         any // **T that takes the replaced or deleted item
	current     bool
	startAfter  any // *T after which to begin
	goOn        bool
	hideExpired bool
	create      bool        // if there is nothing to update
	rewrite     bool        // an item that the update does not change
	attempts    int         // of an update, 0 for the default
	version     *uint64     // that may be deleted
	replaces    uint64      // version that an update is of, 0 for any
	negative    bool        // the version that was given
	anyVersion  bool        // may be deleted
	label       string      // of an operation of a transaction
	paging                  // of a query or scan
	under       *PrimaryKey // of the item that is decrypted
}

// An option serves every operation; its constructor's result type says to
// which ones it can be given.
type option func(*call)

func (f option) applyPut(c *call)        { f(c) }
func (f option) applyGet(c *call)        { f(c) }
func (f option) applyUpdate(c *call)     { f(c) }
func (f option) applyDelete(c *call)     { f(c) }
func (f option) applyQuery(c *call)      { f(c) }
func (f option) applyScan(c *call)       { f(c) }
func (f option) applyBatchGet(c *call)   { f(c) }
func (f option) applyBatchWrite(c *call) { f(c) }
func (f option) applyTxWrite(c *call)    { f(c) }
func (f option) applyTxRead(c *call)     { f(c) }
func (f option) applyEncrypt(c *call)    { f(c) }
func (f option) applyDecrypt(c *call)    { f(c) }

// WithEncryptor uses enc instead of the table's own encryptor for one call, for
// instance for an item whose keys or actions differ from the others'. The
// request is still checked by the actions of the table's type.
func WithEncryptor(enc crypt.Encryptor) CallOption {
	return option(func(c *call) { c.encryptor = enc })
}

// If makes the write depend on a condition on the stored item. A condition that
// does not hold gives a [*ConditionError]. Several are joined by AND; an empty
// builder is no condition. Attributes that are encrypted can only be asked for
// their existence and for the size of their ciphertext.
func If(cond expression.ConditionBuilder) ConditionOption {
	return option(func(c *call) { c.condition = and(c.condition, cond) })
}

// ReturnOld stores the item that was replaced or deleted in *old, verified and
// decrypted, or nil if there was none. T must be the table's type. If the old
// item can't be read, the write was made nevertheless: the error is an
// [*ItemError] with Written set.
func ReturnOld[T any](old **T) WriteOption {
	return option(func(c *call) { c.old = old })
}

// ReturnCurrent asks for the item that made a condition fail: see
// [ConditionError.Current].
func ReturnCurrent() ConditionOption { return option(func(c *call) { c.current = true }) }

// ConsistentRead reads what was last written, at twice the price. The default
// may return what was there a moment before. Global indexes can't do it.
func ConsistentRead() ReadOption { return option(func(c *call) { c.consistent = true }) }

// Filter drops the items for which cond does not hold, after they were read and
// paid for. Several are joined by AND; an empty builder is no filter. What can
// be asked of encrypted attributes is said at [If].
//
// Attributes tagged none are not protected: whoever can write to the table
// decides what a filter on them lets through.
func Filter(cond expression.ConditionBuilder) ListOption {
	return option(func(c *call) { c.filter = and(c.filter, cond) })
}

// Index reads from a secondary index, which the type declares with the
// dynamodbindex tag. The index must project every attribute: an item that lacks
// a signed one does not verify.
func Index(name string) ListOption { return option(func(c *call) { c.index = name }) }

// Limit ends the loop after n items, counted after filters. The default is all
// of them.
func Limit(n int) ListOption { return option(func(c *call) { c.limit = orInvalid(n) }) }

// PageSize lets DynamoDB look at n items a page at most, counted before
// filters. The default is what fits 1 MB.
func PageSize(n int) ListOption { return option(func(c *call) { c.pageSize = orInvalid(n) }) }

// defaultAhead keeps all cores of most machines busy, and hides most of the time
// that a key service takes, without asking it for many items that the loop may
// never reach.
const defaultAhead = 16

// DecryptAhead lets up to n items of a page be verified and decrypted at the same
// time, before the loop reaches them and in no way changing their order. The
// default is 16. With 1 no work is done, and no key service asked, for an item
// that the loop doesn't reach.
func DecryptAhead(n int) ListOption { return option(func(c *call) { c.ahead = orInvalid(n) }) }

func (c *call) aheadOrDefault() int {
	if c.ahead == 0 {
		return defaultAhead
	}
	return c.ahead
}

// StartAfter begins behind the position of an item, which need not exist any
// more: the last one that an earlier loop gave, for instance. Only the key
// attributes of the table, and of the index if there is one, have to be set.
// T must be the table's type. Where there is a [Cursor], [Resume] does it, and
// notices if the query is another one.
func StartAfter[T any](item *T) ListOption {
	return option(func(c *call) { c.startAfter = item })
}

// ContinueOnItemError lets a loop go on behind an item that can't be verified,
// decrypted or read: it yields the zero T and an [*ItemError] for that item,
// then the next one. The default is to stop. Other errors always end the loop.
func ContinueOnItemError() ListOption { return option(func(c *call) { c.goOn = true }) }

// Label names an operation of a transaction, for [OperationError.Label]. It is not
// sent. The default is no label.
func Label(label string) TxOption { return option(func(c *call) { c.label = label }) }

// Descending queries from the highest sort key down.
func Descending() QueryOption { return option(func(c *call) { c.descending = true }) }

// and joins two conditions, either of which may be empty.
func and(a, b expression.ConditionBuilder) expression.ConditionBuilder {
	switch {
	case !a.IsSet():
		return b
	case !b.IsSet():
		return a
	}
	return a.And(b)
}

// orInvalid makes a count that was given but can't be one negative, so that it
// is refused later rather than read as "no limit".
func orInvalid(n int) int {
	if n < 1 {
		return -1
	}
	return n
}
