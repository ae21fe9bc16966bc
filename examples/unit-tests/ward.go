// Package ward is a program's own package: it keeps patients in an encrypted table
// and knows nothing of tests. Its tests show how such a package is tested, with the
// real SDK client on a DynamoDB inside the process:
//
//	go test -v ./examples/unit-tests
package ward

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"github.com/ddbenc/ddbenc"
	"github.com/ddbenc/ddbenc/crypt"
)

// A Patient is what is stored of one.
type Patient struct {
	ID     string   `dynamodbav:"patient_id,partition"`
	Name   string   `dynamodbav:"name"`
	Notes  []string `dynamodbav:"notes,omitempty"`
	Clinic string   `dynamodbav:"clinic" dynamodbindex:"by-clinic,global,partition"`
	Views  int      `dynamodbav:"views" ddbenc:"none"`
	Rev    int      `dynamodbav:"rev,version"`
}

// ErrKnown reports a patient who is there already.
var ErrKnown = errors.New("ward: the patient is known")

// A Store keeps patients.
type Store struct{ patients *ddbenc.Table[Patient] }

// Open opens the table. What the store needs is handed in, so that a test can
// hand in something else.
func Open(db ddbenc.DynamoDBAPI, table string, format crypt.Format) (*Store, error) {
	patients, err := ddbenc.NewTable[Patient](db, table, format)
	if err != nil {
		return nil, err
	}
	return &Store{patients: patients}, nil
}

// Admit stores a new patient.
func (s *Store) Admit(ctx context.Context, id, name, clinic string) error {
	err := s.patients.Put(ctx, &Patient{ID: id, Name: name, Clinic: clinic})
	if errors.Is(err, ddbenc.ErrConditionFailed) {
		return fmt.Errorf("%w: %s", ErrKnown, id)
	}
	return err
}

// Note adds a note to what is known of a patient.
func (s *Store) Note(ctx context.Context, id, note string) error {
	_, err := s.patients.Update(ctx, ddbenc.Key(id), func(p *Patient) error {
		p.Notes = append(p.Notes, note)
		return nil
	})
	return err
}

// Patient returns one.
func (s *Store) Patient(ctx context.Context, id string) (*Patient, error) {
	return s.patients.Get(ctx, ddbenc.Key(id), ddbenc.ConsistentRead())
}

// Names returns the names of a clinic's patients.
func (s *Store) Names(ctx context.Context, clinic string) (names []string, err error) {
	here := expression.Key("clinic").Equal(expression.Value(clinic))
	for p, err := range s.patients.Query(ctx, here, ddbenc.Index("by-clinic")) {
		if err != nil {
			return nil, err
		}
		names = append(names, p.Name)
	}
	return names, nil
}
