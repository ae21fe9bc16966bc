package dbesdkvec

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/vectors"
)

// Clients that write cases, by their names there; Go is this project.
const (
	Go   = "go-dbesdk"
	Java = "java-dbesdk"
)

// Encryptor returns the encryptor that reads the case's items, and writes them
// unless a policy forces another format, with data keys protected by k.
func (c *Case) Encryptor(k crypt.Keyring, opts ...crypt.DBESDKOption) (crypt.Encryptor, error) {
	return c.encryptorFor(context.Background(), k, false, opts...)
}

func (c *Case) encryptorFor(ctx context.Context, k crypt.Keyring, writing bool, opts ...crypt.DBESDKOption) (crypt.Encryptor, error) {
	table, err := c.Table()
	if err != nil {
		return nil, err
	}
	own, err := c.options()
	if err != nil {
		return nil, err
	}
	f, err := c.format(ctx, crypt.NewDBESDK(k, append(own, opts...)...), &table, writing)
	if err != nil {
		return nil, err
	}
	return f.ForTable(table)
}

func (c *Case) encryptor(ctx context.Context, log *requestLog, writing bool) (crypt.Encryptor, error) {
	k, err := c.Provider.open(log)
	if err != nil {
		return nil, err
	}
	return c.encryptorFor(ctx, k, writing)
}

// Encrypt encrypts the case's plaintext item and returns the case with the
// result: encrypted_item or error, what was sent to KMS, and this project as its
// client.
func (c *Case) Encrypt(ctx context.Context) (*Case, error) {
	log := new(requestLog)
	stored, err := c.encrypt(ctx, log)
	set := vectors.Written(Go, stored, err)
	set["parsed_header"] = nil
	if log.requests != nil {
		set["kms_requests"] = log.requests
	}
	if p, changed := c.Provider.inContext(log.context); changed && err == nil {
		set["provider"] = p
	}
	return c.With(set)
}

func (c *Case) encrypt(ctx context.Context, log *requestLog) (map[string]types.AttributeValue, error) {
	if c.Search != nil {
		return nil, fmt.Errorf("%w: beacons are not written", crypt.ErrConfig)
	}
	item, err := c.Plaintext()
	if err != nil {
		return nil, err
	}
	e, err := c.encryptor(ctx, log, true)
	if err != nil {
		return nil, err
	}
	return e.Encrypt(ctx, item)
}

// Result is what a reader made of one case.
type Result = vectors.Result

// Decrypt decrypts the case's stored item.
func (c *Case) Decrypt(ctx context.Context) Result {
	plain, err := c.decrypt(ctx)
	return vectors.Read(c.Name, Go, plain, err)
}

func (c *Case) decrypt(ctx context.Context) (map[string]types.AttributeValue, error) {
	reader, err := c.Reader()
	if err != nil {
		return nil, err
	}
	item, err := reader.Encrypted()
	if err != nil {
		return nil, err
	}
	e, err := reader.encryptor(ctx, new(requestLog), false)
	if err != nil {
		return nil, err
	}
	return e.Decrypt(ctx, item)
}
