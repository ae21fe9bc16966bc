package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/ddbenc/ddbenc/internal/dbesdkvec"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
	"github.com/ddbenc/ddbenc/internal/vectors"
)

// A testCase is a case of either format.
type testCase interface {
	encrypt(ctx context.Context) (any, error)
	decrypt(ctx context.Context) any
	name() string
}

type ddbecCase struct{ *ddbecvec.Case }

func (c ddbecCase) encrypt(ctx context.Context) (any, error) { return c.Encrypt(ctx) }
func (c ddbecCase) decrypt(ctx context.Context) any          { return c.Decrypt(ctx) }
func (c ddbecCase) name() string                             { return c.Name }

type dbesdkCase struct{ *dbesdkvec.Case }

func (c dbesdkCase) encrypt(ctx context.Context) (any, error) { return c.Encrypt(ctx) }
func (c dbesdkCase) decrypt(ctx context.Context) any          { return c.Decrypt(ctx) }
func (c dbesdkCase) name() string                             { return c.Name }

// parse reads a JSON list of cases, or an object with such a list in its member
// "cases". The formats may be mixed.
func parse(data []byte) ([]testCase, error) {
	elements, err := vectors.Elements(data)
	if err != nil {
		return nil, err
	}
	cases := make([]testCase, len(elements))
	for i, e := range elements {
		list, err := json.Marshal([]json.RawMessage{e})
		if err != nil {
			return nil, err
		}
		dbesdk, err := isDBESDK(e)
		if err != nil {
			return nil, err
		}
		if dbesdk {
			c, err := dbesdkvec.Parse(list)
			if err != nil {
				return nil, err
			}
			cases[i] = dbesdkCase{c[0]}
			continue
		}
		c, err := ddbecvec.Parse(list)
		if err != nil {
			return nil, err
		}
		cases[i] = ddbecCase{c[0]}
	}
	return cases, nil
}

// isDBESDK tells the format of a case. Providers have names of their own in each,
// but for aws_kms: there a default action, which DB-ESDK doesn't have, means DDBEC.
func isDBESDK(element json.RawMessage) (bool, error) {
	var c struct {
		Actions struct {
			Default *string `json:"default"`
		} `json:"attribute_actions"`
		Provider struct {
			Type string `json:"type"`
		} `json:"provider"`
	}
	if err := json.Unmarshal(element, &c); err != nil {
		return false, err
	}
	switch c.Provider.Type {
	case "":
		return false, errors.New("a case without a type of provider")
	case "static", "wrapped", "most_recent":
		return false, nil
	case "aws_kms":
		return c.Actions.Default == nil, nil
	}
	return true, nil
}
