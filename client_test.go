package ddbenc_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ddbenc/ddbenc"
)

// inputs lets go-cmp look into the SDK's inputs. The idempotency token is left
// out: the SDK itself stores it in the caller's input.
var inputs = cmp.Options{avCmp, cmpopts.IgnoreFields(dynamodb.TransactWriteItemsInput{}, "ClientRequestToken"),
	cmp.FilterPath(func(p cmp.Path) bool { return strings.HasSuffix(p.Last().String(), "noSmithyDocumentSerde") }, cmp.Ignore()),
	cmp.Exporter(func(reflect.Type) bool { return true })}

// Every operation, once there and back: what is sent has no plaintext, what comes
// back is what was put, and the inputs are as they were.
func TestClientOperations(t *testing.T) {
	c := openClinic(t)
	ctx := t.Context()
	ada, bob := admission("ada", "1"), admission("bob", "1")
	adaKey, bobKey := admissionKey("ada", "1"), admissionKey("bob", "1")
	key := ":p"

	for _, step := range []struct {
		name string
		run  func() (in, again, got, want any, err error)
	}{
		{"put", func() (any, any, any, any, error) {
			in := func() *dynamodb.PutItemInput {
				return &dynamodb.PutItemInput{TableName: &c.table, Item: admission("ada", "1"),
					ConditionExpression: aws.String("attribute_not_exists(patient_id) OR clinic = :c"), ExpressionAttributeValues: avItem{":c": s("north")}}
			}
			sent := in()
			out, err := c.db.PutItem(ctx, sent)
			return sent, in(), orEmpty(out).Attributes == nil, true, err
		}},
		{"put again", func() (any, any, any, any, error) {
			in := func() *dynamodb.PutItemInput {
				return &dynamodb.PutItemInput{TableName: &c.table, Item: admission("ada", "1"), ReturnValues: types.ReturnValueAllOld}
			}
			sent := in()
			out, err := c.db.PutItem(ctx, sent)
			return sent, in(), orEmpty(out).Attributes, ada, err
		}},
		{"get", func() (any, any, any, any, error) {
			in := func() *dynamodb.GetItemInput {
				return &dynamodb.GetItemInput{TableName: &c.table, Key: admissionKey("ada", "1.0"), ConsistentRead: aws.Bool(true)}
			}
			sent := in()
			out, err := c.db.GetItem(ctx, sent)
			return sent, in(), orEmpty(out).Item, ada, err
		}},
		{"get nothing", func() (any, any, any, any, error) {
			out, err := c.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &c.table, Key: admissionKey("nobody", "1")})
			return nil, nil, orEmpty(out).Item == nil, true, err
		}},
		{"batch write", func() (any, any, any, any, error) {
			in := func() *dynamodb.BatchWriteItemInput {
				return &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
					c.table: {{PutRequest: &types.PutRequest{Item: admission("bob", "1")}}, {DeleteRequest: &types.DeleteRequest{Key: admissionKey("nobody", "1")}}},
					c.other: {{PutRequest: &types.PutRequest{Item: avItem{"patient_id": s("x"), "visit": n("1"), "name": s("plain")}}}},
				}}
			}
			sent := in()
			out, err := c.db.BatchWriteItem(ctx, sent)
			return sent, in(), len(orEmpty(out).UnprocessedItems), 0, err
		}},
		{"batch get", func() (any, any, any, any, error) {
			in := func() *dynamodb.BatchGetItemInput {
				return &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
					c.table: {Keys: []map[string]types.AttributeValue{admissionKey("ada", "1"), admissionKey("bob", "1"), admissionKey("nobody", "1")}},
					c.other: {Keys: []map[string]types.AttributeValue{admissionKey("x", "1")}},
				}}
			}
			sent := in()
			out, err := c.db.BatchGetItem(ctx, sent)
			want := map[string][]map[string]types.AttributeValue{c.table: {ada, bob}, c.other: {{"patient_id": s("x"), "visit": n("1"), "name": s("plain")}}}
			return sent, in(), orEmpty(out).Responses, want, err
		}},
		{"query", func() (any, any, any, any, error) {
			in := func() *dynamodb.QueryInput {
				return &dynamodb.QueryInput{TableName: &c.table, KeyConditionExpression: aws.String("patient_id = :p"),
					FilterExpression: aws.String("#v < :v AND attribute_exists(notes)"), ExpressionAttributeNames: map[string]string{"#v": "views"},
					ExpressionAttributeValues: avItem{key: s("ada"), ":v": n("5")}}
			}
			sent := in()
			out, err := c.db.Query(ctx, sent)
			return sent, in(), orEmpty(out).Items, []map[string]types.AttributeValue{ada}, err
		}},
		{"query index", func() (any, any, any, any, error) {
			out, err := c.db.Query(ctx, &dynamodb.QueryInput{TableName: &c.table, IndexName: aws.String("by-clinic"),
				KeyConditionExpression: aws.String("clinic = :p"), ExpressionAttributeValues: avItem{key: s("north")}})
			return nil, nil, orEmpty(out).Items, []map[string]types.AttributeValue{ada, bob}, err
		}},
		{"count", func() (any, any, any, any, error) {
			out, err := c.db.Query(ctx, &dynamodb.QueryInput{TableName: &c.table, KeyConditionExpression: aws.String("patient_id = :p"),
				ExpressionAttributeValues: avItem{key: s("ada")}, Select: types.SelectCount})
			return nil, nil, orEmpty(out).Count, int32(1), err
		}},
		{"scan", func() (any, any, any, any, error) {
			in := func() *dynamodb.ScanInput { return &dynamodb.ScanInput{TableName: &c.table} }
			sent := in()
			out, err := c.db.Scan(ctx, sent)
			return sent, in(), orEmpty(out).Items, []map[string]types.AttributeValue{ada, bob}, err
		}},
		{"update what is not signed", func() (any, any, any, any, error) {
			in := func() *dynamodb.UpdateItemInput {
				return &dynamodb.UpdateItemInput{TableName: &c.table, Key: admissionKey("ada", "1"), UpdateExpression: aws.String("ADD #v :one"),
					ConditionExpression:      aws.String("#v < :max OR (clinic = :c AND attribute_not_exists(gone))"),
					ExpressionAttributeNames: map[string]string{"#v": "views"}, ReturnValues: types.ReturnValueAllNew,
					ExpressionAttributeValues: avItem{":one": n("1"), ":max": n("10"), ":c": s("x")}}
			}
			sent := in()
			out, err := c.db.UpdateItem(ctx, sent)
			return sent, in(), orEmpty(out).Attributes, with(ada, "views", n("2")), err
		}},
		{"update, new part", func() (any, any, any, any, error) {
			out, err := c.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &c.table, Key: adaKey, UpdateExpression: aws.String("SET #v = #v + :one"), ExpressionAttributeNames: map[string]string{"#v": "views"},
				ReturnValues: types.ReturnValueUpdatedNew, ExpressionAttributeValues: avItem{":one": n("1")}})
			return nil, nil, orEmpty(out).Attributes, avItem{"views": n("3")}, err
		}},
		{"transaction", func() (any, any, any, any, error) {
			in := func() *dynamodb.TransactWriteItemsInput {
				return &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
					{Put: &types.Put{TableName: &c.table, Item: admission("cyd", "1"), ConditionExpression: aws.String("attribute_not_exists(patient_id)")}},
					{Update: &types.Update{TableName: &c.table, Key: admissionKey("ada", "1"), UpdateExpression: aws.String("SET #v = :v"), ExpressionAttributeNames: map[string]string{"#v": "views"}, ExpressionAttributeValues: avItem{":v": n("1")}}},
					{ConditionCheck: &types.ConditionCheck{TableName: &c.table, Key: admissionKey("bob", "1"), ConditionExpression: aws.String("attribute_exists(notes)")}},
					{Delete: &types.Delete{TableName: &c.other, Key: admissionKey("x", "1")}},
				}}
			}
			sent := in()
			_, err := c.db.TransactWriteItems(ctx, sent)
			return sent, in(), nil, nil, err
		}},
		{"transaction of gets", func() (any, any, any, any, error) {
			in := func() *dynamodb.TransactGetItemsInput {
				return &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
					{Get: &types.Get{TableName: &c.other, Key: admissionKey("x", "1")}},
					{Get: &types.Get{TableName: &c.table, Key: admissionKey("cyd", "1")}},
					{Get: &types.Get{TableName: &c.table, Key: admissionKey("nobody", "1")}},
					{Get: &types.Get{TableName: &c.table, Key: admissionKey("ada", "1")}},
				}}
			}
			sent := in()
			out, err := c.db.TransactGetItems(ctx, sent)
			return sent, in(), orEmpty(out).Responses, []types.ItemResponse{{}, {Item: admission("cyd", "1")}, {}, {Item: ada}}, err
		}},
		{"delete", func() (any, any, any, any, error) {
			in := func() *dynamodb.DeleteItemInput {
				return &dynamodb.DeleteItemInput{TableName: &c.table, Key: admissionKey("bob", "1"), ReturnValues: types.ReturnValueAllOld}
			}
			sent := in()
			out, err := c.db.DeleteItem(ctx, sent)
			return sent, in(), orEmpty(out).Attributes, bob, err
		}},
		{"delete nothing", func() (any, any, any, any, error) {
			out, err := c.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &c.table, Key: bobKey, ReturnValues: types.ReturnValueAllOld})
			return nil, nil, orEmpty(out).Attributes == nil, true, err
		}},
	} {
		sent, again, got, want, err := step.run()
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		byKey := cmpopts.SortSlices(func(a, b avItem) bool {
			return a["patient_id"].(*types.AttributeValueMemberS).Value < b["patient_id"].(*types.AttributeValueMemberS).Value
		})
		if diff := cmp.Diff(want, got, inputs, byKey, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", step.name, diff)
		}
		if diff := cmp.Diff(again, sent, inputs); diff != "" {
			t.Errorf("%s: the input was changed (-before +after):\n%s", step.name, diff)
		}
	}
	c.wire.mustBeSecret(t)

	p, err := c.patients.Get(ctx, ddbenc.Key("cyd", time.Unix(1, 0)))
	if err != nil || p.Name != secret {
		t.Errorf("the typed table reads %v, %v", p, err)
	}
	if it := c.stored(t, admissionKey("cyd", "1")); len(it) != len(ada)+2 {
		t.Errorf("stored: %v", it)
	}
}

