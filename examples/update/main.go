// Update changes encrypted items while others change them too: a counter that ten
// writers share, a version that keeps a stale copy from being stored, and a session
// that expires.
//
//	go run ./examples/update
//
// It runs on a DynamoDB inside the process, or on the one at
// AWS_ENDPOINT_URL_DYNAMODB.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/examples/internal/services"
	"github.com/ddbenc/ddbenc/keyring"
)

const tableName = "ddbenc-update"

// An Account is read and changed by many. Its version is 0 until it is stored, and
// one higher after each change.
type Account struct {
	ID      string    `dynamodbav:"account_id,partition"`
	Owner   string    `dynamodbav:"owner" ddbenc:"encrypt"`
	Balance int64     `dynamodbav:"balance" ddbenc:"encrypt"`
	Rev     int64     `dynamodbav:"rev,version"`
	Expires time.Time `dynamodbav:"expires,ttl,unixtime"` // DynamoDB deletes it some time later
}

func main() {
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	accounts, err := open(ctx)
	if err != nil {
		return err
	}
	id := "a-" + rand.Text() // a new one each time
	key := ddbenc.Key(id)

	fmt.Println("1. Put an account. Its version is 0, so there must be none yet.")
	account := Account{ID: id, Owner: "Ada Lovelace", Expires: time.Now().AddDate(1, 0, 0)}
	if err := accounts.Put(ctx, &account); err != nil {
		return err
	}
	fmt.Printf("   balance %d, version %d\n", account.Balance, account.Rev)

	fmt.Println("\n2. Ten writers add 100 each, at the same time. Who comes late reads again.")
	if err := deposit(ctx, accounts, key, 10, 100); err != nil {
		return err
	}
	now, err := accounts.Get(ctx, key, ddbenc.ConsistentRead())
	if err != nil {
		return err
	}
	fmt.Printf("   balance %d, version %d\n", now.Balance, now.Rev)

	fmt.Println("\n3. The function can look at the item, and refuse.")
	errFunds := errors.New("not enough funds")
	_, err = accounts.Update(ctx, key, func(a *Account) error {
		if a.Balance < 5000 {
			return errFunds
		}
		a.Balance -= 5000
		return nil
	})
	if !errors.Is(err, errFunds) {
		return fmt.Errorf("5000 were taken from %d: %w", now.Balance, err)
	}
	fmt.Println("   refused:", err)

	fmt.Println("\n4. The copy from step 1 is stale. To put it would undo the deposits:")
	account.Owner = "Ada King"
	var failed *ddbenc.ConditionError[Account]
	if err := accounts.Put(ctx, &account, ddbenc.ReturnCurrent()); !errors.As(err, &failed) {
		return fmt.Errorf("the stale copy was stored: %w", err)
	}
	fmt.Printf("   refused: version %d is stored, the copy has %d\n", failed.Current.Rev, account.Rev)

	fmt.Println("\n5. Update makes the item if it is allowed to.")
	other, err := accounts.Update(ctx, ddbenc.Key(id+"-2"), func(a *Account) error {
		a.Owner = "Grace Hopper"
		a.Expires = time.Now().Add(-time.Minute)
		return nil
	}, ddbenc.CreateIfAbsent())
	if err != nil {
		return err
	}
	fmt.Printf("   %s, version %d\n", other.Owner, other.Rev)

	fmt.Println("\n6. It has expired, though DynamoDB has not deleted it yet. Reads can hide it:")
	if _, err := accounts.Get(ctx, ddbenc.Key(other.ID), ddbenc.HideExpired()); !errors.Is(err, ddbenc.ErrNotFound) {
		return fmt.Errorf("the expired account was returned: %w", err)
	}
	fmt.Println("   not found")

	fmt.Println("\n7. Delete says which version it means.")
	if err := accounts.Delete(ctx, key, ddbenc.IfVersion(now.Rev)); err != nil {
		return err
	}
	return accounts.Delete(ctx, ddbenc.Key(other.ID), ddbenc.AnyVersion())
}

// open creates the table and opens it.
func open(ctx context.Context) (*ddbenc.Table[Account], error) {
	db, err := services.DynamoDB(ctx)
	if err != nil {
		return nil, err
	}
	if err := services.CreateTable[Account](ctx, db, tableName); err != nil {
		return nil, err
	}
	wrappingKey, signingKey := make([]byte, 32), make([]byte, 32)
	rand.Read(wrappingKey)
	rand.Read(signingKey)
	provider, err := keyring.NewWrapped(wrappingKey, signingKey)
	if err != nil {
		return nil, err
	}
	return ddbenc.NewTable[Account](db, tableName, crypt.NewDDBEC(provider))
}

// deposit adds amount, by each of several writers.
func deposit(ctx context.Context, accounts *ddbenc.Table[Account], key ddbenc.PrimaryKey, writers int, amount int64) error {
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			_, errs[i] = accounts.Update(ctx, key, func(a *Account) error {
				a.Balance += amount
				return nil
			})
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
