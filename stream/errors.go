package stream

import (
	"errors"
	"fmt"
	"strings"
)

// ErrTrimmed reports records that were not read before DynamoDB deleted them, which
// it does after 24 hours. See [SkipTrimmed].
//
// A loss is known by the shard that was being read, or one that came right after it.
// DynamoDB lists shards for about a day too: a program that was down for much longer
// finds neither, and begins at the oldest record without this error. What has to
// notice any gap keeps the time of its last record, [Change.Time], and looks at it.
var ErrTrimmed = errors.New("stream: records are lost: they are older than the stream keeps them")

// A RecordError says which record was not handled. Its text has no value of an
// item, unless that of Err has.
type RecordError struct {
	Change Change
	Err    error // what the handler returned, or why it was not called
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("stream: record with sequence number %.40q of table %.255q: %s",
		e.Change.SequenceNumber, e.Change.Table, strings.TrimPrefix(e.Err.Error(), "ddbenc: "))
}

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// Format prints the text of Error under every verb.
func (e *RecordError) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }
