package ddbecvec

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/vectors"
)

// Encryptor returns the case's encryptor, with keys from p.
func (c *Case) Encryptor(p crypt.Provider, opts ...crypt.DDBECOption) (crypt.Encryptor, error) {
	table, err := c.Table()
	if err != nil {
		return nil, err
	}
	// Cases show that items with unsigned keys are read, not that they are wise.
	opts = append([]crypt.DDBECOption{crypt.AllowUnsignedKeys()}, opts...)
	if o := c.TableNameOverride; o != nil {
		opts = append(opts, crypt.OverrideTableNames(map[string]string{o.From: o.To}))
	}
	if c.SignedByPythonOnly() {
		opts = append(opts, crypt.AcceptRoundedSignatures())
	}
	return crypt.NewDDBEC(p, opts...).ForTable(table)
}

// Encrypt encrypts the case's plaintext item and returns the case with the
// result: encrypted_item or error, what was sent to KMS, and this project as its
// client.
func (c *Case) Encrypt(ctx context.Context, opts ...crypt.DDBECOption) (*Case, error) {
	s := &session{writing: true}
	stored, err := c.encrypt(ctx, s, opts...)
	set := vectors.Written(Go, stored, err)
	if s.requests != nil {
		set["kms_requests"] = s.requests
	}
	if s.table != nil {
		if set["provider"], err = c.providerWithRows(ctx, s); err != nil {
			return nil, err
		}
	}
	return c.With(set)
}

// providerWithRows returns the case's provider with the rows that its key table
// has now.
func (c *Case) providerWithRows(ctx context.Context, s *session) (map[string]json.RawMessage, error) {
	rows, err := s.tableItems(ctx, &c.Provider)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	data, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(data, &struct {
			Provider *map[string]json.RawMessage `json:"provider"`
		}{&members})
	}
	if err == nil {
		members["meta_table_items"], err = json.Marshal(rows)
	}
	return members, err
}

func (c *Case) encrypt(ctx context.Context, s *session, opts ...crypt.DDBECOption) (map[string]types.AttributeValue, error) {
	item, err := c.Plaintext()
	if err != nil {
		return nil, err
	}
	keys, err := s.open(ctx, &c.Provider)
	if err != nil {
		return nil, err
	}
	e, err := c.Encryptor(keys, opts...)
	if err != nil {
		return nil, err
	}
	return e.Encrypt(ctx, item)
}

// Result is what a reader made of one case.
type Result = vectors.Result

// Decrypt decrypts the case's stored item.
func (c *Case) Decrypt(ctx context.Context) Result {
	plain, err := c.decrypt(ctx, new(session))
	return vectors.Read(c.Name, Go, plain, err)
}

func (c *Case) decrypt(ctx context.Context, s *session) (map[string]types.AttributeValue, error) {
	item, err := c.Encrypted()
	if err != nil {
		return nil, err
	}
	keys, err := s.open(ctx, &c.Provider)
	if err != nil {
		return nil, err
	}
	e, err := c.Encryptor(keys)
	if err != nil {
		return nil, err
	}
	return e.Decrypt(ctx, item)
}
