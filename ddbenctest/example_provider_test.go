package ddbenctest_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/ddbenctest"
	"github.com/ddbenc/ddbenc/keyring"
)

// counted is a provider of one's own: it counts the items that are read.
type counted struct {
	*keyring.Static
	reads atomic.Int64
}

func (p *counted) DecryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
	p.reads.Add(1)
	return p.Static.DecryptionMaterials(ctx, ec)
}

// testCounted would be called TestCounted among one's own tests.
func testCounted(t *testing.T) {
	content, signing := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	static, err := keyring.NewStatic(content, signing)
	if err != nil {
		t.Fatal(err)
	}
	p := &counted{Static: static}
	ddbenctest.TestProvider(t, p, content, signing)
	if p.reads.Load() == 0 {
		t.Error("no reads were counted")
	}
}

func ExampleTestProvider() {
	_ = testCounted
}

func TestProviderOnOneOfOnesOwn(t *testing.T) { testCounted(t) }
