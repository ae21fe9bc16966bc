package ddbenc

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// DynamoDB's own error would quote each of these values.
func TestReadableValuesAreChecked(t *testing.T) {
	const secret = "QUOTED"
	list := func(v ...types.AttributeValue) types.AttributeValue { return &types.AttributeValueMemberL{Value: v} }
	set := func(v ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: v} }
	for _, tc := range []struct {
		name       string
		v          types.AttributeValue
		sign, none string // what is wrong if the attribute is signed, or untouched
	}{
		{"text", avS("x"), "", ""},
		{"set", set("a", "b"), "", ""},
		{"nested", list(&types.AttributeValueMemberM{Value: item{"k": set("a")}}), "", ""},
		{"same text twice", set(secret, "b", secret), "twice", "twice"},
		{"same number twice", &types.AttributeValueMemberNS{Value: []string{"1", "1.0"}}, "twice", "twice"},
		{"same bytes twice", &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}, {1}}}, "twice", "twice"},
		{"twice in a list", list(avS("x"), set(secret, secret)), "twice", "twice"},
		{"twice in a map", &types.AttributeValueMemberM{Value: item{"k": set(secret, secret)}}, "twice", "twice"},
		{"empty set", set(), "empty set", "empty set"},
		// The format finds these in what it signs.
		{"no number", avN(secret), "", "not decimal text"},
		{"no UTF-8", avS(secret + "\xff"), "", "not valid UTF-8"},
		{"nothing", nil, "", "nil"},
		{"nil pointer", (*types.AttributeValueMemberS)(nil), "", "nil"},
		{"nil in a list", list(nil), "", "nil"},
		{"unknown", &types.UnknownUnionMember{Tag: secret}, "", "unknown type"},
		{"false NULL", &types.AttributeValueMemberNULL{}, "", "NULL is false"},
	} {
		for act, want := range map[crypt.Action]string{crypt.EncryptAndSign: "", crypt.SignOnly: tc.sign, crypt.DoNothing: tc.none} {
			s := &shape{actions: crypt.Actions{Default: act}}
			r := &refusals{op: opPut, table: "orders"}
			s.checkItem(r, item{"a": tc.v})
			check(t, tc.name+", "+act.String(), r.err(), want, secret)
		}
		r := &refusals{op: opScan, table: "orders"}
		r.values(item{":v": tc.v}, aws.String("a = :v"))
		check(t, tc.name+", in an expression", r.err(), tc.none, secret)
	}
}

func check(t *testing.T, what string, err error, want, secret string) {
	t.Helper()
	switch {
	case (err != nil) != (want != ""):
		t.Errorf("%s: error %v, want %q", what, err, want)
	case err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret)):
		t.Errorf("%s: error %v, want %q and no value", what, err, want)
	}
}

// Every operation that takes expression values checks them.
func TestExpressionValuesAreChecked(t *testing.T) {
	c := plainCore()
	key, bad := item{"id": avS("x"), "seq": avN("1")}, item{":v": avN("x1")}
	query := aws.String("id = :v")
	_, errPut := c.sealPut(t.Context(), nil, &dynamodb.PutItemInput{Item: key, ExpressionAttributeValues: bad})
	_, errDelete := c.sealDelete(&dynamodb.DeleteItemInput{Key: key, ExpressionAttributeValues: bad})
	_, _, errQuery := c.sealQuery(&dynamodb.QueryInput{KeyConditionExpression: query, ExpressionAttributeValues: bad})
	_, errScan := c.sealScan(&dynamodb.ScanInput{ExpressionAttributeValues: bad})
	_, errUpdate := c.clientUpdate(nil, &dynamodb.UpdateItemInput{Key: key, ExpressionAttributeValues: bad})
	for op, err := range map[string]error{opClientUpdate: errUpdate, opPut: errPut, opDelete: errDelete, opQuery: errQuery, opScan: errScan} {
		if err == nil || !strings.Contains(err.Error(), `expression value ":v"`) {
			t.Errorf("%s: %v", op, err)
		}
	}
	for name, entry := range map[string]types.TransactWriteItem{
		"Put":            {Put: &types.Put{Item: key, ExpressionAttributeValues: bad}},
		"Delete":         {Delete: &types.Delete{Key: key, ExpressionAttributeValues: bad}},
		"Update":         {Update: &types.Update{Key: key, ExpressionAttributeValues: bad}},
		"ConditionCheck": {ConditionCheck: &types.ConditionCheck{Key: key, ExpressionAttributeValues: bad}},
	} {
		r := &refusals{op: opTransactWrite, table: "orders"}
		c.checkTransactWrite(r, entry)
		if err := r.err(); err == nil || !strings.Contains(err.Error(), `expression value ":v"`) {
			t.Errorf("%s in a transaction: %v", name, err)
		}
	}
}

// A value that no expression has was sent before, for DynamoDB to reject it.
func TestForgottenValuesAreRefused(t *testing.T) {
	for _, tc := range []struct {
		text   *string
		values item
		want   string
	}{
		{nil, nil, ""},
		{nil, item{":a": avS("x")}, `":a" is in no expression`},
		{aws.String("a = :a"), item{":a": avS("x")}, ""},
		{aws.String("a=:a"), item{":a": avS("x")}, ""},
		{aws.String("a in(:ab,:a)"), item{":a": avS("x"), ":ab": avS("y")}, ""},
		{aws.String("a = :ab"), item{":a": avS("x"), ":ab": avS("y")}, `":a" is in no expression`},
		{aws.String("a = :a_b or a = :aB or a = :a0"), item{":a": avS("x")}, `":a" is in no expression`},
		{aws.String("a = :a"), item{"": avS("x")}, `"" is in no expression`},
	} {
		r := &refusals{op: opScan, table: "orders"}
		r.values(tc.values, nil, tc.text)
		check(t, deref(tc.text), r.err(), tc.want, "QUOTED")
	}
}
