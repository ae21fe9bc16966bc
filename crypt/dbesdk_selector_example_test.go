package crypt_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/keyring"
)

// byRegion is a keyring of one's own: it chooses another keyring by an attribute of
// the item.
type byRegion map[string]crypt.Keyring

func (k byRegion) choose(kc *crypt.KeyContext) (crypt.Keyring, error) {
	selector, err := kc.Selector()
	if err != nil {
		return nil, err
	}
	region, ok := selector["region"].(*types.AttributeValueMemberS)
	if !ok || k[region.Value] == nil {
		return nil, fmt.Errorf("%w: the item is of no known region", crypt.ErrNoKey)
	}
	return k[region.Value], nil
}

func (k byRegion) WrapKey(ctx context.Context, kc *crypt.KeyContext, dataKey []byte) ([]crypt.WrappedKey, error) {
	inner, err := k.choose(kc)
	if err != nil {
		return nil, err
	}
	return inner.WrapKey(ctx, kc, dataKey)
}

func (k byRegion) UnwrapKey(ctx context.Context, kc *crypt.KeyContext, keys []crypt.EncryptedDataKey) (*crypt.UnwrappedKey, error) {
	inner, err := k.choose(kc)
	if err != nil {
		return nil, err
	}
	return inner.UnwrapKey(ctx, kc, keys)
}

func ExampleKeyContext_Selector() {
	eu, err := keyring.NewRawAES("eu", "2026", make([]byte, 32)) // use random keys
	if err != nil {
		fmt.Println(err)
		return
	}
	us, err := keyring.NewRawAES("us", "2026", make([]byte, 32))
	if err != nil {
		fmt.Println(err)
		return
	}
	enc, err := crypt.NewDBESDK(byRegion{"eu": eu, "us": us}).ForTable(crypt.Table{
		Name: "patients", PartitionKey: "id", Actions: crypt.Actions{
			Default: crypt.EncryptAndSign, Attributes: map[string]crypt.Action{"region": crypt.SignAndIncludeInContext},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, region := range []string{"eu", "us", "elsewhere"} {
		stored, err := enc.Encrypt(context.Background(), map[string]types.AttributeValue{
			"id":     &types.AttributeValueMemberS{Value: "p-1"},
			"region": &types.AttributeValueMemberS{Value: region},
		})
		if err != nil {
			fmt.Println(err)
			continue
		}
		in, err := crypt.Inspect(stored)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(region, "is written for", in.DataKeys[0].Provider)
	}
	// Output:
	// eu is written for eu
	// us is written for us
	// ddbenc: no key for this item: the item is of no known region
}
