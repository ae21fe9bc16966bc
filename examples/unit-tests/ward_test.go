package ward_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	ward "github.com/ddbenc/ddbenc/examples/unit-tests"
	"github.com/ddbenc/ddbenc/keyring"
)

const table = "patients"

// open returns a store on a DynamoDB of the test's own, which is empty.
func open(t *testing.T) (*ward.Store, *ddbenctest.Engine) {
	t.Helper()
	e := ddbenctest.NewEngine()
	ddbenctest.CreateTable[ward.Patient](t, e.Client(), table)
	key, err := keyring.NewRawAES("tests", "1", bytes.Repeat([]byte{1}, 32)) // as good as any in a test
	if err != nil {
		t.Fatal(err)
	}
	store, err := ward.Open(e.Client(), table, crypt.NewDBESDK(key))
	if err != nil {
		t.Fatal(err)
	}
	return store, e
}

// The first test to write: it fails when somebody edits a tag and a secret is no
// longer one.
func TestSchema(t *testing.T) {
	ddbenctest.RequireEncrypted[ward.Patient](t, "name", "notes")
	ddbenctest.RequireSigned[ward.Patient](t, "patient_id", "clinic", "rev")
	ddbenctest.RequireUnsigned[ward.Patient](t, "views")
}

func TestAdmit(t *testing.T) {
	ctx := t.Context()
	store, e := open(t)
	if err := store.Admit(ctx, "p-1", "Ada Lovelace", "north"); err != nil {
		t.Fatal(err)
	}
	if err := store.Admit(ctx, "p-1", "Somebody Else", "south"); !errors.Is(err, ward.ErrKnown) {
		t.Errorf("admitting p-1 again gives %v", err)
	}
	if err := store.Note(ctx, "p-1", "has a cough"); err != nil {
		t.Fatal(err)
	}
	got, err := store.Patient(ctx, "p-1")
	want := &ward.Patient{ID: "p-1", Name: "Ada Lovelace", Notes: []string{"has a cough"}, Clinic: "north", Rev: 2}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("the patient is %v, -want +got:\n%s", err, diff)
	}
	names, err := store.Names(ctx, "north")
	if err != nil || !slices.Equal(names, []string{"Ada Lovelace"}) {
		t.Errorf("the names are %q, %v", names, err)
	}
	// Of all that was sent, nothing was readable.
	ddbenctest.RequireNoPlaintext(t, e, "Ada Lovelace", "has a cough")
}

// Two people write at the same time. No note is lost.
func TestNoteTogether(t *testing.T) {
	ctx := t.Context()
	store, _ := open(t)
	if err := store.Admit(ctx, "p-1", "Ada Lovelace", "north"); err != nil {
		t.Fatal(err)
	}
	notes := []string{"from the doctor", "from the nurse"}
	var wg sync.WaitGroup
	for _, note := range notes {
		wg.Go(func() {
			if err := store.Note(ctx, "p-1", note); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	p, err := store.Patient(ctx, "p-1")
	if err != nil {
		t.Fatal(err)
	}
	if slices.Sort(p.Notes); !slices.Equal(p.Notes, notes) {
		t.Errorf("the notes are %q, want %q", p.Notes, notes)
	}
}

// The service throttles, and then takes a write whose answer is lost. The note is
// there, and is there once.
func TestNoteInTrouble(t *testing.T) {
	ctx := t.Context()
	store, e := open(t)
	if err := store.Admit(ctx, "p-1", "Ada Lovelace", "north"); err != nil {
		t.Fatal(err)
	}
	e.Fault(ddbenctest.Fault{Operation: "UpdateItem", Code: "ProvisionedThroughputExceededException"})
	e.Fault(ddbenctest.Fault{Operation: "UpdateItem", Skip: 1, LoseResponse: true})
	if err := store.Note(ctx, "p-1", "has a cough"); err != nil {
		t.Fatal(err)
	}
	p, err := store.Patient(ctx, "p-1")
	if err != nil || len(p.Notes) != 1 {
		t.Errorf("the patient has notes %q, %v, want one", p.Notes, err)
	}
}

// Somebody with access to the table moves a patient to another clinic.
func TestTampering(t *testing.T) {
	ctx := t.Context()
	store, e := open(t)
	if err := store.Admit(ctx, "p-1", "Ada Lovelace", "north"); err != nil {
		t.Fatal(err)
	}
	_, err := e.Client().UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 aws.String(table),
		Key:                       map[string]types.AttributeValue{"patient_id": &types.AttributeValueMemberS{Value: "p-1"}},
		UpdateExpression:          aws.String("SET clinic = :c"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":c": &types.AttributeValueMemberS{Value: "south"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := store.Patient(ctx, "p-1"); !errors.Is(err, ddbenc.ErrVerify) || p != nil {
		t.Errorf("the patient is %v, %v, want an error", p, err)
	}
	if names, err := store.Names(ctx, "south"); !errors.Is(err, ddbenc.ErrVerify) {
		t.Errorf("the names are %q, %v, want an error", names, err)
	}
}
