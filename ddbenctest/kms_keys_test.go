package ddbenctest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// describe is a key's metadata, by any of its names.
func describe(ctx context.Context, c *kms.Client, id string) (*types.KeyMetadata, error) {
	out, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
	if err != nil {
		return nil, err
	}
	return out.KeyMetadata, nil
}

var kmsKeyChecks = []kmsCheck{
	{"create key has the defaults", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return errors.Join(
			same("id", aws.ToString(m.KeyId), keyID(arn)),
			same("spec", m.KeySpec, types.KeySpecSymmetricDefault),
			same("usage", m.KeyUsage, types.KeyUsageTypeEncryptDecrypt),
			same("state", m.KeyState, types.KeyStateEnabled),
			same("enabled", m.Enabled, true),
			same("origin", m.Origin, types.OriginTypeAwsKms),
			same("manager", m.KeyManager, types.KeyManagerTypeCustomer),
			same("multi-Region", aws.ToBool(m.MultiRegion), false),
			same("algorithms", fmt.Sprint(m.EncryptionAlgorithms), "[SYMMETRIC_DEFAULT]"),
			same("account in the ARN", strings.Split(arn, ":")[4], aws.ToString(m.AWSAccountId)),
			same("Region in the ARN", strings.Split(arn, ":")[3], homeRegion),
			same("made just now", time.Since(aws.ToTime(m.CreationDate)).Abs() < time.Minute, true))
	})},
	{"create key names its material", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return same("length of CurrentKeyMaterialId", len(aws.ToString(m.CurrentKeyMaterialId)), 64)
	})},
	{"create key keeps the description", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		if _, err := b.home().UpdateKeyDescription(ctx, &kms.UpdateKeyDescriptionInput{KeyId: &arn, Description: aws.String("second")}); err != nil {
			return err
		}
		m, err := describe(ctx, b.home(), arn)
		if err != nil {
			return err
		}
		return same("description", aws.ToString(m.Description), "second")
	}, func(in *kms.CreateKeyInput) { in.Description = aws.String("first") })},
	{"create key of an unknown spec is refused", refused("ValidationException", func(ctx context.Context, b *kmsBench) error {
		_, err := newKey(ctx, b.home(), ofSpec("ENIGMA", types.KeyUsageTypeEncryptDecrypt))
		return err
	})},
	{"create key of an elliptic curve that encrypts is refused", refused("ValidationException", func(ctx context.Context, b *kmsBench) error {
		_, err := newKey(ctx, b.home(), ofSpec(types.KeySpecEccNistP256, types.KeyUsageTypeEncryptDecrypt))
		return err
	})},
	{"create key of HMAC without a usage is refused", refused("ValidationException", func(ctx context.Context, b *kmsBench) error {
		_, err := newKey(ctx, b.home(), ofSpec(types.KeySpecHmac256, ""))
		return err
	})},
	{"create key with a policy that is not JSON is refused", refused("MalformedPolicyDocumentException", func(ctx context.Context, b *kmsBench) error {
		_, err := newKey(ctx, b.home(), func(in *kms.CreateKeyInput) { in.Policy = aws.String("allow all") })
		return err
	})},
	{"describe by id, ARN, alias and alias ARN", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		name := uniqueAlias()
		if _, err := b.home().CreateAlias(ctx, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &arn}); err != nil {
			return err
		}
		aliasARN := strings.Replace(arn, "key/"+keyID(arn), *name, 1)
		for _, id := range []string{keyID(arn), arn, *name, aliasARN} {
			m, err := describe(ctx, b.home(), id)
			if err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			if err := same("ARN", aws.ToString(m.Arn), arn); err != nil {
				return err
			}
		}
		return nil
	})},
	{"describe a key that is not there", refused("NotFoundException", func(ctx context.Context, b *kmsBench) error {
		_, err := describe(ctx, b.home(), "1234abcd-12ab-34cd-56ef-1234567890ab")
		return err
	})},
	{"describe with the ARN of another Region", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := describe(ctx, b.other(), arn)
		return wantCode(err, "NotFoundException")
	})},
	{"list keys", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		for p := kms.NewListKeysPaginator(b.home(), &kms.ListKeysInput{}); p.HasMorePages(); {
			out, err := p.NextPage(ctx)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(out.Keys, func(k types.KeyListEntry) bool { return aws.ToString(k.KeyArn) == arn }) {
				return nil
			}
		}
		return errors.New("the key is not in the list")
	})},
	{"list keys in pages", func(ctx context.Context, b *kmsBench) error {
		want := make(map[string]bool)
		for range 5 {
			arn, err := newKey(ctx, b.home())
			if err != nil {
				return err
			}
			want[keyID(arn)] = true
		}
		p := kms.NewListKeysPaginator(b.home(), &kms.ListKeysInput{Limit: aws.Int32(2)})
		for p.HasMorePages() {
			out, err := p.NextPage(ctx)
			if err != nil {
				return err
			}
			if len(out.Keys) > 2 {
				return fmt.Errorf("a page has %d keys, want at most 2", len(out.Keys))
			}
			for _, k := range out.Keys {
				delete(want, aws.ToString(k.KeyId))
			}
		}
		return same("keys not listed", len(want), 0)
	}},
	{"tags", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		if _, err := b.home().TagResource(ctx, &kms.TagResourceInput{KeyId: &arn, Tags: []types.Tag{{TagKey: aws.String("b"), TagValue: aws.String("3")}, {TagKey: aws.String("c"), TagValue: aws.String("4")}}}); err != nil {
			return err
		}
		if _, err := b.home().UntagResource(ctx, &kms.UntagResourceInput{KeyId: &arn, TagKeys: []string{"a"}}); err != nil {
			return err
		}
		out, err := b.home().ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &arn})
		if err != nil {
			return err
		}
		var got []string
		for _, t := range out.Tags {
			got = append(got, aws.ToString(t.TagKey)+"="+aws.ToString(t.TagValue))
		}
		slices.Sort(got)
		return same("tags", strings.Join(got, " "), "b=3 c=4")
	}, func(in *kms.CreateKeyInput) {
		in.Tags = []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("1")}, {TagKey: aws.String("b"), TagValue: aws.String("2")}}
	})},
	{"policy", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:*","Resource":"*"}]}`
		if _, err := b.home().PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default"), Policy: aws.String(policy)}); err != nil {
			return err
		}
		out, err := b.home().GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default")})
		if err != nil {
			return err
		}
		return same("policy", aws.ToString(out.Policy), policy)
	})},
	{"policy of another name is not there", keyRefused("NotFoundException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("mine")})
		return err
	})},
	{"policy names", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		out, err := b.home().ListKeyPolicies(ctx, &kms.ListKeyPoliciesInput{KeyId: &arn})
		if err != nil {
			return err
		}
		return same("names", strings.Join(out.PolicyNames, " "), "default")
	})},
}

