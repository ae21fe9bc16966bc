package ddbenc

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func putInTransaction(token string, it item) *dynamodb.TransactWriteItemsInput {
	return &dynamodb.TransactWriteItemsInput{ClientRequestToken: &token, TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: aws.String("patients"), Item: it}}}}
}

func TestFailedTransactions(t *testing.T) {
	var f failedTransactions
	failure := errors.New("lost")
	in, sealed := putInTransaction("a", item{"id": avS("x"), "n": avN("1")}), &dynamodb.TransactWriteItemsInput{}
	if f.note(in, sealed, failure); f.find(in) != sealed || f.find(putInTransaction("a", item{"n": avN("1"), "id": avS("x")})) != sealed {
		t.Error("the same request is not found")
	}
	if f.find(putInTransaction("b", item{"id": avS("x"), "n": avN("1")})) != nil {
		t.Error("found under another token")
	}
	none := putInTransaction("", nil)
	none.ClientRequestToken = nil
	if f.note(none, sealed, failure); f.find(none) != nil {
		t.Error("found without a token")
	}

	sealed.TransactItems = in.TransactItems
	if f.find(in) != nil {
		t.Error("found although what was sent has changed since")
	}
	sealed.TransactItems = nil
	f.all[0].at = time.Now().Add(-tokenLife - time.Second)
	if f.find(in) != nil {
		t.Error("found after its time")
	}
	f.note(in, sealed, failure)
	if f.note(in, sealed, nil); f.find(in) != nil || len(f.all) != 0 {
		t.Error("found after success")
	}
	for i := range 2 * maxFailedTransactions {
		f.note(putInTransaction(fmt.Sprint(i), nil), sealed, failure)
	}
	if last := fmt.Sprint(2*maxFailedTransactions - 1); len(f.all) != maxFailedTransactions || f.find(putInTransaction(last, nil)) != sealed || f.find(putInTransaction("0", nil)) != nil {
		t.Errorf("%d are remembered", len(f.all))
	}
}

// A digest tells any two requests apart.
func TestDigest(t *testing.T) {
	yes := &types.AttributeValueMemberBOOL{Value: true}
	seen := map[[32]byte]string{}
	for name, in := range map[string]*dynamodb.TransactWriteItemsInput{
		"S":           putInTransaction("t", item{"a": avS("1")}),
		"N":           putInTransaction("t", item{"a": avN("1")}),
		"B":           putInTransaction("t", item{"a": &types.AttributeValueMemberB{Value: []byte("1")}}),
		"true":        putInTransaction("t", item{"a": yes}),
		"false":       putInTransaction("t", item{"a": &types.AttributeValueMemberBOOL{}}),
		"null":        putInTransaction("t", item{"a": &types.AttributeValueMemberNULL{Value: true}}),
		"nil":         putInTransaction("t", item{"a": nil}),
		"name":        putInTransaction("t", item{"b": avS("1")}),
		"two names":   putInTransaction("t", item{"a": avS("1"), "b": avS("1")}),
		"none":        putInTransaction("t", item{}),
		"list":        putInTransaction("t", item{"a": &types.AttributeValueMemberL{Value: []types.AttributeValue{avS("1"), yes}}}),
		"list, order": putInTransaction("t", item{"a": &types.AttributeValueMemberL{Value: []types.AttributeValue{yes, avS("1")}}}),
		"map":         putInTransaction("t", item{"a": &types.AttributeValueMemberM{Value: item{"1": yes}}}),
		"set":         putInTransaction("t", item{"a": &types.AttributeValueMemberSS{Value: []string{"1", "2"}}}),
		"joined set":  putInTransaction("t", item{"a": &types.AttributeValueMemberSS{Value: []string{"12", ""}}}),
		"numbers":     putInTransaction("t", item{"a": &types.AttributeValueMemberNS{Value: []string{"1", "2"}}}),
		"delete": {ClientRequestToken: aws.String("t"), TransactItems: []types.TransactWriteItem{
			{Delete: &types.Delete{TableName: aws.String("patients"), Key: item{"a": avS("1")}}}}},
		"check": {ClientRequestToken: aws.String("t"), TransactItems: []types.TransactWriteItem{
			{ConditionCheck: &types.ConditionCheck{TableName: aws.String("patients"), Key: item{"a": avS("1")}}}}},
		"table": {ClientRequestToken: aws.String("t"), TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: aws.String("cards"), Item: item{"a": avS("1")}}}}},
		"condition": {ClientRequestToken: aws.String("t"), TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: aws.String("patients"), Item: item{"a": avS("1")}, ConditionExpression: aws.String("x")}}}},
	} {
		sum := digest(in)
		if other, ok := seen[sum]; ok {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[sum] = name
	}
}
