package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

func ExampleTable_Update() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	p, err := patients.Update(ctx, ddbenc.Key("p-1", 1), func(p *Patient) error {
		p.Notes = append(p.Notes, "seen") // may be called again, with the item as it is then
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Name, p.Notes)

	_, err = patients.Update(ctx, ddbenc.Key("p-3", 1), func(p *Patient) error { return nil })
	fmt.Println(errors.Is(err, ddbenc.ErrNotFound))
	// Output:
	// Ada [cough seen]
	// true
}

// The function sees the item verified, and can refuse to change it.
func ExampleTable_Update_refuse() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	errMoved := errors.New("the patient has moved")
	_, err := patients.Update(ctx, ddbenc.Key("p-1", 2), func(p *Patient) error {
		if p.Clinic != "north" {
			return errMoved
		}
		p.Notes = append(p.Notes, "discharged")
		return nil
	})
	fmt.Println(errors.Is(err, errMoved))
	// Output: true
}

func ExampleCreateIfAbsent() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	count := func(p *Patient) error {
		p.Clinic = "north"
		p.Views++
		return nil
	}
	for range 2 {
		p, err := patients.Update(ctx, ddbenc.Key("p-3", 1), count, ddbenc.CreateIfAbsent())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.ID, p.Views)
	}
	// Output:
	// p-3 1
	// p-3 2
}

// A Contract has versions, so that no change of another is overwritten unseen.
type Contract struct {
	ID    string `dynamodbav:"id,partition"`
	Terms string `dynamodbav:"terms" ddbenc:"encrypt"`
	Rev   int    `dynamodbav:"rev,version"`
}

func Example_version() {
	ctx := context.Background()
	db := ddbenctest.NewDynamoDB(nil)
	schema, err := ddbenc.SchemaOf[Contract]()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.CreateTable(ctx, schema.CreateTableInput("contracts")); err != nil {
		log.Fatal(err)
	}
	contracts, err := ddbenc.NewTable[Contract](db, "contracts", crypt.NewDDBEC(testProvider))
	if err != nil {
		log.Fatal(err)
	}

	mine := Contract{ID: "c-1", Terms: "net 30"}
	if err := contracts.Put(ctx, &mine); err != nil { // there must be none yet
		log.Fatal(err)
	}
	theirs := mine
	theirs.Terms = "net 60"
	if err := contracts.Put(ctx, &theirs); err != nil {
		log.Fatal(err)
	}
	fmt.Println("theirs has version", theirs.Rev)

	mine.Terms = "net 14"
	var failed *ddbenc.ConditionError[Contract]
	if err := contracts.Put(ctx, &mine, ddbenc.ReturnCurrent()); errors.As(err, &failed) {
		fmt.Println("mine has version", mine.Rev, "and", failed.Current.Terms, "is stored")
	}
	fmt.Println(contracts.Delete(ctx, ddbenc.Key("c-1"), ddbenc.IfVersion(failed.Current.Rev)))
	// Output:
	// theirs has version 2
	// mine has version 1 and net 60 is stored
	// <nil>
}

// A Login is deleted by DynamoDB when it has expired, some time later.
type Login struct {
	User    string    `dynamodbav:"user,partition"`
	Token   string    `dynamodbav:"token" ddbenc:"encrypt"`
	Expires time.Time `dynamodbav:"expires,ttl,unixtime"`
}

func ExampleHideExpired() {
	ctx := context.Background()
	db := ddbenctest.NewDynamoDB(nil)
	schema, err := ddbenc.SchemaOf[Login]()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.CreateTable(ctx, schema.CreateTableInput("logins")); err != nil {
		log.Fatal(err)
	}
	if _, err := db.UpdateTimeToLive(ctx, schema.TimeToLiveInput("logins")); err != nil {
		log.Fatal(err)
	}
	logins, err := ddbenc.NewTable[Login](db, "logins", crypt.NewDDBEC(testProvider))
	if err != nil {
		log.Fatal(err)
	}
	if err := logins.Put(ctx, &Login{User: "ada", Token: "t-1", Expires: time.Now().Add(-time.Hour)}); err != nil {
		log.Fatal(err)
	}

	_, err = logins.Get(ctx, ddbenc.Key("ada"))
	fmt.Println("stored:", err == nil)
	_, err = logins.Get(ctx, ddbenc.Key("ada"), ddbenc.HideExpired())
	fmt.Println("hidden:", errors.Is(err, ddbenc.ErrNotFound))
	// Output:
	// stored: true
	// hidden: true
}

// A Profile tells what was never asked from what is empty.
type Profile struct {
	User  string  `dynamodbav:"user,partition"`
	Email *string `dynamodbav:"email,omitempty"`
	Phone *string `dynamodbav:"phone"`
}

func Example_absentNullAndEmpty() {
	ctx := context.Background()
	db := ddbenctest.NewDynamoDB(nil)
	schema, err := ddbenc.SchemaOf[Profile]()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.CreateTable(ctx, schema.CreateTableInput("profiles")); err != nil {
		log.Fatal(err)
	}
	profiles, err := ddbenc.NewTable[Profile](db, "profiles", crypt.NewDDBEC(testProvider))
	if err != nil {
		log.Fatal(err)
	}
	if err := profiles.Put(ctx, &Profile{User: "ada", Email: new("ada@example.com")}); err != nil {
		log.Fatal(err)
	}

	// Emptied, the e-mail is stored as an empty text; set to nil, it is removed.
	for _, email := range []*string{new(""), nil} {
		p, err := profiles.Update(ctx, ddbenc.Key("ada"), func(p *Profile) error { p.Email = email; return nil })
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.Email != nil, p.Phone != nil)
	}
	// Output:
	// true false
	// false false
}

func ExampleTable_Patch() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	p, err := patients.Patch(ctx, &Patient{ID: "p-1", Visit: 1, Clinic: "east"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Name, p.Clinic)
	// Output: Ada east
}

// A second pass over the table moves what is stored to today's keys and actions.
func ExampleRewrite() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	n := 0
	for p, err := range patients.Scan(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		_, err := patients.Update(ctx, ddbenc.Key(p.ID, p.Visit), func(*Patient) error { return nil }, ddbenc.Rewrite())
		switch {
		case errors.Is(err, ddbenc.ErrNotFound): // deleted since
		case err != nil:
			log.Fatal(err)
		default:
			n++
		}
	}
	fmt.Println(n, "rewritten")
	// Output: 3 rewritten
}
