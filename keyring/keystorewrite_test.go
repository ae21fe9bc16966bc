package keyring

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/internal/backoff"
)

// The transactions are those of the Java client, but for the second condition of
// a rotation.
func TestBranchKeyTransactions(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	var sent []*dynamodb.TransactWriteItemsInput
	db := &dbFake{Client: b.db}
	db.transact = func(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
		sent = append(sent, in)
		return b.db.TransactWriteItems(ctx, in)
	}
	s := b.storeOf(db, b.kms.Client(storeRegion), KMSKeyARN(b.arn))
	if err := s.CreateKeyWithID(ctx, "t-1", tenantContext); err != nil {
		t.Fatal(err)
	}
	created := b.rows("t-1")
	version, err := s.VersionKey(ctx, "t-1")
	if err != nil {
		t.Fatal(err)
	}
	rotated := b.rows("t-1")
	first := versionsOf(created)[0]
	names := map[string]string{"#BranchKeyIdentifierField": "branch-key-id"}
	put := func(row map[string]types.AttributeValue) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{
			TableName: aws.String(storeTable), Item: row,
			ConditionExpression:      aws.String("attribute_not_exists(#BranchKeyIdentifierField)"),
			ExpressionAttributeNames: names,
		}}
	}
	replaced := put(rotated[typeActive])
	replaced.Put.ConditionExpression = aws.String("attribute_exists(#BranchKeyIdentifierField) AND #Ciphertext = :old")
	replaced.Put.ExpressionAttributeNames = map[string]string{"#BranchKeyIdentifierField": "branch-key-id", "#Ciphertext": "enc"}
	replaced.Put.ExpressionAttributeValues = map[string]types.AttributeValue{":old": created[typeActive][attrEnc]}
	want := [][]types.TransactWriteItem{
		{put(created[first]), put(created[typeActive]), put(created[typeBeacon])},
		{put(rotated[typeVersion+version]), replaced},
	}
	if len(sent) != len(want) {
		t.Fatalf("%d transactions, want %d", len(sent), len(want))
	}
	for i := range want {
		if aws.ToString(sent[i].ClientRequestToken) == "" {
			t.Error("no token")
		}
		sent[i].ClientRequestToken = nil
		equal(t, "transaction", sent[i], &dynamodb.TransactWriteItemsInput{TransactItems: want[i]})
	}
}

