package dbesdkvec

import (
	"context"
	"fmt"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/ddbecvec"
)

// Legacy says how a case's DDBEC items are read, or written.
type Legacy struct {
	Policy           string            `json:"policy"`
	AttributeActions Actions           `json:"attribute_actions"` // none is DO_NOTHING
	Provider         ddbecvec.Provider `json:"provider"`
}

// The policies of both overrides, by the names of the other clients. DB-ESDK spec:
// "Legacy and plaintext overrides".
const (
	legacyForced  = "FORCE_LEGACY_ENCRYPT_ALLOW_LEGACY_DECRYPT"
	legacyRead    = "FORBID_LEGACY_ENCRYPT_ALLOW_LEGACY_DECRYPT"
	legacyNone    = "FORBID_LEGACY_ENCRYPT_FORBID_LEGACY_DECRYPT"
	plaintextUsed = "FORCE_PLAINTEXT_WRITE_ALLOW_PLAINTEXT_READ"
	plaintextRead = "FORBID_PLAINTEXT_WRITE_ALLOW_PLAINTEXT_READ"
	plaintextNone = "FORBID_PLAINTEXT_WRITE_FORBID_PLAINTEXT_READ"
)

// format returns the format of the case's table, if dbesdk is that of its DB-ESDK
// items. What is forced is written only if the case is to be written: then table
// gets the actions of what is written.
func (c *Case) format(ctx context.Context, dbesdk crypt.Format, table *crypt.Table, writing bool) (crypt.Format, error) {
	switch {
	case c.LegacyOverride != nil && c.PlaintextOverride != "":
		return nil, fmt.Errorf("%w: a legacy and a plaintext override", crypt.ErrConfig)
	case c.LegacyOverride != nil:
		return c.LegacyOverride.format(ctx, dbesdk, table, writing)
	}
	switch c.PlaintextOverride {
	case "", plaintextNone:
		return dbesdk, nil
	case plaintextUsed:
		return crypt.Migrate(crypt.ForgeablePlaintext(), dbesdk), nil
	case plaintextRead:
		return crypt.Migrate(dbesdk, crypt.ForgeablePlaintext()), nil
	}
	return nil, fmt.Errorf("%w: there is no plaintext policy %q", crypt.ErrConfig, c.PlaintextOverride)
}

func (l *Legacy) format(ctx context.Context, dbesdk crypt.Format, table *crypt.Table, writing bool) (crypt.Format, error) {
	if l.Policy == legacyNone {
		return crypt.Migrate(dbesdk), nil
	}
	if l.Policy != legacyForced && l.Policy != legacyRead {
		return nil, fmt.Errorf("%w: there is no legacy policy %q", crypt.ErrConfig, l.Policy)
	}
	actions := crypt.Actions{Default: crypt.DoNothing, Attributes: map[string]crypt.Action{}}
	for name, action := range l.AttributeActions.Attributes {
		a, err := parseAction(action)
		if err != nil {
			return nil, fmt.Errorf("legacy action of %q: %w", name, err)
		}
		actions.Attributes[name] = a
	}
	forced := writing && l.Policy == legacyForced
	p, err := l.Provider.Open(ctx, forced)
	if err != nil {
		return nil, err
	}
	ddbec := crypt.NewDDBEC(p)
	if forced {
		table.Actions = actions
		return crypt.Migrate(ddbec, dbesdk), nil
	}
	return crypt.Migrate(dbesdk, crypt.WrittenWith(ddbec, actions)), nil
}
