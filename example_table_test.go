package ddbenc_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
)

// examplePatients opens a table with three visits of two patients, and returns
// its DynamoDB too.
func examplePatients(ctx context.Context) (*dynamodb.Client, *ddbenc.Table[Patient]) {
	db := ddbenctest.NewDynamoDB(nil)
	schema, err := ddbenc.SchemaOf[Patient]()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.CreateTable(ctx, schema.CreateTableInput("patients")); err != nil {
		log.Fatal(err)
	}
	patients, err := ddbenc.NewTable[Patient](db, "patients", crypt.NewDDBEC(testProvider))
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range []Patient{
		{ID: "p-1", Visit: 1, Name: "Ada", Notes: []string{"cough"}, Clinic: "north", Views: 2},
		{ID: "p-1", Visit: 2, Name: "Ada", Notes: []string{"better"}, Clinic: "south"},
		{ID: "p-2", Visit: 1, Name: "Grace", Notes: []string{"check"}, Clinic: "north"},
	} {
		if err := patients.Put(ctx, &p); err != nil {
			log.Fatal(err)
		}
	}
	return db, patients
}

// Everything that is wrong is reported at once, before the first item.
func ExampleNewTable_mistakes() {
	type Card struct {
		Number string `dynamodbav:"number,partition" ddbenc:"encrypt"`
		Holder string `dynamodbav:"holder" ddbenc:"encrpyt"`
	}
	_, err := ddbenc.NewTable[Card](ddbenctest.NewDynamoDB(nil), "cards", crypt.NewDDBEC(testProvider))
	fmt.Println(errors.Is(err, ddbenc.ErrSchema))
	fmt.Println(err)
	// Output:
	// true
	// ddbenc: Card.Holder: ddbenc:"encrpyt": unknown action "encrpyt"; did you mean "encrypt"?
	// ddbenc: Card.Number: ddbenc:"encrypt": a key of the table can't be encrypted: DynamoDB finds items by its value; did you mean "sign"?
}

// A table that was restored under another name keeps the name that its items
// were signed with.
func ExampleLogicalName() {
	ctx := context.Background()
	db, _ := examplePatients(ctx)
	schema, _ := ddbenc.SchemaOf[Patient]()
	if _, err := db.CreateTable(ctx, schema.CreateTableInput("patients-restored")); err != nil {
		log.Fatal(err)
	}
	all, err := db.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("patients")})
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range all.Items {
		if _, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("patients-restored"), Item: item}); err != nil {
			log.Fatal(err)
		}
	}

	format := crypt.NewDDBEC(testProvider)
	for _, opts := range [][]ddbenc.TableOption{nil, {ddbenc.LogicalName("patients")}} {
		restored, err := ddbenc.NewTable[Patient](db, "patients-restored", format, opts...)
		if err != nil {
			log.Fatal(err)
		}
		p, err := restored.Get(ctx, ddbenc.Key("p-1", 1))
		fmt.Println(p != nil, errors.Is(err, ddbenc.ErrVerify))
	}
	// Output:
	// false true
	// true false
}

func ExampleTable_Get() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	p, err := patients.Get(ctx, ddbenc.Key("p-1", 2), ddbenc.ConsistentRead())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Name, p.Notes)

	_, err = patients.Get(ctx, ddbenc.Key("p-9", 1))
	fmt.Println(errors.Is(err, ddbenc.ErrNotFound), err)
	// Output:
	// Ada [better]
	// true ddbenc: GetItem on table "patients": item not found
}

// A key that can't be one of the table's is refused before anything is sent.
func ExampleKey() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	_, err := patients.Get(ctx, ddbenc.Key("p-1"))
	fmt.Println(err)
	_, err = patients.Get(ctx, ddbenc.Key("p-1", "the first"))
	fmt.Println(err)
	// Output:
	// ddbenc: GetItem on table "patients": request refused: the key has 1 values, want 2: "patient_id", "visit"
	// ddbenc: GetItem on table "patients": request refused: key attribute "visit" has the type int64: a value of type string does not convert to it without loss
}

func ExampleReturnOld() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	var old *Patient
	err := patients.Delete(ctx, ddbenc.Key("p-1", 1), ddbenc.ReturnOld(&old))
	fmt.Println(old.Name, old.Notes, err)
	err = patients.Delete(ctx, ddbenc.Key("p-1", 1), ddbenc.ReturnOld(&old))
	fmt.Println(old, err)
	// Output:
	// Ada [cough] <nil>
	// <nil> <nil>
}

func ExampleIf() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	isNew := expression.Name("patient_id").AttributeNotExists()
	err := patients.Put(ctx, &Patient{ID: "p-1", Visit: 1, Name: "Eve", Clinic: "north"}, ddbenc.If(isNew), ddbenc.ReturnCurrent())

	var failed *ddbenc.ConditionError[Patient]
	if errors.As(err, &failed) {
		fmt.Println(failed)
		fmt.Println("stored is", failed.Current.Name)
	}
	// Output:
	// ddbenc: PutItem on table "patients": condition failed
	// stored is Ada
}

