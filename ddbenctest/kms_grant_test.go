package ddbenctest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

var grantee = aws.String("arn:aws:iam::111122223333:role/reader")

// withGrant makes a check that needs a key with a grant.
func withGrant(run func(ctx context.Context, c *kms.Client, arn string, g *kms.CreateGrantOutput) error) func(context.Context, *kmsBench) error {
	return withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		g, err := b.home().CreateGrant(ctx, &kms.CreateGrantInput{
			KeyId:             &arn,
			GranteePrincipal:  grantee,
			RetiringPrincipal: grantee,
			Operations:        []types.GrantOperation{types.GrantOperationDecrypt},
			Constraints:       &types.GrantConstraints{EncryptionContextSubset: orders},
			Name:              aws.String("readers"),
		})
		if err != nil {
			return fmt.Errorf("CreateGrant: %w", err)
		}
		return run(ctx, b.home(), arn, g)
	})
}

func grantIDs(ctx context.Context, c *kms.Client, arn string) ([]string, error) {
	out, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &arn})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, g := range out.Grants {
		ids = append(ids, aws.ToString(g.GrantId))
	}
	return ids, nil
}

var kmsGrantChecks = []kmsCheck{
	{"grant is listed", withGrant(func(ctx context.Context, c *kms.Client, arn string, g *kms.CreateGrantOutput) error {
		out, err := c.ListGrants(ctx, &kms.ListGrantsInput{KeyId: &arn})
		if err != nil {
			return err
		}
		if len(out.Grants) != 1 {
			return fmt.Errorf("%d grants, want 1", len(out.Grants))
		}
		got := out.Grants[0]
		return errors.Join(
			same("id", aws.ToString(got.GrantId), aws.ToString(g.GrantId)),
			same("key", aws.ToString(got.KeyId), arn),
			same("grantee", aws.ToString(got.GranteePrincipal), *grantee),
			same("operations", slices.Equal(got.Operations, []types.GrantOperation{types.GrantOperationDecrypt}), true),
			same("constraint", got.Constraints.EncryptionContextSubset["id"], "7"))
	})},
	{"grant token is taken", withGrant(func(ctx context.Context, c *kms.Client, arn string, g *kms.CreateGrantOutput) error {
		_, err := c.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &arn, NumberOfBytes: aws.Int32(32), GrantTokens: []string{aws.ToString(g.GrantToken)}})
		return err
	})},
	{"grant is revoked", withGrant(func(ctx context.Context, c *kms.Client, arn string, g *kms.CreateGrantOutput) error {
		if _, err := c.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &arn, GrantId: g.GrantId}); err != nil {
			return err
		}
		ids, err := grantIDs(ctx, c, arn)
		return errors.Join(err, same("grants", len(ids), 0))
	})},
	{"grant is retired by its token", withGrant(func(ctx context.Context, c *kms.Client, arn string, g *kms.CreateGrantOutput) error {
		if _, err := c.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: g.GrantToken}); err != nil {
			return err
		}
		ids, err := grantIDs(ctx, c, arn)
		return errors.Join(err, same("grants", len(ids), 0))
	})},
	{"grant is retired by key and id", withGrant(func(ctx context.Context, c *kms.Client, arn string, g *kms.CreateGrantOutput) error {
		if _, err := c.RetireGrant(ctx, &kms.RetireGrantInput{KeyId: &arn, GrantId: g.GrantId}); err != nil {
			return err
		}
		ids, err := grantIDs(ctx, c, arn)
		return errors.Join(err, same("grants", len(ids), 0))
	})},
	{"grant with the same name is the same", withGrant(func(ctx context.Context, c *kms.Client, arn string, g *kms.CreateGrantOutput) error {
		again, err := c.CreateGrant(ctx, &kms.CreateGrantInput{
			KeyId:             &arn,
			GranteePrincipal:  grantee,
			RetiringPrincipal: grantee,
			Operations:        []types.GrantOperation{types.GrantOperationDecrypt},
			Constraints:       &types.GrantConstraints{EncryptionContextSubset: orders},
			Name:              aws.String("readers"),
		})
		if err != nil {
			return err
		}
		return same("id", aws.ToString(again.GrantId), aws.ToString(g.GrantId))
	})},
	{"grant can be found by who may retire it", withGrant(func(ctx context.Context, c *kms.Client, arn string, g *kms.CreateGrantOutput) error {
		for p := kms.NewListRetirableGrantsPaginator(c, &kms.ListRetirableGrantsInput{RetiringPrincipal: grantee}); p.HasMorePages(); {
			out, err := p.NextPage(ctx)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(out.Grants, func(e types.GrantListEntry) bool { return aws.ToString(e.GrantId) == aws.ToString(g.GrantId) }) {
				return nil
			}
		}
		return errors.New("the grant is not in the list")
	})},
	{"grant to revoke that is not there", keyRefused("NotFoundException", func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: &arn, GrantId: aws.String(strings.Repeat("a", 64))})
		return err
	})},
	{"grant of a disabled key is refused", inState("DisabledException", disable, func(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
		_, err := c.CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &arn, GranteePrincipal: grantee, Operations: []types.GrantOperation{types.GrantOperationDecrypt}})
		return err
	})},
}

var dryRun = aws.Bool(true)

var kmsDryRunChecks = []kmsCheck{
	{"dry run of encrypt", encryptRefused("DryRunOperationException", func(in *kms.EncryptInput) { in.DryRun = dryRun })},
	{"dry run of decrypt", decryptRefused("DryRunOperationException", func(in *kms.DecryptInput) { in.DryRun = dryRun })},
	{"dry run of re-encrypt", reEncryptRefused("DryRunOperationException", func(in *kms.ReEncryptInput) { in.DryRun = dryRun })},
	{"dry run of a data key", dataKeyRefused("DryRunOperationException", func(in *kms.GenerateDataKeyInput) {
		in.NumberOfBytes, in.DryRun = aws.Int32(32), dryRun
	})},
	{"dry run of a signature", p256Sign("DryRunOperationException", func(ctx context.Context, c *kms.Client, arn string) error {
		_, err := c.Sign(ctx, &kms.SignInput{KeyId: &arn, Message: []byte("x"), SigningAlgorithm: ecdsa256, DryRun: dryRun})
		return err
	})},
	{"dry run of a call that would fail", decryptRefused("InvalidCiphertextException", func(in *kms.DecryptInput) {
		in.EncryptionContext, in.DryRun = nil, dryRun
	})},
	{"dry run with a disabled key", inState("DisabledException", disable, func(ctx context.Context, c *kms.Client, arn string, _ []byte) error {
		_, err := c.Encrypt(ctx, &kms.EncryptInput{KeyId: &arn, Plaintext: []byte("x"), DryRun: dryRun})
		return err
	})},
	{"dry run of a grant makes none", withKey(func(ctx context.Context, b *kmsBench, arn string) error {
		_, err := b.home().CreateGrant(ctx, &kms.CreateGrantInput{KeyId: &arn, GranteePrincipal: grantee, Operations: []types.GrantOperation{types.GrantOperationDecrypt}, DryRun: dryRun})
		if err := wantCode(err, "DryRunOperationException"); err != nil {
			return err
		}
		ids, err := grantIDs(ctx, b.home(), arn)
		return errors.Join(err, same("grants", len(ids), 0))
	})},
}