// What becomes of a transaction that meets trouble, and of the table. Create and
// rotate end alike.
func TestBranchKeyWriteFaults(t *testing.T) {
	const op = "TransactWriteItems"
	for _, c := range []struct {
		name   string
		faults []ddbenctest.Fault
		want   []error // none if it succeeds
		done   bool
		calls  int // transactions
	}{
		{"one answer lost", []ddbenctest.Fault{{Operation: op, LoseResponse: true}}, nil, true, 2},
		{"all answers lost", []ddbenctest.Fault{{Operation: op, LoseResponse: true, Times: -1}}, nil, true, 10},
		{"answer lost, then throttled", []ddbenctest.Fault{
			{Operation: op, LoseResponse: true},
			{Operation: op, Code: "ThrottlingException", Times: -1},
		}, nil, true, 10},
		{"answer lost, then refused", []ddbenctest.Fault{
			{Operation: op, LoseResponse: true},
			{Operation: op, Code: "AccessDeniedException"},
		}, nil, true, 2},
		{"answer lost, and no way to see", []ddbenctest.Fault{
			{Operation: op, LoseResponse: true},
			{Operation: op, Code: "ThrottlingException", Times: -1},
			{Operation: "GetItem", Skip: -1, Code: "ThrottlingException", Times: -1},
		}, []error{ErrUnknownOutcome, ErrUnavailable}, true, 10},
		{"request lost", []ddbenctest.Fault{{Operation: op, Drop: true}}, nil, true, 2},
		{"all requests lost", []ddbenctest.Fault{{Operation: op, Drop: true, Times: -1}}, []error{ErrUnknownOutcome, ErrUnavailable}, false, 10},
		{"request lost, then refused", []ddbenctest.Fault{
			{Operation: op, Drop: true},
			{Operation: op, Code: "AccessDeniedException"},
		}, []error{ErrUnknownOutcome, ErrKeyRefused}, false, 2},
		{"server error", []ddbenctest.Fault{{Operation: op, Code: "InternalServerError"}}, nil, true, 2},
		{"server errors", []ddbenctest.Fault{{Operation: op, Code: "InternalServerError", Times: -1}}, []error{ErrUnknownOutcome, ErrUnavailable}, false, 10},
		{"in progress", []ddbenctest.Fault{{Operation: op, Code: "TransactionInProgressException", Times: 3}}, nil, true, 4},
		{"in progress for ever", []ddbenctest.Fault{{Operation: op, Code: "TransactionInProgressException", Times: -1}}, []error{ErrUnknownOutcome, ErrUnavailable}, false, 10},
		{"throttled", []ddbenctest.Fault{{Operation: op, Code: "ProvisionedThroughputExceededException", Times: 3}}, nil, true, 4},
		{"throttled for ever", []ddbenctest.Fault{{Operation: op, Code: "ThrottlingException", Times: -1}}, []error{ErrUnavailable}, false, 10},
		{"conflict", []ddbenctest.Fault{{Operation: op, Conflict: true, Times: 3}}, nil, true, 4},
		{"conflict for ever", []ddbenctest.Fault{{Operation: op, Conflict: true, Times: -1}}, []error{ErrUnavailable}, false, 10},
		{"refused", []ddbenctest.Fault{{Operation: op, Code: "AccessDeniedException"}}, []error{ErrKeyRefused}, false, 1},
		{"no table", []ddbenctest.Fault{{Operation: op, Code: "ResourceNotFoundException"}}, []error{crypt.ErrNoKey}, false, 1},
	} {
		for _, rotate := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/rotate=%v", c.name, rotate), func(t *testing.T) {
				b, ctx := newStoreBench(t), t.Context()
				s := b.created("t-1")
				id, before := "t-2", 0
				if rotate {
					id, before = "t-1", 1
				}
				b.engine.ForgetRequests()
				for _, f := range c.faults {
					if f.Skip < 0 { // the read that a rotation begins with
						f.Skip = before
					}
					b.engine.Fault(f)
				}
				var err error
				if rotate {
					_, err = s.VersionKey(ctx, id)
				} else {
					err = s.CreateKeyWithID(ctx, id, tenantContext)
				}
				b.engine.ClearFaults()
				if c.want == nil && err != nil {
					t.Errorf("error %v", err)
				}
				if c.want != nil {
					checkErrors(t, err, c.want...)
				}
				calls := 0
				for _, r := range b.engine.Requests() {
					if r.Operation == op {
						calls++
					}
				}
				if calls != c.calls {
					t.Errorf("%d transactions, want %d", calls, c.calls)
				}
				switch {
				case c.done:
					b.checkIntact(s, id, before+1)
				case rotate:
					b.checkIntact(s, id, before)
				default:
					equal(t, "rows", len(b.rows(id)), 0)
				}
				// Whatever became of it, to do it again is safe.
				if rotate {
					if _, err := s.VersionKey(ctx, id); err != nil {
						t.Error(err)
					}
					return
				}
				if err := s.CreateKeyWithID(ctx, id, tenantContext); errors.Is(err, ErrBranchKeyExists) != c.done {
					t.Errorf("creating it again: error %v", err)
				}
				b.checkIntact(s, id, 1)
			})
		}
	}
}

// A condition that fails because the transaction was made at the first try, by a
// service that forgot the token, is a success.
func TestBranchKeyWriteMeetsItself(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	db := &dbFake{Client: b.db}
	tries := 0
	db.transact = func(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
		tries++
		forgetful := *in
		forgetful.ClientRequestToken = aws.String(newUUID())
		out, err := b.db.TransactWriteItems(ctx, &forgetful)
		if tries%2 == 1 && err == nil {
			return nil, &smithy.GenericAPIError{Code: "InternalServerError", Fault: smithy.FaultServer}
		}
		return out, err
	}
	s := b.storeOf(db, b.kms.Client(storeRegion), KMSKeyARN(b.arn))
	if err := s.CreateKeyWithID(ctx, "t-1", tenantContext); err != nil {
		t.Fatal(err)
	}
	b.checkIntact(s, "t-1", 1)
	if _, err := s.VersionKey(ctx, "t-1"); err != nil {
		t.Fatal(err)
	}
	b.checkIntact(s, "t-1", 2)
	if tries != 4 {
		t.Errorf("%d tries, want 4", tries)
	}
}