// DynamoDB holds the name as ciphertext, which is equal to nothing.
func ExampleIf_encrypted() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	isAda := expression.Name("name").Equal(expression.Value("Ada"))
	err := patients.Delete(ctx, ddbenc.Key("p-1", 1), ddbenc.If(isAda))
	fmt.Println(errors.Is(err, ddbenc.ErrRefused))
	fmt.Println(err)
	// Output:
	// true
	// ddbenc: DeleteItem on table "patients": request refused: the condition names "name", which is stored encrypted, so DynamoDB would look at ciphertext: ask for its existence or size only, compare after reading, or tag the field ddbenc:"sign"
}

func ExampleTable_Query() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	visits := expression.Key("patient_id").Equal(expression.Value("p-1"))
	for p, err := range patients.Query(ctx, visits, ddbenc.Descending()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.Visit, p.Name, p.Notes)
	}
	n, err := patients.QueryCount(ctx, visits)
	fmt.Println(n, err)
	// Output:
	// 2 Ada [better]
	// 1 Ada [cough]
	// 2 <nil>
}

func ExampleIndex() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	north := expression.Key("clinic").Equal(expression.Value("north"))
	seen := expression.Name("views").GreaterThan(expression.Value(0))
	for p, err := range patients.Query(ctx, north, ddbenc.Index("by-clinic"), ddbenc.Filter(seen)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(p.ID, p.Visit, p.Name)
	}
	// Output:
	// p-1 1 Ada
}

// A loop can be taken up again behind any item that it gave.
func ExampleStartAfter() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	visits := expression.Key("patient_id").Equal(expression.Value("p-1"))
	var last Patient
	for p, err := range patients.Query(ctx, visits, ddbenc.Limit(1)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("first page:", p.Visit)
		last = p
	}
	for p, err := range patients.Query(ctx, visits, ddbenc.Limit(1), ddbenc.StartAfter(&last)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("second page:", p.Visit)
	}
	// Output:
	// first page: 1
	// second page: 2
}

// Someone changed an item in the table. The others can still be read.
func ExampleContinueOnItemError() {
	ctx := context.Background()
	db, patients := examplePatients(ctx)
	if _, err := db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String("patients"),
		Key: map[string]types.AttributeValue{
			"patient_id": &types.AttributeValueMemberS{Value: "p-1"},
			"visit":      &types.AttributeValueMemberN{Value: "1"},
		},
		UpdateExpression:          aws.String("SET clinic = :c"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":c": &types.AttributeValueMemberS{Value: "south"}},
	}); err != nil {
		log.Fatal(err)
	}

	visits := expression.Key("patient_id").Equal(expression.Value("p-1"))
	for p, err := range patients.Query(ctx, visits, ddbenc.ContinueOnItemError()) {
		var bad *ddbenc.ItemError
		switch {
		case errors.As(err, &bad):
			fmt.Println(bad)
			fmt.Println("its visit is", bad.Key()["visit"].(*types.AttributeValueMemberN).Value)
		case err != nil:
			log.Fatal(err)
		default:
			fmt.Println(p.Visit, p.Name)
		}
	}
	// Output:
	// ddbenc: Query on table "patients": item with key (patient_id, visit): item failed verification
	// its visit is 1
	// 2 Ada
}

// One item is written and read under other actions than the rest.
func ExampleWithEncryptor() {
	ctx := context.Background()
	db, patients := examplePatients(ctx)
	readable, err := crypt.NewDDBEC(testProvider).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "patient_id", SortKey: "visit",
		Actions: crypt.Actions{Default: crypt.SignOnly},
	})
	if err != nil {
		log.Fatal(err)
	}
	test := &Patient{ID: "test", Visit: 1, Name: "nobody", Clinic: "none"}
	if err := patients.Put(ctx, test, ddbenc.WithEncryptor(readable)); err != nil {
		log.Fatal(err)
	}
	raw, err := db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("patients"),
		Key: map[string]types.AttributeValue{
			"patient_id": &types.AttributeValueMemberS{Value: "test"},
			"visit":      &types.AttributeValueMemberN{Value: "1"},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored as", raw.Item["name"].(*types.AttributeValueMemberS).Value)
	p, err := patients.Get(ctx, ddbenc.Key("test", 1), ddbenc.WithEncryptor(readable))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("read as", p.Name)
	// Output:
	// stored as nobody
	// read as nobody
}

func ExampleTable_Scan() {
	ctx := context.Background()
	_, patients := examplePatients(ctx)

	unseen := expression.Name("views").Equal(expression.Value(0))
	n, err := patients.ScanCount(ctx, ddbenc.Filter(unseen))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "visits that nobody has looked at")
	names := map[string]bool{}
	for p, err := range patients.Scan(ctx, ddbenc.PageSize(100)) {
		if err != nil {
			log.Fatal(err)
		}
		names[p.Name] = true
	}
	fmt.Println(names)
	// Output:
	// 2 visits that nobody has looked at
	// map[Ada:true Grace:true]
}
