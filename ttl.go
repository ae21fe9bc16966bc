package ddbenc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

const (
	// maxTTL is the last second of the year 9999. What is later was meant to be
	// milliseconds.
	maxTTL = 253402300799

	// maxOverdue is how long ago an item may have expired, in seconds. DynamoDB
	// takes older times for mistakes, and does not delete the item: so an item
	// with a zero time stays.
	maxOverdue = 5 * 365 * 24 * 60 * 60
)

// TimeToLiveInput returns the request that makes DynamoDB delete expired items of
// the table, by the attribute tagged ttl. It is nil if there is none.
func (s *Schema) TimeToLiveInput(table string) *dynamodb.UpdateTimeToLiveInput {
	if s.TTL == "" {
		return nil
	}
	return &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String(table),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(s.TTL), Enabled: aws.Bool(true)},
	}
}

// HideExpired makes reads behave as if items whose time to live has ended were
// deleted already; DynamoDB does that within a few days. The time is that of this
// machine. As for DynamoDB, items without a time do not expire, and neither do
// those that ended more than five years ago, such as those with a zero time. It is
// for types that have an attribute tagged ttl. The default is to return what is
// stored.
func HideExpired() EveryReadOption { return option(func(c *call) { c.hideExpired = true }) }

// checkTTL refuses an item whose time to live is nothing that DynamoDB would take
// for one.
func (b *binder) checkTTL(it item) error {
	v, ok := it[b.schema.TTL]
	if !ok || b.schema.TTL == "" || typeName(v) == "NULL" {
		return nil
	}
	bad := func(problem string) error {
		return fmt.Errorf("%w: the time to live, attribute %q, is %s: it is a whole number of seconds since 1970", ErrInvalidItem, b.schema.TTL, problem)
	}
	n, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		return bad("stored as " + typeName(v))
	}
	text, err := codec.CanonicalNumber(n.Value)
	if err != nil || strings.Contains(text, ".") {
		return bad("not a whole number")
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds > maxTTL {
		return bad("later than the year 9999, as milliseconds would be")
	}
	return nil
}

// expired reports whether the item expired before now, so that DynamoDB may delete
// it. name is that of the attribute with its time to live.
func expired(it item, name string, now time.Time) bool {
	n, ok := it[name].(*types.AttributeValueMemberN)
	if !ok {
		return false
	}
	text, err := codec.CanonicalNumber(n.Value)
	if err != nil {
		return false
	}
	from, to := overdue(now)
	whole, _, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	return err == nil && from <= seconds && seconds <= to
}

// overdue returns the first and the last second in which an item must have expired
// to be deleted now.
func overdue(now time.Time) (from, to int64) {
	return now.Unix() - maxOverdue + 1, now.Unix() - 1
}

// notExpired is the filter for what expired does not hold for.
func notExpired(name string, now time.Time) expression.ConditionBuilder {
	value := func(seconds int64) expression.ValueBuilder {
		return expression.Value(&types.AttributeValueMemberN{Value: strconv.FormatInt(seconds, 10)})
	}
	from, to := overdue(now)
	return expression.Not(expression.NameNoDotSplit(name).Between(value(from), value(to)))
}

// checkHideExpired refuses to hide the expired items of a type that have no time to
// live.
func (t *Table[T]) checkHideExpired(r *refusals, c *call) bool {
	if c.hideExpired && t.binder.schema.TTL == "" {
		r.add("HideExpired is given, but %s has no time to live: tag a field dynamodbav:\"expires,ttl\"", t.binder.schema.Type)
		return false
	}
	return c.hideExpired
}

// hides reports whether the item is to be hidden.
func (t *Table[T]) hides(c *call, it item) bool {
	return c.hideExpired && expired(it, t.binder.schema.TTL, time.Now())
}

// filterExpired lets a query or scan leave out what is expired.
func (t *Table[T]) filterExpired(r *refusals, c *call) {
	if !t.checkHideExpired(r, c) {
		return
	}
	name := t.binder.schema.TTL
	keys, _ := t.core.shape.keysOf(c.index)
	if slices.ContainsFunc(keys, func(k keyAttr) bool { return k.name == name }) && r.op == opQuery {
		r.add("HideExpired can't be used where %q is a key, since DynamoDB takes no filter on keys: say in the key condition from which time on", name)
		return
	}
	c.filter = and(c.filter, notExpired(name, time.Now()))
}
