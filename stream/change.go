package stream

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/ddbenc/ddbenc"
)

// An Item is the attributes of one item.
type Item = map[string]types.AttributeValue

// An Operation is what was done to an item.
type Operation string

// The operations of a record. A put of an item that is there is a Modify.
const (
	Insert Operation = "INSERT"
	Modify Operation = "MODIFY"
	Remove Operation = "REMOVE"
)

// A Change says what happened to which item, apart from the item's contents. It
// prints without the key's values.
type Change struct {
	Operation Operation
	Table     string // name of the table
	StreamARN string // of the stream, or empty if the record is not from one
	Region    string // that the change was read in
	EventID   string

	// Keys is the primary key of the item.
	Keys Item

	// SequenceNumber is the record's place in its shard: decimal digits, that of
	// a later record of an item being greater.
	SequenceNumber string

	// Time is when the change was made, approximately, and mostly in whole seconds.
	Time time.Time

	// Size is that of the keys and images as stored, in bytes.
	Size int64

	// View says which images the stream has.
	View types.StreamViewType

	// Expired says that DynamoDB deleted the item, because its time to live had
	// ended, and no user did. In the replicas of a global table it is false all the
	// same.
	Expired bool
}

// Key returns the primary key of the item, to get it by for instance: with the view
// KEYS_ONLY, a [ddbenc.Table.Get] of it is the way to the contents.
func (c *Change) Key() ddbenc.PrimaryKey { return ddbenc.RawKey(c.Keys) }

// Format prints what happened, without the values of keys and, in the types that
// hold a Change, of images, under every verb.
func (c Change) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.text()) }

// LogValue prints c in logs as Format does.
func (c Change) LogValue() slog.Value { return slog.StringValue(c.text()) }

// MarshalText returns what Format prints, so that package encoding/json writes no
// values either, of a Change and of the types that hold one. It can't be read back. To
// write an item as JSON, give its image to package json.
func (c Change) MarshalText() ([]byte, error) { return []byte(c.text()), nil }

func (c Change) text() string {
	what := string(c.Operation)
	if c.Expired {
		what += " (expired)"
	}
	return fmt.Sprintf("Change(%.20s on %.255q, sequence number %.40q)", what, c.Table, c.SequenceNumber)
}

// A StoredRecord is a record as DynamoDB has it. Its images are encrypted and not
// verified. Most programs have no need for it: [Mux.Lambda] and [Reader] pass it to
// [Mux.Handle].
type StoredRecord struct {
	Change
	Old, New Item // nil if the record does not have it

	err error // why the record can't be read
}

// FromStreams returns a record of the Streams API, of the stream with the ARN. The
// API's records do not have it.
func FromStreams(streamARN string, r streamtypes.Record) StoredRecord {
	s := StoredRecord{Change: Change{
		Operation: Operation(r.EventName),
		StreamARN: streamARN,
		Region:    aws.ToString(r.AwsRegion),
		EventID:   aws.ToString(r.EventID),
	}}
	if arn, err := parseStreamARN(streamARN); err == nil {
		s.Table = arn.table
	}
	if r.UserIdentity != nil {
		s.Expired = expired(s.Operation, aws.ToString(r.UserIdentity.Type), aws.ToString(r.UserIdentity.PrincipalId))
	}
	d := r.Dynamodb
	if d == nil {
		s.err = malformed("it says nothing of an item")
		return s
	}
	s.SequenceNumber = aws.ToString(d.SequenceNumber)
	s.Time = aws.ToTime(d.ApproximateCreationDateTime).UTC()
	s.Size = aws.ToInt64(d.SizeBytes)
	s.View = types.StreamViewType(d.StreamViewType)
	for _, part := range []struct {
		to   *Item
		from map[string]streamtypes.AttributeValue
		what string
	}{{&s.Keys, d.Keys, "keys"}, {&s.Old, d.OldImage, "old image"}, {&s.New, d.NewImage, "new image"}} {
		if len(part.from) == 0 {
			continue
		}
		it, err := attributevalue.FromDynamoDBStreamsMap(part.from)
		if err != nil { // it names a Go type
			s.err = malformed("its %s: %v", part.what, err)
			continue
		}
		*part.to = it
	}
	return s
}

// expired reports whether DynamoDB deleted the item, by what it says of who did.
// Amazon DynamoDB Developer Guide, "DynamoDB Streams and Time to Live".
func expired(op Operation, identity, principal string) bool {
	return op == Remove && identity == serviceIdentity && principal == servicePrincipal
}

const (
	serviceIdentity  = "Service"
	servicePrincipal = "dynamodb.amazonaws.com"
)

// check refuses a record that says what can't be: an unknown operation or view, an
// image that the view does not have, or none where it has one. The error wraps
// ddbenc.ErrMalformed.
func (r *StoredRecord) check() error {
	if r.err != nil {
		return r.err
	}
	var hasOld, hasNew bool
	switch r.View {
	case types.StreamViewTypeKeysOnly:
	case types.StreamViewTypeOldImage:
		hasOld = true
	case types.StreamViewTypeNewImage:
		hasNew = true
	case types.StreamViewTypeNewAndOldImages:
		hasOld, hasNew = true, true
	default:
		return malformed("the view %.20q is unknown", r.View)
	}
	switch r.Operation {
	case Insert:
		hasOld = false
	case Modify:
	case Remove:
		hasNew = false
	default:
		return malformed("the operation %.20q is unknown", r.Operation)
	}
	if err := r.checkImage("old image", r.Old, hasOld); err != nil {
		return err
	}
	return r.checkImage("new image", r.New, hasNew)
}

func (r *StoredRecord) checkImage(what string, image Item, want bool) error {
	switch {
	case want && len(image) == 0:
		return malformed("it has no %s, though %s of the view %s has one", what, r.Operation, r.View)
	case !want && len(image) != 0:
		return malformed("it has an %s, though %s of the view %s has none", what, r.Operation, r.View)
	}
	return nil
}

// malformed returns an error that wraps ddbenc.ErrMalformed.
func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ddbenc.ErrMalformed, fmt.Errorf(format, args...))
}