func orEmpty[T any](p *T) *T {
	if p == nil {
		p = new(T)
	}
	return p
}

// What can't be done safely is refused before anything is sent.
func TestClientRefuses(t *testing.T) {
	table := rawPatients(t, "patients")
	db, w := scripted(func(string, string) (int, string) { return 200, "{}" }, table)
	ctx := t.Context()
	name, key, byKey := aws.String("patients"), admissionKey("ada", "1"), aws.String("patient_id = :p")
	values := avItem{":p": s("ada")}
	legacy := map[string]types.ExpectedAttributeValue{"name": {Value: s(secret)}}
	filter := map[string]types.Condition{"name": {ComparisonOperator: types.ComparisonOperatorEq, AttributeValueList: []types.AttributeValue{s(secret)}}}
	cond := aws.String("#x.parts[1] = :s")
	names, secrets := map[string]string{"#x": "name", "#v": "views"}, avItem{":s": s(secret)}

	put := func(edit func(*dynamodb.PutItemInput)) error {
		in := &dynamodb.PutItemInput{TableName: name, Item: admission("ada", "1")}
		edit(in)
		_, err := db.PutItem(ctx, in)
		return err
	}
	get := func(edit func(*dynamodb.GetItemInput)) error {
		in := &dynamodb.GetItemInput{TableName: name, Key: key}
		edit(in)
		_, err := db.GetItem(ctx, in)
		return err
	}
	del := func(edit func(*dynamodb.DeleteItemInput)) error {
		in := &dynamodb.DeleteItemInput{TableName: name, Key: key}
		edit(in)
		_, err := db.DeleteItem(ctx, in)
		return err
	}
	update := func(edit func(*dynamodb.UpdateItemInput)) error {
		in := &dynamodb.UpdateItemInput{TableName: name, Key: key}
		edit(in)
		_, err := db.UpdateItem(ctx, in)
		return err
	}
	query := func(edit func(*dynamodb.QueryInput)) error {
		in := &dynamodb.QueryInput{TableName: name, KeyConditionExpression: byKey, ExpressionAttributeValues: values}
		edit(in)
		_, err := db.Query(ctx, in)
		return err
	}
	scan := func(edit func(*dynamodb.ScanInput)) error {
		in := &dynamodb.ScanInput{TableName: name}
		edit(in)
		_, err := db.Scan(ctx, in)
		return err
	}
	batchGet := func(table string, ka types.KeysAndAttributes) error {
		if ka.Keys == nil {
			ka.Keys = []map[string]types.AttributeValue{key}
		}
		_, err := db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{table: ka}})
		return err
	}
	batchWrite := func(table string, requests ...types.WriteRequest) error {
		_, err := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: requests}})
		return err
	}
	transact := func(entry types.TransactWriteItem) error {
		first := types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String("another"), Key: key}}
		_, err := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{first, entry}})
		return err
	}
	transactGet := func(entry types.TransactGetItem) error {
		_, err := db.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{entry}})
		return err
	}
	statement := func(text string) error {
		_, err := db.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: &text})
		return err
	}
	const inserting = `INSERT INTO "patients" VALUE {'patient_id': 'x'}`

	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"put: legacy condition", put(func(in *dynamodb.PutItemInput) { in.Expected = legacy }), "Expected is a legacy parameter"},
		{"put: legacy operator", put(func(in *dynamodb.PutItemInput) { in.ConditionalOperator = "AND" }), "ConditionalOperator is a legacy"},
		{"put: condition on ciphertext", put(func(in *dynamodb.PutItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = cond, names, secrets
		}), `names "name", which the RawSchema does not declare, so it counts as encrypted: put it into Actions as SignOnly or DoNothing`},
		{"put: condition that can't be read", put(func(in *dynamodb.PutItemInput) { in.ConditionExpression = aws.String("name =") }), "can't be read"},
		{"put: return values", put(func(in *dynamodb.PutItemInput) { in.ReturnValues = "UPDATED_NEW" }), "not one of NONE and ALL_OLD"},
		{"put: reserved attribute", put(func(in *dynamodb.PutItemInput) { in.Item["*amzn-ddb-map-sig*"] = s("x") }), "reserved for the encryption format"},
		{"put: no key", put(func(in *dynamodb.PutItemInput) { delete(in.Item, "visit") }), `"visit" has no value`},
		{"put: index key", put(func(in *dynamodb.PutItemInput) { in.Item["rank"] = &types.AttributeValueMemberBOOL{} }), `"rank" of index "by-rank" has type BOOL`},

		{"get: projection", get(func(in *dynamodb.GetItemInput) { in.ProjectionExpression = aws.String("clinic") }), "ProjectionExpression would return a part"},
		{"get: legacy projection", get(func(in *dynamodb.GetItemInput) { in.AttributesToGet = []string{"clinic"} }), "AttributesToGet would return a part"},
		{"get: more than a key", get(func(in *dynamodb.GetItemInput) { in.Key = admission("ada", "1") }), `"name" is not part of the primary key`},

		{"delete: legacy condition", del(func(in *dynamodb.DeleteItemInput) { in.Expected = legacy }), "Expected is a legacy"},
		{"delete: legacy operator", del(func(in *dynamodb.DeleteItemInput) { in.ConditionalOperator = "OR" }), "ConditionalOperator is a legacy"},
		{"delete: condition on ciphertext", del(func(in *dynamodb.DeleteItemInput) {
			in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = cond, names, secrets
		}), `names "name"`},
		{"delete: return values", del(func(in *dynamodb.DeleteItemInput) { in.ReturnValues = "ALL_NEW" }), "not one of NONE and ALL_OLD"},
		{"delete: more than a key", del(func(in *dynamodb.DeleteItemInput) { in.Key = admission("ada", "1") }), `"name" is not part of the primary key`},

		{"update: encrypted", update(func(in *dynamodb.UpdateItemInput) {
			in.UpdateExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = aws.String("SET #v = :v, #x = :s"), names, secrets
		}), `names "name", which is signed, so the item would not verify any more: use Table.Update`},
		{"update: signed, inside", update(func(in *dynamodb.UpdateItemInput) {
			in.UpdateExpression = aws.String("REMOVE #v, clinic.a[1]")
			in.ExpressionAttributeNames = names
		}), `names "clinic"`},
		{"update: read", update(func(in *dynamodb.UpdateItemInput) {
			in.UpdateExpression = aws.String("SET #v = if_not_exists(notes, :v)")
			in.ExpressionAttributeNames = names
		}), `names "notes"`},
		{"update: reserved", update(func(in *dynamodb.UpdateItemInput) {
			in.UpdateExpression, in.ExpressionAttributeNames = aws.String("REMOVE #x"), map[string]string{"#x": "*amzn-ddb-map-sig*"}
		}), `names "*amzn-ddb-map-sig*"`},
		{"update: legacy", update(func(in *dynamodb.UpdateItemInput) {
			in.AttributeUpdates = map[string]types.AttributeValueUpdate{"name": {Value: s(secret)}}
		}), "AttributeUpdates is a legacy"},
		{"update: legacy condition", update(func(in *dynamodb.UpdateItemInput) { in.Expected = legacy }), "Expected is a legacy"},
		{"update: legacy operator", update(func(in *dynamodb.UpdateItemInput) { in.ConditionalOperator = "OR" }), "ConditionalOperator is a legacy"},
		{"update: condition on ciphertext", update(func(in *dynamodb.UpdateItemInput) {
			in.UpdateExpression, in.ConditionExpression = aws.String("SET #v = :v"), cond
			in.ExpressionAttributeNames, in.ExpressionAttributeValues = names, secrets
		}), `the condition names "name"`},
		{"update: unreadable", update(func(in *dynamodb.UpdateItemInput) { in.UpdateExpression = aws.String("PUT views") }), "the update can't be read"},
		{"update: more than a key", update(func(in *dynamodb.UpdateItemInput) { in.Key = admission("ada", "1") }), `"name" is not part of the primary key`},
		{"update: return values", update(func(in *dynamodb.UpdateItemInput) { in.ReturnValues = "SOME" }), `ReturnValues "SOME"`},

		{"query: key condition on ciphertext", query(func(in *dynamodb.QueryInput) {
			in.KeyConditionExpression, in.ExpressionAttributeNames = aws.String("patient_id = :p AND #x = :s"), names
		}), `names "name", which is not a key`},
		{"query: filter on ciphertext", query(func(in *dynamodb.QueryInput) {
			in.FilterExpression, in.ExpressionAttributeNames = aws.String("contains(#x, :s)"), names
		}), `the filter names "name"`},
		{"query: no key condition", query(func(in *dynamodb.QueryInput) { in.KeyConditionExpression = nil }), "no key condition"},
		{"query: legacy keys", query(func(in *dynamodb.QueryInput) { in.KeyConditions = filter }), "KeyConditions is a legacy"},
		{"query: legacy filter", query(func(in *dynamodb.QueryInput) { in.QueryFilter = filter }), "QueryFilter is a legacy"},
		{"query: legacy operator", query(func(in *dynamodb.QueryInput) { in.ConditionalOperator = "OR" }), "ConditionalOperator is a legacy"},
		{"query: projection", query(func(in *dynamodb.QueryInput) { in.ProjectionExpression = aws.String("clinic") }), "ProjectionExpression would"},
		{"query: legacy projection", query(func(in *dynamodb.QueryInput) { in.AttributesToGet = []string{"clinic"} }), "AttributesToGet would"},
		{"query: select", query(func(in *dynamodb.QueryInput) { in.Select = types.SelectSpecificAttributes }), `Select "SPECIFIC_ATTRIBUTES"`},
		{"query: unknown index", query(func(in *dynamodb.QueryInput) { in.IndexName = aws.String("by-name") }), `index "by-name" is unknown`},
		{"query: start at an item", query(func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = admission("ada", "1") }), `ExclusiveStartKey has "name"`},

		{"scan: filter on ciphertext", scan(func(in *dynamodb.ScanInput) {
			in.FilterExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = cond, names, secrets
		}), `the filter names "name"`},
		{"scan: legacy filter", scan(func(in *dynamodb.ScanInput) { in.ScanFilter = filter }), "ScanFilter is a legacy"},
		{"scan: legacy operator", scan(func(in *dynamodb.ScanInput) { in.ConditionalOperator = "OR" }), "ConditionalOperator is a legacy"},
		{"scan: projection", scan(func(in *dynamodb.ScanInput) { in.ProjectionExpression = aws.String("clinic") }), "ProjectionExpression would"},
		{"scan: legacy projection", scan(func(in *dynamodb.ScanInput) { in.AttributesToGet = []string{"clinic"} }), "AttributesToGet would"},
		{"scan: select", scan(func(in *dynamodb.ScanInput) { in.Select = types.SelectAllProjectedAttributes }), `Select "ALL_PROJECTED_ATTRIBUTES"`},
		{"scan: start at an item", scan(func(in *dynamodb.ScanInput) { in.ExclusiveStartKey = admission("ada", "1") }), `ExclusiveStartKey has "name"`},

		{"batch get: projection", batchGet("patients", types.KeysAndAttributes{ProjectionExpression: aws.String("clinic")}), "ProjectionExpression would"},
		{"batch get: legacy projection", batchGet("patients", types.KeysAndAttributes{AttributesToGet: []string{"clinic"}}), "AttributesToGet would"},
		{"batch get: more than a key", batchGet("patients", types.KeysAndAttributes{Keys: []map[string]types.AttributeValue{admission("ada", "1")}}), `"name" is not part`},
		{"batch get: bad name", batchGet("pat ients", types.KeysAndAttributes{}), "can't be told"},
		{"batch write: reserved", batchWrite("patients", types.WriteRequest{PutRequest: &types.PutRequest{
			Item: with(admission("ada", "1"), "*amzn-ddb-map-desc*", s("x"))}}), "reserved"},
		{"batch write: nothing", batchWrite("patients", types.WriteRequest{}), "request 0: it has to have one of"},
		{"batch write: both", batchWrite("patients", types.WriteRequest{PutRequest: &types.PutRequest{Item: admission("ada", "1")},
			DeleteRequest: &types.DeleteRequest{Key: key}}), "request 0: it has to have one of"},
		{"batch write: more than a key", batchWrite("patients", types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: admission("ada", "1")}}), `"name" is not part`},
		{"batch write: bad name", batchWrite("arn:aws:dynamodb:eu-central-1:1:table/", types.WriteRequest{PutRequest: &types.PutRequest{Item: admission("ada", "1")}}), "can't be told"},

		{"transaction: condition of a put", transact(types.TransactWriteItem{Put: &types.Put{TableName: name, Item: admission("ada", "1"),
			ConditionExpression: cond, ExpressionAttributeNames: names, ExpressionAttributeValues: secrets}}), `entry 1: TransactWriteItems on table "patients": request refused: the condition names "name"`},
		{"transaction: condition of a delete", transact(types.TransactWriteItem{Delete: &types.Delete{TableName: name, Key: key,
			ConditionExpression: cond, ExpressionAttributeNames: names, ExpressionAttributeValues: secrets}}), `the condition names "name"`},
		{"transaction: condition check", transact(types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: name, Key: key,
			ConditionExpression: cond, ExpressionAttributeNames: names, ExpressionAttributeValues: secrets}}), `the condition names "name"`},
		{"transaction: update", transact(types.TransactWriteItem{Update: &types.Update{TableName: name, Key: key,
			UpdateExpression: aws.String("SET #x = :s"), ExpressionAttributeNames: names, ExpressionAttributeValues: secrets}}), `the update names "name"`},
		{"transaction: condition of an update", transact(types.TransactWriteItem{Update: &types.Update{TableName: name, Key: key, UpdateExpression: aws.String("SET #v = :s"),
			ConditionExpression: cond, ExpressionAttributeNames: names, ExpressionAttributeValues: secrets}}), `the condition names "name"`},
		{"transaction: put without a key", transact(types.TransactWriteItem{Put: &types.Put{TableName: name, Item: avItem{}}}), "has no value"},
		{"transaction: more than a key", transact(types.TransactWriteItem{Delete: &types.Delete{TableName: name, Key: admission("ada", "1")}}), `"name" is not part`},
		{"transaction: check of more than a key", transact(types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{TableName: name, Key: admission("ada", "1"),
			ConditionExpression: aws.String("attribute_exists(name)")}}), `"name" is not part`},
		{"transaction: empty entry", transact(types.TransactWriteItem{}), "one action"},
		{"transaction: two actions", transact(types.TransactWriteItem{Put: &types.Put{TableName: aws.String("another"), Item: key},
			Delete: &types.Delete{TableName: name, Key: key}}), "one action"},
		{"transaction: bad name", transact(types.TransactWriteItem{Put: &types.Put{TableName: aws.String("patients/"), Item: admission("ada", "1")}}), "can't be told"},
		{"transaction of gets: projection", transactGet(types.TransactGetItem{Get: &types.Get{TableName: name, Key: key, ProjectionExpression: aws.String("clinic")}}), "ProjectionExpression would"},
		{"transaction of gets: more than a key", transactGet(types.TransactGetItem{Get: &types.Get{TableName: name, Key: admission("ada", "1")}}), `"name" is not part`},

		{"statement", statement(inserting), "PartiQL would store plaintext"},
		{"statement, table untold", statement("EXEC something"), "can't be told"},
		{"statements", func() error {
			_, err := db.BatchExecuteStatement(ctx, &dynamodb.BatchExecuteStatementInput{Statements: []types.BatchStatementRequest{
				{Statement: aws.String(`SELECT * FROM another WHERE a = 1`)}, {Statement: aws.String(inserting)}}})
			return err
		}(), "statement 1: ddbenc: BatchExecuteStatement on table \"patients\""},
		{"transaction of statements", func() error {
			_, err := db.ExecuteTransaction(ctx, &dynamodb.ExecuteTransactionInput{TransactStatements: []types.ParameterizedStatement{{Statement: aws.String(inserting)}}})
			return err
		}(), "PartiQL would"},
		{"vectors", func() error {
			_, err := db.SearchVectors(ctx, &dynamodb.SearchVectorsInput{TableName: name, IndexName: aws.String("x"), SearchVector: []types.AttributeValue{n("1")}, TopK: aws.Int32(1)})
			return err
		}(), "the results could not be verified"},
		{"bulk put", func() error {
			_, err := db.StartBulkPutItems(ctx, &dynamodb.StartBulkPutItemsInput{TableName: name,
				InputS3Configuration:  &types.InputS3Configuration{S3Bucket: aws.String("b"), InputFormat: "DYNAMODB_JSON"},
				OutputS3Configuration: &types.OutputS3Configuration{S3Bucket: aws.String("b"), OutputType: []types.OutputTypeEnum{"X"}}})
			return err
		}(), "plaintext would be stored"},
	} {
		if !errors.Is(tc.err, ddbenc.ErrRefused) || !strings.Contains(tc.err.Error(), tc.want) {
			t.Errorf("%s: got %v, want a refusal with %q", tc.name, tc.err, tc.want)
		}
		if tc.err != nil && strings.Contains(tc.err.Error(), secret) {
			t.Errorf("%s: a value is in the text: %v", tc.name, tc.err)
		}
	}
	if w.requests() > 0 {
		t.Errorf("sent all the same: %s %s", w.ops, w.bodies)
	}
}

