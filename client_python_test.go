package ddbenc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// How an encrypted client compares with the helper clients of the Python library,
// behaviour by behaviour. Spec: Python helper clients. docs/from-python.md tells
// the same to people.
func TestLikeThePythonClients(t *testing.T) {
	const (
		same    = "same"
		better  = "better"
		refuses = "refused"
	)
	ada, bob := admission("ada", "1"), admission("bob", "1")
	adaKey, bobKey := admissionKey("ada", "1"), admissionKey("bob", "1")
	for _, tc := range []struct {
		python, here, how string
		check             func(t *testing.T, c *clinicDB) error
	}{
		{"get_item decrypts Item", same, "", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &c.table, Key: adaKey})
			return equal(err, ada, orEmpty(out).Item)
		}},
		{"get_item without an Item is returned unchanged", same, "", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &c.table, Key: admissionKey("nobody", "1")})
			return equal(err, nil, orEmpty(out).Item)
		}},
		{"put_item encrypts Item", same, "", func(t *testing.T, c *clinicDB) error {
			_, err := c.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: ada})
			if stored := c.stored(t, adaKey); leaks(string(must(codec.MarshalItem(stored)))) {
				return fmt.Errorf("stored %v", stored)
			}
			return err
		}},
		{"put_item with ALL_OLD returns the old item encrypted", better, "decrypted", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: ada, ReturnValues: "ALL_OLD"})
			return equal(err, ada, orEmpty(out).Attributes)
		}},
		{"put_item sends conditions unchanged, on encrypted attributes too", better, "those are refused, since DynamoDB would compare ciphertext", func(t *testing.T, c *clinicDB) error {
			_, err := c.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: ada, ConditionExpression: aws.String("notes <> :n"),
				ExpressionAttributeValues: avItem{":n": s(secret)}})
			return wantRefusal(err)
		}},
		{"delete_item passes; the old item comes back encrypted", better, "decrypted", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &c.table, Key: adaKey, ReturnValues: "ALL_OLD"})
			return equal(err, ada, orEmpty(out).Attributes)
		}},
		{"update_item is not implemented", better, "works on attributes that are not signed", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &c.table, Key: adaKey, UpdateExpression: aws.String("ADD #v :one"), ReturnValues: "ALL_NEW",
				ExpressionAttributeNames: map[string]string{"#v": "views"}, ExpressionAttributeValues: avItem{":one": n("1")}})
			return equal(err, with(ada, "views", n("2")), orEmpty(out).Attributes)
		}},
		{"update_item is not implemented", refuses, "of signed attributes, where Table.Update reads, verifies and signs again", func(t *testing.T, c *clinicDB) error {
			_, err := c.db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: &c.table, Key: adaKey, UpdateExpression: aws.String("SET notes = :n"), ExpressionAttributeValues: avItem{":n": s("x")}})
			return wantRefusal(err)
		}},
		{"query decrypts every item of the page", same, "", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.Query(t.Context(), &dynamodb.QueryInput{TableName: &c.table, KeyConditionExpression: aws.String("patient_id = :p"), ExpressionAttributeValues: avItem{":p": s("ada")}})
			return equal(err, []map[string]types.AttributeValue{ada}, orEmpty(out).Items)
		}},
		{"the paginators of query and scan decrypt", same, "with the SDK's own paginators", func(t *testing.T, c *clinicDB) error {
			p := dynamodb.NewScanPaginator(c.db, &dynamodb.ScanInput{TableName: &c.table})
			page, err := p.NextPage(t.Context())
			return equal(err, 2, len(orEmpty(page).Items))
		}},
		{"the first item that fails fails the page, with its exception", same, "the error names its key; Table.Scan and Table.Query can go on", func(t *testing.T, c *clinicDB) error {
			c.tamper(t, bobKey)
			_, err := c.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &c.table})
			var item *ddbenc.ItemError
			if !errors.As(err, &item) || !errors.Is(err, ddbenc.ErrVerify) {
				return fmt.Errorf("got %v", err)
			}
			return equal(nil, bobKey, avItem(item.Key()))
		}},
		{"a table that mixes encrypted and plaintext items can't be scanned", better, "Table.Scan yields an error for each item and goes on", func(t *testing.T, c *clinicDB) error {
			if _, err := c.plain.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.table, Item: admissionKey("zoe", "1")}); err != nil {
				return err
			}
			if _, err := c.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &c.table}); !errors.Is(err, ddbenc.ErrNotSigned) {
				return fmt.Errorf("the client: %v", err)
			}
			good, bad := 0, 0
			for _, err := range c.patients.Scan(t.Context(), ddbenc.ContinueOnItemError()) {
				if err == nil {
					good++
				} else {
					bad++
				}
			}
			return equal(nil, [2]int{2, 1}, [2]int{good, bad})
		}},
		{"Select=COUNT fails with a KeyError after the call", better, "returns the count", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &c.table, Select: types.SelectCount})
			return equal(err, int32(2), orEmpty(out).Count)
		}},
		{"projections are refused", same, "", func(t *testing.T, c *clinicDB) error {
			_, err1 := c.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &c.table, Key: adaKey, ProjectionExpression: aws.String("clinic")})
			_, err2 := c.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &c.table, AttributesToGet: []string{"clinic"}})
			_, err3 := c.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &c.table, Select: types.SelectSpecificAttributes})
			return wantRefusal(err1, err2, err3)
		}},
		{"filters on encrypted attributes compare ciphertext", better, "refused", func(t *testing.T, c *clinicDB) error {
			_, err := c.db.Scan(t.Context(), &dynamodb.ScanInput{TableName: &c.table, FilterExpression: aws.String("begins_with(notes, :n)"), ExpressionAttributeValues: avItem{":n": s("x")}})
			return wantRefusal(err)
		}},
		{"batch_get_item decrypts the items of all tables, each with its table's configuration", same, "", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				c.table: {Keys: []map[string]types.AttributeValue{adaKey}}, c.other: {Keys: []map[string]types.AttributeValue{bobKey}}}})
			return equal(err, map[string][]map[string]types.AttributeValue{c.table: {ada}, c.other: {bobKey}}, orEmpty(out).Responses)
		}},
		{"batch_get_item: the first item that fails fails the call", same, "Table.BatchGet has a result for each key", func(t *testing.T, c *clinicDB) error {
			c.tamper(t, bobKey)
			_, err := c.db.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{c.table: {Keys: []map[string]types.AttributeValue{adaKey, bobKey}}}})
			if !errors.Is(err, ddbenc.ErrVerify) {
				return fmt.Errorf("got %v", err)
			}
			return nil
		}},
		{"batch_get_item passes UnprocessedKeys through", same, "", func(t *testing.T, c *clinicDB) error {
			db, _ := scripted(func(string, string) (int, string) {
				return 200, `{"UnprocessedKeys":{"patients":{"Keys":[{"patient_id":{"S":"ada"},"visit":{"N":"1"}}]}}}`
			}, rawPatients(t, "patients"))
			out, err := db.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"patients": {Keys: []map[string]types.AttributeValue{adaKey, bobKey}}}})
			return equal(err, []map[string]types.AttributeValue{adaKey}, orEmpty(out).UnprocessedKeys["patients"].Keys)
		}},
		{"batch_write_item encrypts puts and passes deletes", same, "", func(t *testing.T, c *clinicDB) error {
			_, err := c.db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{c.table: {
				{PutRequest: &types.PutRequest{Item: admission("cyd", "1")}}, {DeleteRequest: &types.DeleteRequest{Key: bobKey}}}}})
			if leaks(string(must(codec.MarshalItem(c.stored(t, admissionKey("cyd", "1")))))) || c.stored(t, bobKey) != nil {
				return errors.New("not so")
			}
			return err
		}},
		{"batch_write_item leaves ciphertext in the caller's request", better, "inputs are never changed", func(t *testing.T, c *clinicDB) error {
			in := map[string][]types.WriteRequest{c.table: {{PutRequest: &types.PutRequest{Item: admission("ada", "1")}}}}
			_, err := c.db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: in})
			return equal(err, ada, in[c.table][0].PutRequest.Item)
		}},
		{"UnprocessedItems are the caller's plaintext, matched by key; without a match they stay ciphertext", better, "without a match the call fails: TestClientMisfitResponses", func(t *testing.T, c *clinicDB) error {
			db, _ := scripted(func(_, body string) (int, string) {
				return 200, strings.Replace(body, "RequestItems", "UnprocessedItems", 1)
			}, rawPatients(t, "patients"))
			out, err := db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"patients": {{PutRequest: &types.PutRequest{Item: ada}}}}})
			return equal(err, ada, orEmpty(out).UnprocessedItems["patients"][0].PutRequest.Item)
		}},
		{"batch_writer buffers and retries", same, "Table.BatchPut and BatchWrite, which send the ciphertext already made", func(t *testing.T, c *clinicDB) error {
			return c.patients.BatchPut(t.Context(), []*Admission{{ID: "cyd", Visit: visitAt(1)}})
		}},
		{"transact_write_items stores plaintext", better, "encrypts", func(t *testing.T, c *clinicDB) error {
			_, err := c.db.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: &c.table, Item: ada}}}})
			if leaks(string(must(codec.MarshalItem(c.stored(t, adaKey))))) {
				return errors.New("plaintext was stored")
			}
			return err
		}},
		{"transact_get_items returns ciphertext", better, "decrypts", func(t *testing.T, c *clinicDB) error {
			out, err := c.db.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: &c.table, Key: adaKey}}}})
			return equal(err, []types.ItemResponse{{Item: ada}}, orEmpty(out).Responses)
		}},
		{"PartiQL stores plaintext and returns ciphertext", refuses, "it would take a parser to encrypt statements", func(t *testing.T, c *clinicDB) error {
			_, err1 := c.db.ExecuteStatement(t.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String(fmt.Sprintf(`SELECT * FROM "%s"`, c.table))})
			_, err2 := c.db.BatchExecuteStatement(t.Context(), &dynamodb.BatchExecuteStatementInput{Statements: []types.BatchStatementRequest{{Statement: aws.String(fmt.Sprintf(`SELECT * FROM "%s"`, c.table))}}})
			_, err3 := c.db.ExecuteTransaction(t.Context(), &dynamodb.ExecuteTransactionInput{TransactStatements: []types.ParameterizedStatement{{Statement: aws.String(fmt.Sprintf(`SELECT * FROM "%s"`, c.table))}}})
			return wantRefusal(err1, err2, err3)
		}},
		{"crypto_config replaces the configuration for one call", same, "Encrypted is an option of a call too", func(t *testing.T, c *clinicDB) error {
			out, err := c.plain.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &c.table, Key: adaKey}, ddbenc.Encrypted(rawPatients(t, c.table)))
			return equal(err, ada, orEmpty(out).Item)
		}},
		{"each table is described before its first use", better, "nothing is sent but what the caller sends", func(t *testing.T, c *clinicDB) error {
			before := c.wire.requests()
			_, err := c.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &c.table, Key: adaKey})
			return equal(err, 1, c.wire.requests()-before)
		}},
		{"EncryptedResource serves many tables by name", same, "Encrypted takes many tables", func(t *testing.T, c *clinicDB) error {
			cards := must(ddbenc.NewRawTable(c.other, crypt.NewDDBEC(testProvider), ddbenc.RawSchema{PartitionKey: "patient_id", SortKey: "visit", Actions: crypt.Actions{Default: crypt.EncryptAndSign}}))
			db, w := watched(c.plain, ddbenc.Encrypted(c.patients, cards))
			for _, name := range []string{c.table, c.other} {
				if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: with(adaKey, "name", s(secret))}); err != nil {
					return err
				}
			}
			w.mustBeSecret(t)
			return nil
		}},
		{"the typed table reads what the client wrote", better, "there is a typed table", func(t *testing.T, c *clinicDB) error {
			for p, err := range c.patients.Query(t.Context(), expression.Key("patient_id").Equal(expression.Value("ada"))) {
				return equal(err, secret, p.Name)
			}
			return errors.New("nothing")
		}},
	} {
		t.Run(tc.python, func(t *testing.T) {
			c := openClinic(t)
			c.put(t, ada)
			c.put(t, bob)
			if _, err := c.plain.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &c.other, Item: bobKey}); err != nil {
				t.Fatal(err)
			}
			if err := tc.check(t, c); err != nil {
				t.Errorf("here %s %s: %v", tc.here, tc.how, err)
			}
			c.wire.mustBeSecret(t)
		})
	}
}

// equal returns err, or an error if got is not want.
func equal(err error, want, got any) error {
	if err != nil {
		return err
	}
	if it, ok := got.(map[string]types.AttributeValue); ok && it == nil {
		got = nil
	}
	if diff := cmp.Diff(want, got, inputs); diff != "" {
		return fmt.Errorf("-want +got:\n%s", diff)
	}
	return nil
}

// wantRefusal returns an error if one of errs is no refusal.
func wantRefusal(errs ...error) error {
	for _, err := range errs {
		if !errors.Is(err, ddbenc.ErrRefused) {
			return fmt.Errorf("got %v, want a refusal", err)
		}
	}
	return nil
}