// createAlias makes a check of a CreateAlias that must end with a code.
func createAlias(want, name string) func(context.Context, *kmsBench) error {
	return keyRefused(want, func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &arn})
		return err
	})
}

// encryptsWith is the ARN of the key that encrypts under a name.
func encryptsWith(ctx context.Context, c *kms.Client, name string) (string, error) {
	out, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &name, Plaintext: []byte("x")})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.KeyId), nil
}

// withAlias makes a check that needs a key with an alias.
func withAlias(run func(ctx context.Context, b *kmsBench, arn string, name *string) error) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		name := uniqueAlias()
		if _, err := b.home().CreateAlias(ctx, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &arn}); err != nil {
			return fmt.Errorf("CreateAlias: %w", err)
		}
		return run(ctx, b, arn, name)
	})
}

var kmsAliasChecks = []kmsCheck{
	{"alias encrypts with its key", withAlias(func(ctx context.Context, b *kmsBench, arn string, name *string) error {
		got, err := encryptsWith(ctx, b.home(), *name)
		if err != nil {
			return err
		}
		return same("key", got, arn)
	})},
	{"alias decrypts with its key", withAlias(func(ctx context.Context, b *kmsBench, arn string, name *string) error {
		out, err := encryptAndDecrypt(ctx, b, arn, func(in *kms.DecryptInput) { in.KeyId = name })
		if err != nil {
			return err
		}
		return same("key", aws.ToString(out.KeyId), arn)
	})},
	{"alias of another key does not decrypt", withAlias(func(ctx context.Context, b *kmsBench, _ string, name *string) error {
		other, err := newKey(ctx, b.home())
		if err != nil {
			return err
		}
		_, err = encryptAndDecrypt(ctx, b, other, func(in *kms.DecryptInput) { in.KeyId = name })
		return wantCode(err, "IncorrectKeyException")
	})},
	{"alias is not in another Region", withAlias(func(ctx context.Context, b *kmsBench, _ string, name *string) error {
		_, err := encryptsWith(ctx, b.other(), *name)
		return wantCode(err, "NotFoundException")
	})},
	{"alias moves to another key", withAlias(func(ctx context.Context, b *kmsBench, _ string, name *string) error {
		second, err := newKey(ctx, b.home())
		if err != nil {
			return err
		}
		if _, err := b.home().UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: name, TargetKeyId: &second}); err != nil {
			return err
		}
		got, err := encryptsWith(ctx, b.home(), *name)
		if err != nil {
			return err
		}
		return same("key", got, second)
	})},
	{"alias does not move to a key of another usage", withAlias(func(ctx context.Context, b *kmsBench, _ string, name *string) error {
		mac, err := newKey(ctx, b.home(), ofSpec(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac))
		if err != nil {
			return err
		}
		_, err = b.home().UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: name, TargetKeyId: &mac})
		return wantCode(err, "ValidationException")
	})},
	{"alias that is deleted is gone", withAlias(func(ctx context.Context, b *kmsBench, _ string, name *string) error {
		if _, err := b.home().DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: name}); err != nil {
			return err
		}
		_, err := encryptsWith(ctx, b.home(), *name)
		return wantCode(err, "NotFoundException")
	})},
	{"alias that is there already is refused", withAlias(func(ctx context.Context, b *kmsBench, arn string, name *string) error {
		_, err := b.home().CreateAlias(ctx, &kms.CreateAliasInput{AliasName: name, TargetKeyId: &arn})
		return wantCode(err, "AlreadyExistsException")
	})},
	{"alias of an alias is refused", withAlias(func(ctx context.Context, b *kmsBench, _ string, name *string) error {
		_, err := b.home().CreateAlias(ctx, &kms.CreateAliasInput{AliasName: uniqueAlias(), TargetKeyId: name})
		return wantCode(err, "ValidationException")
	})},
	{"alias of a key that is not there", refused("NotFoundException", func(ctx context.Context, b *kmsBench) error {
		_, err := b.home().CreateAlias(ctx, &kms.CreateAliasInput{AliasName: uniqueAlias(), TargetKeyId: aws.String("1234abcd-12ab-34cd-56ef-1234567890ab")})
		return err
	})},
	{"alias to update that is not there", keyRefused("NotFoundException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().UpdateAlias(ctx, &kms.UpdateAliasInput{AliasName: uniqueAlias(), TargetKeyId: &arn})
		return err
	})},
	{"alias to delete that is not there", refused("NotFoundException", func(ctx context.Context, b *kmsBench) error {
		_, err := b.home().DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: uniqueAlias()})
		return err
	})},
	{"alias without its prefix is refused", createAlias("ValidationException", "orders")},
	{"alias with a space is refused", createAlias("ValidationException", "alias/two words")},
	{"alias with a colon is refused", createAlias("ValidationException", "alias/a:b")},
	{"alias of AWS's own is refused", createAlias("NotAuthorizedException", "alias/aws/dynamodb")},
	{"alias is listed with its key", withAlias(func(ctx context.Context, b *kmsBench, arn string, name *string) error {
		out, err := b.home().ListAliases(ctx, &kms.ListAliasesInput{KeyId: &arn})
		if err != nil {
			return err
		}
		if len(out.Aliases) != 1 {
			return fmt.Errorf("%d aliases, want 1", len(out.Aliases))
		}
		a := out.Aliases[0]
		return errors.Join(
			same("name", aws.ToString(a.AliasName), *name),
			same("key", aws.ToString(a.TargetKeyId), keyID(arn)),
			same("ARN", aws.ToString(a.AliasArn), strings.Replace(arn, "key/"+keyID(arn), *name, 1)))
	})},
	{"alias is listed in pages", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		for range 5 {
			if _, err := b.home().CreateAlias(ctx, &kms.CreateAliasInput{AliasName: uniqueAlias(), TargetKeyId: &arn}); err != nil {
				return err
			}
		}
		pages, names := 0, make(map[string]bool)
		for p := kms.NewListAliasesPaginator(b.home(), &kms.ListAliasesInput{KeyId: &arn, Limit: aws.Int32(2)}); p.HasMorePages(); pages++ {
			out, err := p.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, a := range out.Aliases {
				names[aws.ToString(a.AliasName)] = true
			}
		}
		return errors.Join(same("pages", pages, 3), same("aliases", len(names), 5))
	})},
}

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
