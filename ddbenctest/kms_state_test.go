package ddbenctest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// disable and scheduleDeletion change a key's state.
func disable(ctx context.Context, b *kmsBench, arn string) error {
	_, err := b.home().DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String(keyID(arn))})
	return err
}

func scheduleDeletion(ctx context.Context, b *kmsBench, arn string) error {
	_, err := b.home().ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(arn)), PendingWindowInDays: aws.Int32(7)})
	return err
}

// inState makes a check of a call on a key whose state was changed after it
// encrypted something.
func inState(want string, change func(context.Context, *kmsBench, string) error, call func(ctx context.Context, c *kms.Client, arn string, ciphertext []byte) error) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		enc, err := b.home().Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
		if err != nil {
			return err
		}
		if err := change(ctx, b, arn); err != nil {
			return err
		}
		return wantCode(call(ctx, b.home(), arn, enc.CiphertextBlob), want)
	})
}

func callEncrypt(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
	_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x")})
	return err
}

func callDecrypt(ctx context.Context, c *kms.Client, _ string, ciphertext []byte) error {
	_, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: ciphertext})
	return err
}

func callDataKey(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
	_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &arn, NumberOfBytes: aws.Int32(32)})
	return err
}

func callReEncrypt(ctx context.Context, c *kms.Client, arn string, ciphertext []byte) error {
	_, err := c.ReEncrypt(ctx, &kms.ReEncryptInput{CiphertextBlob: ciphertext, DestinationKeyId: &arn})
	return err
}

func callAlias(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
	_, err := c.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: uniqueAlias(), TargetKeyId: &arn})
	return err
}

func callEnable(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
	_, err := c.EnableKey(ctx, &kms.EnableKeyInput{KeyId: aws.String(keyID(arn))})
	return err
}

func callSchedule(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
	_, err := c.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(arn))})
	return err
}

func callDescribe(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
	_, err := describe(ctx, c, arn)
	return err
}

var kmsStateChecks = []kmsCheck{
	{"disabled key does not encrypt", inState("DisabledException", disable, callEncrypt)},
	{"disabled key does not decrypt", inState("DisabledException", disable, callDecrypt)},
	{"disabled key makes no data key", inState("DisabledException", disable, callDataKey)},
	{"disabled key does not re-encrypt", inState("DisabledException", disable, callReEncrypt)},
	{"disabled key is described", inState("", disable, callDescribe)},
	{"disabled key takes an alias", inState("", disable, callAlias)},
	{"disabled key shows its state", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		if err := disable(ctx, b, arn); err != nil {
			return err
		}
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return errors.Join(same("state", m.KeyState, types.KeyStateDisabled), same("enabled", m.Enabled, false))
	})},
	{"enabled again it decrypts", inState("", disable, func(ctx context.Context, c *kms.Client, arn string, ciphertext []byte) error {
		return errors.Join(callEnable(ctx, c, arn, nil), callDecrypt(ctx, c, arn, ciphertext))
	})},
	{"pending deletion it does not encrypt", inState("KMSInvalidStateException", scheduleDeletion, callEncrypt)},
	{"pending deletion it does not decrypt", inState("KMSInvalidStateException", scheduleDeletion, callDecrypt)},
	{"pending deletion it makes no data key", inState("KMSInvalidStateException", scheduleDeletion, callDataKey)},
	{"pending deletion it does not re-encrypt", inState("KMSInvalidStateException", scheduleDeletion, callReEncrypt)},
	{"pending deletion it is not enabled", inState("KMSInvalidStateException", scheduleDeletion, callEnable)},
	{"pending deletion it takes no alias", inState("KMSInvalidStateException", scheduleDeletion, callAlias)},
	{"pending deletion it is not scheduled again", inState("KMSInvalidStateException", scheduleDeletion, callSchedule)},
	{"pending deletion it is described", inState("", scheduleDeletion, callDescribe)},
	{"schedule deletion answers when", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(arn)), PendingWindowInDays: aws.Int32(9)})
		if err != nil {
			return err
		}
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		days := time.Until(aws.ToTime(out.DeletionDate)).Hours() / 24
		return errors.Join(
			same("key id", aws.ToString(out.KeyId), arn),
			same("in 9 days", days > 8.9 && days < 9.1, true),
			same("state", m.KeyState, types.KeyStatePendingDeletion),
			same("date shown", aws.ToTime(m.DeletionDate).Sub(aws.ToTime(out.DeletionDate)).Abs() < time.Second, true))
	})},
	{"schedule deletion answers the state", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(arn))})
		if err != nil {
			return err
		}
		return errors.Join(
			same("state", out.KeyState, types.KeyStatePendingDeletion),
			same("window", aws.ToInt32(out.PendingWindowInDays), 30))
	})},
	{"schedule deletion in 6 days is refused", keyRefused("ValidationException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(arn)), PendingWindowInDays: aws.Int32(6)})
		return err
	})},
	{"schedule deletion in 31 days is refused", keyRefused("ValidationException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(arn)), PendingWindowInDays: aws.Int32(31)})
		return err
	})},
	{"cancel deletion leaves the key disabled", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		if err := scheduleDeletion(ctx, b, arn); err != nil {
			return err
		}
		out, err := b.home().CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: aws.String(keyID(arn))})
		if err != nil {
			return err
		}
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return errors.Join(same("key id", aws.ToString(out.KeyId), arn), same("state", m.KeyState, types.KeyStateDisabled))
	})},
	{"cancel deletion of a key that is not pending", keyRefused("KMSInvalidStateException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: aws.String(keyID(arn))})
		return err
	})},
}

