package keyring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
)

// VersionKey rotates a branch key: it makes a new version, which it returns the
// UUID of, and makes it the active one. Items are written with it as soon as what
// keyrings hold of the old one has ended. The old version stays, and reads the
// items that were written with it. The beacon key stays the same.
//
// KMS verifies the active version first. The new one has its encryption context
// and its KMS key.
//
// Of several rotations at the same time one takes effect. The error of the others
// wraps [ErrBranchKeyChanged]; nothing is lost. It wraps [ErrUnknownOutcome] if the
// branch key may have been rotated or may still be: rotating it again is safe, and
// might make one more version than was meant. Other errors are those of
// [BranchKeyStore.ActiveBranchKey], and [crypt.ErrConfig] if the store has no KMS
// key of its own.
func (s *BranchKeyStore) VersionKey(ctx context.Context, id string) (version string, err error) {
	key, active, err := s.authenticActive(ctx, id)
	if err != nil {
		return "", err
	}
	return s.rotate(ctx, key, active)
}

// RotateOlderThan rotates a branch key whose active version is older than age,
// as [BranchKeyStore.VersionKey] does, and reports whether it did. If somebody else
// did at the same time it returns false and no error. Call it from a job that runs
// more often than age passes; each call that rotates nothing costs one read and
// one call to KMS, which verifies the version's age.
//
// Ages are as exact as the clocks of the machines that rotate, and to a second:
// the Java client writes milliseconds in the place of microseconds. A version with a
// create-time in the future is not older than anything. Errors are those of
// VersionKey; [crypt.ErrConfig] also if age is negative, and
// [crypt.ErrMalformed] if the version's create-time can't be read.
func (s *BranchKeyStore) RotateOlderThan(ctx context.Context, id string, age time.Duration) (rotated bool, err error) {
	if age < 0 {
		return false, fmt.Errorf("%w: age %v is negative", crypt.ErrConfig, age)
	}
	rotated, err = s.rotateOlderThan(ctx, id, age)
	if errors.Is(err, ErrBranchKeyChanged) {
		// By somebody else, so that it is most likely young now.
		rotated, err = s.rotateOlderThan(ctx, id, age)
	}
	return rotated, err
}

func (s *BranchKeyStore) rotateOlderThan(ctx context.Context, id string, age time.Duration) (rotated bool, err error) {
	// Verified before it is asked for its age: whoever can write to the table
	// could keep a version young otherwise.
	key, active, err := s.authenticActive(ctx, id)
	if err != nil {
		return false, err
	}
	created, err := time.Parse(time.RFC3339Nano, active.attrs[attrCreateTime])
	if err != nil {
		return false, fmt.Errorf("%v: %w", active, malformedRow("attribute %q is not a time", attrCreateTime))
	}
	if s.now().Sub(created) <= age {
		return false, nil
	}
	_, err = s.rotate(ctx, key, active)
	return err == nil, err
}

// authenticActive returns the active row, after KMS verified it, and the KMS key
// that rotates it.
func (s *BranchKeyStore) authenticActive(ctx context.Context, id string) (kmsARN, *keyRow, error) {
	if _, err := s.keys.own(); err != nil {
		return kmsARN{}, nil, err
	}
	active, err := s.read(ctx, id, typeActive)
	if err != nil {
		return kmsARN{}, nil, err
	}
	key, err := s.keys.keyOf(active)
	if err != nil {
		return kmsARN{}, nil, fmt.Errorf("%v: %w", active, err)
	}
	// To the same context: nothing but a check, which needs no plaintext.
	_, err = s.reEncrypt(ctx, key, active, active)
	return key, active, err
}

// rotate makes the version after active. It takes effect only while active is
// still what was read: the other clients ask no more than that there is one.
func (s *BranchKeyStore) rotate(ctx context.Context, key kmsARN, active *keyRow) (string, error) {
	version := active.as(typeVersion + newUUID())
	version.attrs[attrCreateTime] = s.timestamp()
	next, err := s.wrapVersion(ctx, key, version)
	if err != nil {
		return "", err
	}
	put := s.put(next, existsWithOld)
	put.Put.ExpressionAttributeNames["#Ciphertext"] = attrEnc
	put.Put.ExpressionAttributeValues = map[string]types.AttributeValue{
		":old": &types.AttributeValueMemberB{Value: active.enc},
	}
	err = s.write(ctx, keyWrite{
		version: version,
		puts:    []types.TransactWriteItem{s.put(version, notExists), put},
		refused: ErrBranchKeyChanged,
	})
	if err != nil {
		return "", err
	}
	return version.version(), nil
}
