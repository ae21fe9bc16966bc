package ddbenctest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ddbenc/ddbenc/crypt"
)

// fakeProvider is a good provider unless one of its functions spoils a call.
type fakeProvider struct {
	secret string // printed by fmt, so not kept secret
	enc    *crypt.EncryptionMaterials
	dec    *crypt.DecryptionMaterials

	onEncrypt func(context.Context, *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error)
	onDecrypt func(context.Context, *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error)
}

func (p *fakeProvider) EncryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
	if p.onEncrypt != nil {
		return p.onEncrypt(ctx, ec)
	}
	return p.enc, nil
}

func (p *fakeProvider) DecryptionMaterials(ctx context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
	if p.onDecrypt != nil {
		return p.onDecrypt(ctx, ec)
	}
	return p.dec, nil
}

func newFakeProvider(t *testing.T) *fakeProvider {
	t.Helper()
	content, err := crypt.NewContentKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	signing, err := crypt.NewHMACKey("HmacSHA256", bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &fakeProvider{
		enc: &crypt.EncryptionMaterials{ContentKey: content, SigningKey: signing, Description: map[string]string{"owner": "team-a"}},
		dec: &crypt.DecryptionMaterials{ContentKey: content, VerificationKey: signing.VerificationKey()},
	}
}

func TestProviderAcceptsAGoodOne(t *testing.T) {
	TestProvider(t, newFakeProvider(t), bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32))
}

func TestProviderFindsBrokenOnes(t *testing.T) {
	secret := []byte("0123456789abcdef")
	for _, tt := range []struct {
		name, check, want string
		spoil             func(*fakeProvider)
	}{
		{"can't write", "round trip", "EncryptionMaterials: ddbenc: no key", func(p *fakeProvider) {
			p.onEncrypt = func(context.Context, *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
				return nil, crypt.ErrNoKey
			}
		}},
		{"no materials", "round trip", "no signing key and no error", func(p *fakeProvider) { p.enc = nil }},
		{"other key on reading", "round trip", "decrypting what was encrypted", func(p *fakeProvider) {
			p.dec = &crypt.DecryptionMaterials{ContentKey: crypt.UnusableContentKey(), VerificationKey: p.dec.VerificationKey}
		}},
		{"panics", "hostile description", "panic for a description with no", func(p *fakeProvider) {
			p.onDecrypt = func(_ context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
				_ = ec.Description["owner"][0]
				return p.dec, nil
			}
		}},
		{"reads once", "concurrency", "used up", func(p *fakeProvider) {
			done := make(chan bool, 8)
			p.onDecrypt = func(context.Context, *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
				select {
				case done <- true:
					return p.dec, nil
				default:
					return nil, errors.New("used up")
				}
			}
		}},
		{"waits", "ended context", "waits for more than", func(p *fakeProvider) {
			p.onEncrypt = func(ctx context.Context, _ *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
				if ctx.Err() != nil {
					select {}
				}
				return p.enc, nil
			}
		}},
		{"hides the reason", "ended context", "error is not context.Canceled", func(p *fakeProvider) {
			p.onDecrypt = func(ctx context.Context, _ *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
				if ctx.Err() != nil {
					return nil, crypt.ErrNoKey
				}
				return p.dec, nil
			}
		}},
		{"changes the item", "nothing changes", "EncryptionMaterials changed its context", func(p *fakeProvider) {
			p.onEncrypt = func(_ context.Context, ec *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
				delete(ec.Item, "text")
				return p.enc, nil
			}
		}},
		{"changes the description", "nothing changes", "DecryptionMaterials changed its context", func(p *fakeProvider) {
			p.onDecrypt = func(_ context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
				ec.Description["seen"] = "yes"
				return p.dec, nil
			}
		}},
		{"changes its materials", "nothing changes", "EncryptionMaterials changed what it had returned", func(p *fakeProvider) {
			p.onEncrypt = func(context.Context, *crypt.EncryptionContext) (*crypt.EncryptionMaterials, error) {
				p.enc.Description["n"] += "1"
				return p.enc, nil
			}
		}},
		{"writes the cipher mode", "nothing changes", `describes "amzn-ddb-map-sym-mode"`, func(p *fakeProvider) {
			p.enc.Description["amzn-ddb-map-sym-mode"] = "/CBC/PKCS5Padding"
		}},
		{"prints its key", "no secret in text", "the provider printed with %+v shows the secret", func(p *fakeProvider) {
			p.secret = string(secret)
		}},
		{"prints its key in hexadecimal", "no secret in text", "in hexadecimal", func(p *fakeProvider) {
			p.onDecrypt = func(_ context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
				if ec.Description["owner"] != "team-a" {
					return nil, fmt.Errorf("%w: not for %X", crypt.ErrNoKey, secret)
				}
				return p.dec, nil
			}
		}},
		{"quotes an attribute", "no secret in text", "shows an attribute's value", func(p *fakeProvider) {
			p.onDecrypt = func(_ context.Context, ec *crypt.EncryptionContext) (*crypt.DecryptionMaterials, error) {
				if ec.Description["owner"] != "team-a" {
					return nil, fmt.Errorf("%w: pk is %v", crypt.ErrNoKey, canary)
				}
				return p.dec, nil
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newFakeProvider(t)
			tt.spoil(p)
			s := &providerSuite{provider: p, secrets: [][]byte{secret}, wait: 50 * time.Millisecond}
			for _, c := range providerChecks {
				if c.name != tt.check {
					continue
				}
				if err := c.run(s, t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("check %q = %v, want an error with %q", c.name, err, tt.want)
				}
				return
			}
			t.Fatalf("no check is called %q", tt.check)
		})
	}
}

func TestFindSecret(t *testing.T) {
	secret := []byte{0x00, 0x11, 0xfb, 0xff, 0xbe}
	for _, text := range []string{
		"\x00\x11\xfb\xff\xbe", "0011fbffbe", "0011FBFFBE", "ABH7/74=", "ABH7_74", "[0 17 251 255 190]", "[]byte{0x0, 0x11, 0xfb, 0xff, 0xbe}",
	} {
		if _, found := findSecret("key "+text+" end", secret); !found {
			t.Errorf("findSecret(%q) finds nothing", text)
		}
	}
	for _, text := range []string{"", "0011fbffb", "REDACTED"} {
		if how, found := findSecret(text, secret); found {
			t.Errorf("findSecret(%q) finds it %s", text, how)
		}
	}
	if _, found := findSecret("anything", nil); found {
		t.Error("findSecret finds an empty secret")
	}
}