// replicate makes a replica in the other Region and returns its ARN.
func replicate(ctx context.Context, b *kmsBench, arn string) (string, error) {
	out, err := b.home().ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: aws.String(keyID(arn)), ReplicaRegion: aws.String(otherRegion)})
	if err != nil {
		return "", fmt.Errorf("ReplicateKey: %w", err)
	}
	return aws.ToString(out.ReplicaKeyMetadata.Arn), nil
}

// withReplica makes a check that needs a multi-Region key with a replica.
func withReplica(run func(ctx context.Context, b *kmsBench, primary, replica string) error) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		replica, err := replicate(ctx, b, arn)
		if err != nil {
			return err
		}
		return run(ctx, b, arn, replica)
	}, multiRegion)
}

var kmsMultiRegionChecks = []kmsCheck{
	{"multi-Region key has an id with mrk-", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return errors.Join(
			same("prefix", strings.HasPrefix(aws.ToString(m.KeyId), "mrk-"), true),
			same("multi-Region", aws.ToBool(m.MultiRegion), true))
	}, multiRegion)},
	{"multi-Region key says what it is", withReplica(func(ctx context.Context, b *kmsBench, primary, replica string) error {
		for _, member := range []struct {
			region string
			want   types.MultiRegionKeyType
		}{
			{homeRegion, types.MultiRegionKeyTypePrimary},
			{otherRegion, types.MultiRegionKeyTypeReplica},
		} {
			m, err := describe(ctx, b.clients(member.region), keyID(primary))
			if err != nil {
				return err
			}
			c := m.MultiRegionConfiguration
			if c == nil || c.PrimaryKey == nil || len(c.ReplicaKeys) != 1 {
				return fmt.Errorf("MultiRegionConfiguration in %s lacks the primary or the replica", member.region)
			}
			if err := errors.Join(
				same("type", c.MultiRegionKeyType, member.want),
				same("primary", aws.ToString(c.PrimaryKey.Arn), primary),
				same("replica", aws.ToString(c.ReplicaKeys[0].Arn), replica),
				same("Region of the replica", aws.ToString(c.ReplicaKeys[0].Region), otherRegion)); err != nil {
				return err
			}
		}
		return nil
	})},
	{"replica decrypts what the primary encrypted", withReplica(func(ctx context.Context, b *kmsBench, primary, replica string) error {
		return acrossRegions(ctx, b.home(), primary, b.other(), replica)
	})},
	{"primary decrypts what the replica encrypted", withReplica(func(ctx context.Context, b *kmsBench, primary, replica string) error {
		return acrossRegions(ctx, b.other(), replica, b.home(), primary)
	})},
	{"replica of a key that has one in the Region", withReplica(func(ctx context.Context, b *kmsBench, primary, _ string) error {
		_, err := replicate(ctx, b, primary)
		return wantCode(errors.Unwrap(err), "AlreadyExistsException")
	})},
	{"replica of a single-Region key is refused", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := replicate(ctx, b, arn)
		return wantCode(errors.Unwrap(err), "UnsupportedOperationException")
	})},
	{"replica is disabled alone", withReplica(func(ctx context.Context, b *kmsBench, primary, replica string) error {
		if err := disable(ctx, b, primary); err != nil {
			return err
		}
		return callEncrypt(ctx, b.other(), replica, nil)
	})},
	{"primary Region moves", withReplica(func(ctx context.Context, b *kmsBench, primary, replica string) error {
		if _, err := b.home().UpdatePrimaryRegion(ctx, &kms.UpdatePrimaryRegionInput{KeyId: &primary, PrimaryRegion: aws.String(otherRegion)}); err != nil {
			return err
		}
		m, err := describe(ctx, b.home(), primary)
		if err != nil {
			return err
		}
		return errors.Join(
			same("type", m.MultiRegionConfiguration.MultiRegionKeyType, types.MultiRegionKeyTypeReplica),
			same("primary", aws.ToString(m.MultiRegionConfiguration.PrimaryKey.Arn), replica))
	})},
	{"primary with a replica waits for its deletion", withReplica(func(ctx context.Context, b *kmsBench, primary, _ string) error {
		out, err := b.home().ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: aws.String(keyID(primary)), PendingWindowInDays: aws.Int32(7)})
		if err != nil {
			return err
		}
		return errors.Join(
			same("state", out.KeyState, types.KeyStatePendingReplicaDeletion),
			same("has a date", out.DeletionDate != nil, false))
	})},
}

