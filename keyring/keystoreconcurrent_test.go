package keyring

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func TestManyCreateTheSameBranchKey(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	s := b.store(KMSKeyARN(b.arn))
	const callers = 64
	var won atomic.Int32
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for range callers {
		wg.Go(func() {
			<-begin
			err := s.CreateKeyWithID(ctx, "t-1", tenantContext)
			if err == nil {
				won.Add(1)
				return
			}
			checkErrors(t, err, ErrBranchKeyExists)
		})
	}
	close(begin)
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of %d made it", won.Load(), callers)
	}
	b.checkIntact(s, "t-1", 1)
}

// meeting returns a store whose callers all read the active row before one of
// them goes on. What they read later they read at once.
func (b *storeBench) meeting(callers int32) *BranchKeyStore {
	var reads atomic.Int32
	all := make(chan struct{})
	db := &dbFake{Client: b.db}
	db.get = func(ctx context.Context, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
		out, err := b.db.GetItem(ctx, in)
		if reads.Add(1) == callers {
			close(all)
		}
		<-all
		return out, err
	}
	return b.storeOf(db, b.kms.Client(storeRegion), KMSKeyARN(b.arn))
}

func TestConcurrentRotations(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	b.created("t-1")
	const callers = 16
	s := b.meeting(callers)
	versions, errs := make([]string, callers), make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { versions[i], errs[i] = s.VersionKey(ctx, "t-1") })
	}
	wg.Wait()
	won := slices.Index(errs, nil)
	for i, err := range errs {
		if i != won {
			checkErrors(t, err, ErrBranchKeyChanged)
		}
	}
	b.checkIntact(s, "t-1", 2)
	active, err := s.ActiveBranchKey(ctx, "t-1")
	if won < 0 || err != nil || active.Version != versions[won] {
		t.Errorf("active version %v, error %v, want that of caller %d of %q", active, err, won, versions)
	}
}

func TestConcurrentRotationsByAge(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	b.created("t-1")
	const callers = 16
	s := b.meeting(callers)
	s.now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	var rotated atomic.Int32
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			did, err := s.RotateOlderThan(ctx, "t-1", 24*time.Hour)
			if err != nil {
				t.Error(err)
			}
			if did {
				rotated.Add(1)
			}
		})
	}
	wg.Wait()
	if rotated.Load() != 1 {
		t.Errorf("%d callers rotated, want 1", rotated.Load())
	}
	b.checkIntact(s, "t-1", 2)
}

// A branch key that is removed while it is rotated isn't made again in part.
func TestRotationOfWhatIsRemoved(t *testing.T) {
	b, ctx := newStoreBench(t), t.Context()
	b.created("t-1")
	db := &dbFake{Client: b.db}
	db.transact = func(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
		for _, row := range b.rows("t-1") {
			if _, err := b.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(storeTable), Key: rowKeyOf(row)}); err != nil {
				t.Fatal(err)
			}
		}
		return b.db.TransactWriteItems(ctx, in)
	}
	_, err := b.storeOf(db, b.kms.Client(storeRegion), KMSKeyARN(b.arn)).VersionKey(ctx, "t-1")
	checkErrors(t, err, ErrBranchKeyChanged)
	equal(t, "rows", len(b.rows("t-1")), 0)
}
