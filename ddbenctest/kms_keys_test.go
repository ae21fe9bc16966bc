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