// A request that was lost, and the branch key of another that was there first.
func TestBranchKeyWriteIsLostToAnother(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	b.created("t-1")
	before := b.rows("t-1")
	b.engine.Fault(ddbenctest.Fault{Operation: "TransactWriteItems", Drop: true})
	checkErrors(t, b.store(KMSKeyARN(b.arn)).CreateKeyWithID(ctx, "t-1", tenantContext), ErrBranchKeyExists)
	equal(t, "rows afterwards", b.rows("t-1"), before)

	// Lost, refused, and the table can't be asked: that can't be told apart.
	b.engine.Fault(ddbenctest.Fault{Operation: "TransactWriteItems", Drop: true})
	b.engine.Fault(ddbenctest.Fault{Operation: "GetItem", Code: "AccessDeniedException"})
	checkErrors(t, b.store(KMSKeyARN(b.arn)).CreateKeyWithID(ctx, "t-1", tenantContext), ErrUnknownOutcome, ErrBranchKeyExists)
	equal(t, "rows afterwards", b.rows("t-1"), before)
}

func TestBranchKeyWriteCancelledReasons(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	for _, c := range []struct {
		codes []string
		want  error
		tries int
	}{
		{[]string{"None", "ConditionalCheckFailed", "None"}, ErrBranchKeyExists, 1},
		{[]string{"TransactionConflict", "ConditionalCheckFailed", "None"}, ErrBranchKeyExists, 1},
		{[]string{"None", "TransactionConflict", "ThrottlingError"}, ErrUnavailable, 10},
		{[]string{"ProvisionedThroughputExceeded", "None", "None"}, ErrUnavailable, 10},
		{[]string{"TransactionConflict", "ValidationError", "None"}, ErrKeyRefused, 1},
		{[]string{"None", "None", "ItemCollectionSizeLimitExceeded"}, ErrKeyRefused, 1},
		{nil, ErrKeyRefused, 1},
	} {
		db := &dbFake{Client: b.db}
		tries := 0
		db.transact = func(context.Context, *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
			tries++
			err := &types.TransactionCanceledException{}
			for _, code := range c.codes {
				err.CancellationReasons = append(err.CancellationReasons, types.CancellationReason{Code: &code})
			}
			return nil, err
		}
		err := b.storeOf(db, b.kms.Client(storeRegion), KMSKeyARN(b.arn)).CreateKeyWithID(ctx, "t-1", tenantContext)
		checkErrors(t, err, c.want)
		var cancelled *types.TransactionCanceledException
		if !errors.As(err, &cancelled) || tries != c.tries {
			t.Errorf("%v: error %v after %d tries, want %d", c.codes, err, tries, c.tries)
		}
	}
}