// acrossRegions encrypts with a key in one Region and decrypts with its relative
// in another, both named and not.
func acrossRegions(ctx context.Context, from *kms.Client, fromARN string, to *kms.Client, toARN string) error {
	enc, err := from.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &fromARN, NumberOfBytes: aws.Int32(32), EncryptionContext: orders})
	if err != nil {
		return err
	}
	for _, id := range []*string{nil, &toARN} {
		dec, err := to.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: enc.CiphertextBlob, EncryptionContext: orders, KeyId: id})
		if err != nil {
			return err
		}
		if err := errors.Join(
			same("plaintext", string(dec.Plaintext), string(enc.Plaintext)),
			same("key", aws.ToString(dec.KeyId), toARN)); err != nil {
			return err
		}
	}
	return nil
}

var kmsRotationChecks = []kmsCheck{
	{"rotation is off at first", rotationStatus(false, func(context.Context, *kms.Client, string) error { return nil })},
	{"rotation is on when enabled", rotationStatus(true, enableRotation)},
	{"rotation is off when disabled", rotationStatus(false, func(ctx context.Context, c *kms.Client, arn string) error {
		if err := enableRotation(ctx, c, arn); err != nil {
			return err
		}
		_, err := c.DisableKeyRotation(ctx, &kms.DisableKeyRotationInput{KeyId: &arn})
		return err
	})},
	{"rotation period and next date", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		if _, err := b.home().EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &arn, RotationPeriodInDays: aws.Int32(100)}); err != nil {
			return err
		}
		out, err := b.home().GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &arn})
		if err != nil {
			return err
		}
		days := time.Until(aws.ToTime(out.NextRotationDate)).Hours() / 24
		return errors.Join(
			same("period", aws.ToInt32(out.RotationPeriodInDays), 100),
			same("in 100 days", days > 99 && days < 101, true))
	})},
	{"rotation period of 89 days is refused", keyRefused("ValidationException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &arn, RotationPeriodInDays: aws.Int32(89)})
		return err
	})},
	{"rotation of an RSA key is refused", keyRefused("UnsupportedOperationException", func(ctx context.Context, b *kmsBench, arn string) error {
		return enableRotation(ctx, b.home(), arn)
	}, ofSpec(types.KeySpecRsa2048, types.KeyUsageTypeEncryptDecrypt))},
	{"rotation of a disabled key is refused", inState("DisabledException", disable, func(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
		return enableRotation(ctx, c, arn)
	})},
	{"rotation on demand keeps old ciphertexts readable", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		c := b.home()
		var blobs [][]byte
		for range 3 {
			out, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x"), EncryptionContext: orders})
			if err != nil {
				return err
			}
			blobs = append(blobs, out.CiphertextBlob)
			if _, err := c.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &arn}); err != nil {
				return err
			}
		}
		for i, blob := range blobs {
			if _, err := c.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: blob, EncryptionContext: orders}); err != nil {
				return fmt.Errorf("ciphertext before rotation %d: %w", i+1, err)
			}
		}
		return nil
	})},
	{"rotation on demand brings new material", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		before, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		if _, err := b.home().RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &arn}); err != nil {
			return err
		}
		after, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return same("same material", aws.ToString(before.CurrentKeyMaterialId) == aws.ToString(after.CurrentKeyMaterialId), false)
	})},
	{"rotations are listed", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		for range 2 {
			if _, err := b.home().RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &arn}); err != nil {
				return err
			}
		}
		out, err := b.home().ListKeyRotations(ctx, &kms.ListKeyRotationsInput{KeyId: &arn})
		if err != nil {
			return err
		}
		if len(out.Rotations) != 2 {
			return fmt.Errorf("%d rotations, want 2", len(out.Rotations))
		}
		return same("type", out.Rotations[1].RotationType, types.RotationTypeOnDemand)
	})},
	{"rotations are listed with all material", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		if _, err := b.home().RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &arn}); err != nil {
			return err
		}
		out, err := b.home().ListKeyRotations(ctx, &kms.ListKeyRotationsInput{KeyId: &arn, IncludeKeyMaterial: types.IncludeKeyMaterialAllKeyMaterial})
		if err != nil {
			return err
		}
		var states []string
		for _, r := range out.Rotations {
			states = append(states, string(r.KeyMaterialState))
		}
		return same("states", strings.Join(states, " "), "NON_CURRENT CURRENT")
	})},
	{"rotation on demand 26 times is refused", keyRefused("LimitExceededException", func(ctx context.Context, b *kmsBench, arn string) error {
		for i := range 26 {
			if _, err := b.home().RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &arn}); err != nil {
				if i < 25 {
					return fmt.Errorf("rotation %d: %v", i+1, err)
				}
				return err
			}
		}
		return nil
	})},
	{"rotation of the primary reaches the replica", withReplica(func(ctx context.Context, b *kmsBench, primary, replica string) error {
		if _, err := b.home().RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: &primary}); err != nil {
			return err
		}
		return acrossRegions(ctx, b.home(), primary, b.other(), replica)
	})},
}

func enableRotation(ctx context.Context, c *kms.Client, arn string) error {
	_, err := c.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: &arn})
	return err
}

func rotationStatus(want bool, prepare func(context.Context, *kms.Client, string) error) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		if err := prepare(ctx, b.home(), arn); err != nil {
			return err
		}
		out, err := b.home().GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &arn})
		if err != nil {
			return err
		}
		return same("rotation", out.KeyRotationEnabled, want)
	})
}