// The same requests pass untouched when they are for another table.
func TestClientLeavesOthersAlone(t *testing.T) {
	db, w := scripted(func(string, string) (int, string) { return 200, "{}" }, rawPatients(t, "patients"))
	ctx := t.Context()
	name := aws.String("another")
	_, err1 := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: admission("ada", "1"),
		Expected: map[string]types.ExpectedAttributeValue{"name": {Exists: aws.Bool(false)}}})
	_, err2 := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: admissionKey("ada", "1"), UpdateExpression: aws.String("SET clinic = :c"),
		ExpressionAttributeValues: avItem{":c": s("x")}})
	_, err3 := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: avItem{"id": s("x")}, ProjectionExpression: aws.String("name")})
	_, err4 := db.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: aws.String("SELECT name FROM another WHERE id = 'x'")})
	_, err5 := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("patients")})
	_, err6 := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"another": {{PutRequest: &types.PutRequest{Item: admission("ada", "1")}}}}})
	_, err7 := db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"another": {Keys: []map[string]types.AttributeValue{{"id": s("x")}}}}})
	_, err8 := db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: name, Item: admission("ada", "1")}}}})
	_, err9 := db.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: name, Key: avItem{"id": s("x")}}}}})
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9); err != nil {
		t.Error(err)
	}
	if w.requests() != 9 || !strings.Contains(w.bodies[0], secret) {
		t.Errorf("sent: %s %s", w.ops, w.bodies)
	}
}

// Tables that can't go together, and no table, fail every call.
func TestEncryptedConfig(t *testing.T) {
	patients := rawPatients(t, "patients")
	var none *ddbenc.Table[Admission]
	for name, tables := range map[string][]ddbenc.ClientTable{
		"two of a name":     {patients, rawPatients(t, "patients")},
		"by name and ARN":   {patients, rawPatients(t, "arn:aws:dynamodb:eu-central-1:123456789012:table/patients")},
		"nil":               {patients, nil},
		"a nil typed table": {none},
		"a nil raw table":   {(*ddbenc.RawTable)(nil)},
	} {
		db, w := scripted(nil, tables...)
		_, err := db.ListTables(t.Context(), &dynamodb.ListTablesInput{})
		if !errors.Is(err, ddbenc.ErrConfig) || w.requests() > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