func TestBranchKeyWriteEndsWithItsContext(t *testing.T) {
	b := newStoreBench(t)
	for _, c := range []struct {
		name string
		at   int // call of TransactWriteItems, from 1, at which the context ends
		err  error
		want []error
	}{
		{"before it is sent", 0, nil, []error{context.Canceled}},
		{"while it is throttled", 1, &smithy.GenericAPIError{Code: "ThrottlingException", Fault: smithy.FaultClient}, []error{context.Canceled}},
		{"while it is sent", 1, errors.New("connection reset"), []error{context.Canceled, ErrUnknownOutcome}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		db := &dbFake{Client: b.db}
		db.transact = func(context.Context, *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
			cancel()
			return nil, c.err
		}
		fake := &kmsFake{Client: b.kms.Client(storeRegion)}
		if c.at == 0 {
			n := 0
			fake.generate = func(*kms.GenerateDataKeyWithoutPlaintextOutput) {
				if n++; n == 2 {
					cancel()
				}
			}
		}
		err := b.storeOf(db, fake, KMSKeyARN(b.arn)).CreateKeyWithID(ctx, "t-1", tenantContext)
		t.Run(c.name, func(t *testing.T) { checkErrors(t, err, c.want...) })
		cancel()
	}
}

// A wait ends with the context, whatever was waited for.
func TestBranchKeyWriteWaitsNoLongerThanItsContext(t *testing.T) {
	b := newStoreBench(t)
	contended := "TransactionConflict"
	for _, c := range []struct {
		err  error
		want []error
	}{
		{&smithy.GenericAPIError{Code: "ThrottlingException", Fault: smithy.FaultClient}, []error{context.Canceled}},
		{&types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{{Code: &contended}}}, []error{context.Canceled}},
		{&types.InternalServerError{}, []error{context.Canceled, ErrUnknownOutcome}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		db := &dbFake{Client: b.db}
		db.transact = func(context.Context, *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
			time.AfterFunc(10*time.Millisecond, cancel)
			return nil, c.err
		}
		s := b.storeOf(db, b.kms.Client(storeRegion), KMSKeyARN(b.arn))
		s.backoff = backoff.Backoff{Base: 1000 * time.Hour, Max: 1000 * time.Hour, Tries: 2}
		checkErrors(t, s.CreateKeyWithID(ctx, "t-1", tenantContext), c.want...)
	}
}

// Errors of the services before anything is written. DB-ESDK spec: materials,
// "Failure summary": passed through, wrapped.
func TestBranchKeyServiceErrors(t *testing.T) {
	for _, c := range []struct {
		code string
		want error
		kms  bool // an error of KMS too
	}{
		{"AccessDeniedException", ErrKeyRefused, true},
		{"DisabledException", ErrKeyRefused, true},
		{"KMSInvalidStateException", ErrKeyRefused, true},
		{"NotFoundException", crypt.ErrNoKey, true},
		{"InvalidCiphertextException", crypt.ErrVerify, true},
		{"IncorrectKeyException", crypt.ErrNoKey, true},
		{"KMSInternalException", ErrUnavailable, true},
		{"ThrottlingException", ErrUnavailable, true},
		{"InternalServerError", ErrUnavailable, false},
		{"ProvisionedThroughputExceededException", ErrUnavailable, false},
		{"ResourceNotFoundException", crypt.ErrNoKey, false},
	} {
		t.Run(c.code, func(t *testing.T) {
			b, ctx := newStoreBench(t), t.Context()
			good := b.created("t-1")
			kmsClient := b.kms.Client(storeRegion, func(o *kms.Options) { o.Retryer = aws.NopRetryer{} })
			db := b.engine.Client(func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
			s := b.storeOf(db, kmsClient, KMSKeyARN(b.arn))
			if c.kms {
				b.kms.Fault(ddbenctest.KMSFault{Code: c.code, Times: -1})
			} else {
				b.engine.Fault(ddbenctest.Fault{Operation: "GetItem", Code: c.code, Times: -1})
			}
			_, err1 := s.ActiveBranchKey(ctx, "t-1")
			_, err2 := s.BeaconKey(ctx, "t-1")
			_, err3 := s.BranchKeyVersion(ctx, "t-1", newUUID())
			_, err4 := s.VersionKey(ctx, "t-1")
			_, err5 := s.RotateOlderThan(ctx, "t-1", 0)
			errs := []error{err1, err2, err4, err5}
			if c.kms {
				checkErrors(t, err3, crypt.ErrNoKey) // no such version
				errs = append(errs, s.CreateKeyWithID(ctx, "t-2", tenantContext))
			} else {
				errs = append(errs, err3)
			}
			for _, err := range errs {
				checkErrors(t, err, c.want)
				var api smithy.APIError
				if !errors.As(err, &api) || api.ErrorCode() != c.code {
					t.Errorf("error %v, want %s in it", err, c.code)
				}
			}
			b.kms.ClearFaults()
			b.engine.ClearFaults()
			b.checkIntact(good, "t-1", 1)
			equal(t, "rows of what failed", len(b.rows("t-2")), 0)
		})
	}
}

// A KMS key that is disabled, or that is to be deleted, stops everything at once,
// and a key that is enabled again makes it go on.
func TestBranchKeyOfARevokedKMSKey(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s, admin := b.created("t-1"), b.kms.Client(storeRegion)
	stopped := func() {
		t.Helper()
		_, err1 := s.ActiveBranchKey(ctx, "t-1")
		_, err2 := s.VersionKey(ctx, "t-1")
		_, err3 := s.CreateKey(ctx, nil)
		for _, err := range []error{err1, err2, err3} {
			checkErrors(t, err, ErrKeyRefused)
		}
	}
	if _, err := admin.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &b.arn}); err != nil {
		t.Fatal(err)
	}
	stopped()
	if _, err := admin.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &b.arn}); err != nil {
		t.Fatal(err)
	}
	b.checkIntact(s, "t-1", 1)
	if _, err := admin.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &b.arn}); err != nil {
		t.Fatal(err)
	}
	stopped()
}
