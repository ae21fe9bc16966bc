package ddbenc_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// A job saves where it is behind each item, and goes on there after a crash.
func ExampleTable_QueryPages() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)
	visits := expression.Key("patient_id").Equal(expression.Value("p-1"))

	var saved []byte // in a file or a table of the program
	for page, err := range patients.QueryPages(ctx, visits, ddbenc.PageSize(100)) {
		if err != nil {
			log.Fatal(err)
		}
		for i, p := range page.Items {
			fmt.Println("visit", p.Visit, p.Notes)
			saved, _ = page.After(i).MarshalText()
			break // the crash
		}
	}

	var at ddbenc.Cursor
	if err := at.UnmarshalText(saved); err != nil {
		log.Fatal(err)
	}
	for page, err := range patients.QueryPages(ctx, visits, ddbenc.PageSize(100), ddbenc.Resume(at)) {
		if err != nil {
			log.Fatal(err)
		}
		for _, p := range page.Items {
			fmt.Println("visit", p.Visit, p.Notes)
		}
		fmt.Println("the end:", page.Next.IsZero())
	}
	// Output:
	// visit 1 [cough]
	// visit 2 [better]
	// the end: true
}

// The pages of a web API: each answer has a token for the next one, which only the
// same user can use, and only for the same query.
func ExamplePageTokens() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	key := make([]byte, 32) // the same in all instances of the service
	rand.Read(key)
	tokens, err := ddbenc.NewPageTokens(24*time.Hour, key)
	if err != nil {
		log.Fatal(err)
	}

	visits := func(user, patient, token string) (notes []string, next string, err error) {
		of := expression.Key("patient_id").Equal(expression.Value(patient))
		page, err := ddbenc.OnePage(patients.QueryPages(ctx, of, ddbenc.Limit(1), tokens.Resume(token, user)))
		if err != nil {
			return nil, "", err
		}
		for _, p := range page.Items {
			notes = append(notes, p.Notes...)
		}
		return notes, tokens.Seal(page.Next, user), nil
	}

	notes, next, err := visits("nurse-7", "p-1", "")
	fmt.Println(notes, err)
	_, _, err = visits("nurse-8", "p-1", next)
	fmt.Println(errors.Is(err, ddbenc.ErrPageToken), err)
	_, _, err = visits("nurse-7", "p-2", next)
	fmt.Println(errors.Is(err, ddbenc.ErrPageToken), err)
	notes, _, err = visits("nurse-7", "p-1", next)
	fmt.Println(notes, err)
	// Output:
	// [cough] <nil>
	// true ddbenc: Query on table "patients": bad page token
	// true ddbenc: Query on table "patients": bad page token
	// [better] <nil>
}

// A scan reads four parts of the table at the same time. The items come in no
// order.
func ExampleSegments() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	var visits []string
	for p, err := range patients.Scan(ctx, ddbenc.Segments(4)) {
		if err != nil {
			log.Fatal(err)
		}
		visits = append(visits, fmt.Sprint(p.ID, " ", p.Visit))
	}
	slices.Sort(visits)
	fmt.Println(visits)
	n, err := patients.ScanCount(ctx, ddbenc.Segments(4))
	fmt.Println(n, err)
	// Output:
	// [p-1 1 p-1 2 p-2 1]
	// 3 <nil>
}

// Two machines share a scan, each with a position of its own.
func ExampleSegment() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	var saved [2]ddbenc.Cursor // each machine has its own
	items := 0
	for machine := range 2 {
		for page, err := range patients.ScanPages(ctx, ddbenc.Segment(machine, 2), ddbenc.Resume(saved[machine])) {
			if err != nil {
				log.Fatal(err)
			}
			items += len(page.Items)
			saved[machine] = page.Next
		}
	}
	fmt.Println(items, "items")
	// Output:
	// 3 items
}

// An index has only keys. What it says is shown in a list, unchecked; the item that
// is picked is read from the table, and verified.
func ExampleNewUnverifiedReader() {
	ctx := context.Background()
	schema, err := ddbenc.SchemaOf[Patient]()
	if err != nil {
		log.Fatal(err)
	}
	create := schema.CreateTableInput("patients")
	create.GlobalSecondaryIndexes[0].Projection = &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	db := ddbenctest.NewDynamoDB(nil)
	if _, err := db.CreateTable(ctx, create); err != nil {
		log.Fatal(err)
	}
	patients, err := ddbenc.NewTable[Patient](db, "patients", crypt.NewDDBEC(testProvider))
	if err != nil {
		log.Fatal(err)
	}
	if err := patients.Put(ctx, &Patient{ID: "p-1", Visit: 1, Name: "Ada", Clinic: "north"}); err != nil {
		log.Fatal(err)
	}

	type Row struct {
		ID    string `dynamodbav:"patient_id"`
		Visit int64  `dynamodbav:"visit"`
	}
	rows, err := ddbenc.NewUnverifiedReader[Row](patients)
	if err != nil {
		log.Fatal(err)
	}
	north := expression.Key("clinic").Equal(expression.Value("north"))
	for u, err := range rows.Query(ctx, north, ddbenc.Index("by-clinic")) {
		if err != nil {
			log.Fatal(err)
		}
		row := u.Unchecked()
		p, err := patients.Get(ctx, ddbenc.Key(row.ID, row.Visit))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.ID, row.Visit, "is", p.Name)
	}

	type Named struct {
		ID   string `dynamodbav:"patient_id"`
		Name string `dynamodbav:"name"`
	}
	_, err = ddbenc.NewUnverifiedReader[Named](patients)
	fmt.Println(err)
	// Output:
	// p-1 1 is Ada
	// ddbenc: Named.Name: dynamodbav:"name": attribute "name" is stored encrypted: read whole items from the table
}
