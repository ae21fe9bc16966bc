package engine

import (
	"fmt"
	"time"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

// streamLife is how long a stream keeps its records, and a stream that was
// turned off itself.
const streamLife = 24 * time.Hour

// A stream is the log of changes of one table while it is on: one shard, whose
// records are numbered from 1 on. The table's lock guards it, which outlives the
// table.
type stream struct {
	table   *table
	arn     string
	label   string
	view    string
	created time.Time
	closed  *time.Time
	records []streamRecord
	trimmed int // how many records were dropped from the front for their age
}

// A streamRecord is one change.
type streamRecord struct {
	number   int
	at       time.Time
	key      attr.Item
	old, new *record
	expired  bool
}

// startStream turns the stream of t on. The caller holds the engine's lock, and
// the table's if others know it.
func (e *Engine) startStream(t *table, s *StreamSpecification, now time.Time) {
	// Labels tell the streams of a table apart, so no two are of the same time.
	at := now
	if last := t.latestStream; last != nil && !at.After(last.created.Add(time.Millisecond)) {
		at = last.created.Add(2 * time.Millisecond)
	}
	label := at.Format("2006-01-02T15:04:05.000")
	t.stream = &stream{table: t, arn: t.arn + "/stream/" + label, label: label, view: s.StreamViewType, created: at}
	t.latestStream = t.stream
	t.streamSetting = s
	e.streams[t.stream.arn] = t.stream
}

// stopStream turns the stream of t off and closes its shard.
func (t *table) stopStream(now time.Time) {
	if t.stream != nil {
		t.stream.closed = &now
		t.stream = nil
		t.streamSetting = nil
	}
}

// append notes a change. A write that leaves the item as it was is none.
func (s *stream) append(key keySchema, c change, now time.Time) {
	if c.old == nil && c.new == nil || c.old != nil && c.new != nil && attr.EqualItems(c.old.item, c.new.item) {
		return
	}
	s.trim(now)
	item := c.old
	if item == nil {
		item = c.new
	}
	s.records = append(s.records, streamRecord{
		number:  s.trimmed + len(s.records) + 1,
		at:      now,
		key:     key.of(item.item),
		old:     c.old,
		new:     c.new,
		expired: c.expired,
	})
}

// trim drops the records that are older than the stream keeps them.
func (s *stream) trim(now time.Time) {
	n := 0
	for n < len(s.records) && now.Sub(s.records[n].at) > streamLife {
		n++
	}
	if n > 0 {
		s.records = append([]streamRecord(nil), s.records[n:]...)
		s.trimmed += n
	}
}

// sequenceNumber spells a record's number as the service does: digits, of one
// length, that sort as numbers.
func sequenceNumber(n int) string { return fmt.Sprintf("%021d", n) }
