package ddbenctest_test

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/ddbenctest"
)

// together runs f for each of n workers and waits.
func together(n int, f func(worker int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// Counters that many clients add to lose nothing, and conditional writes let one
// through.
func TestConcurrentWritesAreLinearizable(t *testing.T) {
	const workers, rounds = 8, 25
	_, db := faultEngine(t)
	var won [rounds]int
	var mu sync.Mutex
	together(workers, func(worker int) {
		for round := range rounds {
			_, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: aws.String("items"), Key: faultItem(0), UpdateExpression: aws.String("ADD n :one"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
			})
			if err != nil {
				t.Error(err)
			}
			_, err = db.PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: aws.String("items"), Item: faultItem(1 + round), ConditionExpression: aws.String("attribute_not_exists(pk)"),
			})
			if err == nil {
				mu.Lock()
				won[round]++
				mu.Unlock()
			} else if _, ok := errors.AsType[*types.ConditionalCheckFailedException](err); !ok {
				t.Error(err)
			}
		}
	})
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("items"), Key: faultItem(0)})
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Item["n"].(*types.AttributeValueMemberN).Value; n != fmt.Sprint(workers*rounds) {
		t.Errorf("the counter is %s, want %d", n, workers*rounds)
	}
	for round, n := range won {
		if n != 1 {
			t.Errorf("round %d was won %d times, want once", round, n)
		}
	}
}

// Money moves between accounts in two tables by transactions while others add it
// up: it is always all there.
func TestConcurrentTransactionsAreSerializable(t *testing.T) {
	const accounts, total = 4, 400
	e := ddbenctest.NewEngine()
	db := e.Client()
	account := func(i int) (table *string, key map[string]types.AttributeValue) {
		return aws.String([]string{"a-t", "b-t"}[i%2]), faultItem(i)
	}
	makeTable(t, db, "a-t")
	makeTable(t, db, "b-t")
	for i := range accounts {
		table, item := account(i)
		item["n"] = &types.AttributeValueMemberN{Value: strconv.Itoa(total / accounts)}
		if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	move := func(i int, by string) types.TransactWriteItem {
		table, key := account(i)
		return types.TransactWriteItem{Update: &types.Update{TableName: table, Key: key, UpdateExpression: aws.String("ADD n :by"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":by": &types.AttributeValueMemberN{Value: by}}}}
	}
	together(6, func(worker int) {
		for round := range 40 {
			if worker < 4 {
				from, to := (worker+round)%accounts, (worker+2*round+1)%accounts
				if from == to {
					continue
				}
				request := &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{move(from, "-3"), move(to, "3")}}
				if _, err := db.TransactWriteItems(t.Context(), request); err != nil {
					t.Error(err)
				}
				continue
			}
			var gets []types.TransactGetItem
			for i := range accounts {
				table, key := account(i)
				gets = append(gets, types.TransactGetItem{Get: &types.Get{TableName: table, Key: key}})
			}
			out, err := db.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: gets})
			if err != nil {
				t.Error(err)
				return
			}
			sum := 0
			for _, r := range out.Responses {
				n, _ := strconv.Atoi(r.Item["n"].(*types.AttributeValueMemberN).Value)
				sum += n
			}
			if sum != total {
				t.Errorf("the accounts hold %d, want %d", sum, total)
			}
		}
	})
}

// Tables, indexes and items change at the same time without a race.
func TestConcurrentTables(t *testing.T) {
	_, db := faultEngine(t)
	index := types.GlobalSecondaryIndexUpdate{Create: &types.CreateGlobalSecondaryIndexAction{
		IndexName: aws.String("by-g"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("g"), KeyType: types.KeyTypeHash}},
	}}
	together(4, func(worker int) {
		for round := range 20 {
			switch worker {
			case 0:
				name := aws.String(fmt.Sprint("extra-", round))
				makeTable(t, db, *name)
				if _, err := db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: name}); err != nil {
					t.Error(err)
				}
			case 1:
				update := index
				if round%2 == 1 {
					update = types.GlobalSecondaryIndexUpdate{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("by-g")}}
				}
				_, err := db.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("items"),
					AttributeDefinitions:        []types.AttributeDefinition{{AttributeName: aws.String("g"), AttributeType: "S"}},
					GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{update}})
				if err != nil {
					t.Error(err)
				}
			default:
				item := faultItem(round % 7)
				item["g"] = &types.AttributeValueMemberS{Value: fmt.Sprint(round % 3)}
				_, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("items"), Item: item,
					ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
				if err != nil {
					t.Error(err)
				}
				countItems(t, db)
			}
		}
	})
}

func TestThousandEnginesLeakNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := range 1000 {
		db := ddbenctest.NewDynamoDB(t)
		if i%100 == 0 {
			makeTable(t, db, "items")
		}
	}
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
