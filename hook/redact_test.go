package hook_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/hook"
	"github.com/ddbenc/ddbenc/internal/redacttest"
)

// No event prints what an error quotes.
func TestPrintingShowsNoSecrets(t *testing.T) {
	const planted = "planted-secret"
	err := hook.Redact(fmt.Errorf("%w: %w", crypt.ErrVerify, secretError{planted}))
	p := redacttest.Package{
		Secrets: []redacttest.Secret{redacttest.Text("what an error quotes", planted)},
		Values: []any{
			err, fmt.Errorf("wrapped: %w", err),
			hook.Item{Table: "patients", Op: "GetItem", Action: hook.Decrypt, Err: err},
			hook.Refusal{Table: "patients", Op: "GetItem", Err: err},
			hook.KeyLoad{Provider: "KMS", Op: "Decrypt", Key: "a-key", Err: err},
			&hook.Hooks{Failed: func(context.Context, hook.Item) { panic(planted) }},
		},
		Without: map[string]string{
			"Retry": "names and a number: it has no error",
		},
	}
	p.Test(t)
}
