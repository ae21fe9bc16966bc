package keyring

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/ddbenc/ddbenc/crypt"
)

// CreateKey makes a branch key with a random id, which it returns, and its beacon
// key. The encryption context, which may be nil, is for people and for policies
// of the KMS key: it is kept in the table and in the logs of CloudTrail, in
// plaintext, and can't be changed later.
//
// The error wraps [crypt.ErrConfig] if the store has no KMS key of its own or
// encryptionContext is not UTF-8; [ErrUnknownOutcome] if the branch key may have
// been made, which does no harm; [ErrKeyRefused]; [crypt.ErrNoKey] if there is no
// such KMS key or table; [ErrUnavailable]; or a context's error.
func (s *BranchKeyStore) CreateKey(ctx context.Context, encryptionContext map[string]string) (id string, err error) {
	id = newUUID()
	if err := s.create(ctx, id, encryptionContext); err != nil {
		return "", err
	}
	return id, nil
}

// CreateKeyWithID is [BranchKeyStore.CreateKey] with an id of one's choice, such
// as the name of a tenant, for which the encryption context must not be empty.
//
// If there is a branch key of that id the error wraps [ErrBranchKeyExists], and
// that branch key stays as it is: of several callers at the same time one makes
// it. After [ErrUnknownOutcome] call it again; if the first call took effect after
// all, that gives ErrBranchKeyExists.
func (s *BranchKeyStore) CreateKeyWithID(ctx context.Context, id string, encryptionContext map[string]string) error {
	if err := checkBranchKeyID(id); err != nil {
		return err
	}
	if len(encryptionContext) == 0 {
		return fmt.Errorf("%w: a branch key with an id of one's choice needs an encryption context", crypt.ErrConfig)
	}
	return s.create(ctx, id, encryptionContext)
}

func (s *BranchKeyStore) create(ctx context.Context, id string, encryptionContext map[string]string) error {
	key, err := s.keys.own()
	if err != nil {
		return err
	}
	attrs := map[string]string{
		attrBranchKeyID:      id,
		attrType:             typeVersion + newUUID(),
		attrCreateTime:       s.timestamp(),
		attrHierarchyVersion: hierarchyVersion1,
		attrKMSARN:           key.String(),
	}
	for name, value := range encryptionContext {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return fmt.Errorf("%w: encryption context of branch key %q is not UTF-8", crypt.ErrConfig, id)
		}
		attrs[prefixContext+name] = value
	}
	version := &keyRow{attrs: attrs}
	active, err := s.wrapVersion(ctx, key, version)
	if err != nil {
		return err
	}
	beacon := version.as(typeBeacon)
	if err := s.generate(ctx, key, beacon); err != nil {
		return err
	}
	w := keyWrite{version: version, refused: ErrBranchKeyExists}
	for _, row := range []*keyRow{version, active, beacon} {
		w.puts = append(w.puts, s.put(row, notExists))
	}
	return s.write(ctx, w)
}

// wrapVersion makes the key of a new version, and returns the active row with the
// same key. DB-ESDK spec: materials, "Operations" of the branch key store, steps 1
// and 2.
func (s *BranchKeyStore) wrapVersion(ctx context.Context, key kmsARN, version *keyRow) (active *keyRow, err error) {
	if err := s.generate(ctx, key, version); err != nil {
		return nil, err
	}
	active = version.as(typeActive)
	active.attrs[attrActiveVersion] = version.typ()
	active.enc, err = s.reEncrypt(ctx, key, version, active)
	return active, err
}

// generate sets a new key of row, which this program never sees.
func (s *BranchKeyStore) generate(ctx context.Context, key kmsARN, row *keyRow) error {
	what := "KMS GenerateDataKeyWithoutPlaintext for " + row.String()
	out, err := s.kms.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
		KeyId:             aws.String(key.String()),
		NumberOfBytes:     aws.Int32(branchKeySize),
		EncryptionContext: row.kmsContext(s.name),
		GrantTokens:       s.cfg.kms.grants,
	}, inRegion(key.region))
	if err != nil {
		return serviceError(ctx, what, err)
	}
	if err := checkKeyID(key, out.KeyId); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	row.enc = out.CiphertextBlob
	return checkBlob(what, row.enc)
}

// reEncrypt returns the key of from, encrypted for what to says. KMS verifies
// what from says.
func (s *BranchKeyStore) reEncrypt(ctx context.Context, key kmsARN, from, to *keyRow) ([]byte, error) {
	what := "KMS ReEncrypt of " + from.String()
	out, err := s.kms.ReEncrypt(ctx, &kms.ReEncryptInput{
		CiphertextBlob:               from.enc,
		SourceKeyId:                  aws.String(key.String()),
		SourceEncryptionContext:      from.kmsContext(s.name),
		DestinationKeyId:             aws.String(key.String()),
		DestinationEncryptionContext: to.kmsContext(s.name),
		GrantTokens:                  s.cfg.kms.grants,
	}, inRegion(key.region))
	if err != nil {
		return nil, serviceError(ctx, what, err)
	}
	for _, got := range []*string{out.SourceKeyId, out.KeyId} {
		if err := checkKeyID(key, got); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
	}
	return out.CiphertextBlob, checkBlob(what, out.CiphertextBlob)
}

// checkBlob refuses what KMS wouldn't take back.
func checkBlob(what string, blob []byte) error {
	if n := len(blob); n < 1 || n > maxBlob {
		return fmt.Errorf("%w: %s returned a ciphertext of %d bytes, want 1 to %d", ErrUnavailable, what, n, maxBlob)
	}
	return nil
}

// timestamp returns the create-time of what is made now.
func (s *BranchKeyStore) timestamp() string { return s.now().UTC().Format(createTimeLayout) }

// put returns a Put of row under a condition.
func (s *BranchKeyStore) put(row *keyRow, condition string) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{
		TableName:                &s.table,
		Item:                     row.item(),
		ConditionExpression:      &condition,
		ExpressionAttributeNames: map[string]string{"#BranchKeyIdentifierField": attrBranchKeyID},
	}}
}
