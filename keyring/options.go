package keyring

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ddbenc/ddbenc/crypt"
)

// A StaticOption changes what [NewStatic] and [NewStaticKeys] return.
type StaticOption interface{ applyStatic(*config) }

// A WrappedOption changes what [NewWrapped], [NewWrappedRSA] and
// [NewWrappedKeys] return.
type WrappedOption interface{ applyWrapped(*config) }

// An Option is for every provider.
type Option interface {
	StaticOption
	WrappedOption
	KMSOption
}

// config collects the options of one provider.
type config struct {
	description map[string]string
	required    map[string]string
	pkcs1v15    bool
	assumeWrap  bool
	kms         kmsConfig
}

type option func(*config)

func (f option) applyStatic(c *config)  { f(c) }
func (f option) applyWrapped(c *config) { f(c) }

// WithDescription adds entries to the material description of every item that
// is written. They are readable and not signed. Any entry may be added but those
// that the provider or the encryptor writes itself; some have a meaning:
//
//	amzn-ddb-env-alg   length of the content keys that [Wrapped] and [KMS] make: AES/128, AES/192 or AES/256, the default
//	amzn-ddb-wrap-alg  how [Wrapped] wraps them, if not in the key's default way
//	amzn-ddb-sig-alg   signing keys that [KMS] makes, such as HmacSHA384/384; the default is HmacSHA256/256
//
// The entries are copied. Spec: Registry of material-description keys.
func WithDescription(entries map[string]string) Option {
	entries = maps.Clone(entries)
	return option(func(c *config) { c.description = merge(c.description, entries) })
}

// RequireDescription refuses to read an item whose material description lacks
// one of these entries or has another value in it, with [crypt.ErrNoKey]. The
// Java client's static and key store providers do this with the entries that
// they write; by default nothing is required. It tells apart the items of
// several providers, and is no protection: descriptions are not signed.
func RequireDescription(entries map[string]string) Option {
	entries = maps.Clone(entries)
	return option(func(c *config) { c.required = merge(c.required, entries) })
}

// AllowPKCS1v15 lets a provider with an RSA key read items whose content key is
// wrapped with PKCS #1 v1.5, or that don't say how, which means the same. Old
// releases of the Java client wrote such items. Without the option they are
// refused, because the padding invites attacks on the private key; with it, a
// wrong padding looks like a wrong key. They are never written. The private key
// has to be an *rsa.PrivateKey or a [*PrivateKey]. Reading such an item takes
// three private key operations instead of one.
func AllowPKCS1v15() WrappedOption {
	return option(func(c *config) { c.pkcs1v15 = true })
}

// AssumeAESWrap lets a provider with an AES key read items that don't say how
// their content key is wrapped, as if they said AESWrap. Neither of the other
// clients writes such items, and both refuse them, as does a provider without
// this option.
func AssumeAESWrap() WrappedOption {
	return option(func(c *config) { c.assumeWrap = true })
}

func merge(dst, src map[string]string) map[string]string {
	if dst == nil {
		dst = make(map[string]string, len(src))
	}
	maps.Copy(dst, src)
	return dst
}

// checkDescription refuses entries that would be overwritten, so that a caller
// doesn't believe them effective.
func (c *config) checkDescription() error {
	for _, name := range slices.Sorted(maps.Keys(c.description)) {
		if name == crypt.DescContentKey || strings.HasPrefix(name, "amzn-ddb-map-") {
			return fmt.Errorf("%w: description entry %q is reserved", crypt.ErrConfig, name)
		}
	}
	return nil
}

// checkRequired reports whether description has what is required.
func (c *config) checkRequired(description map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(c.required)) {
		switch got, ok := description[name]; {
		case !ok:
			return fmt.Errorf("%w: its description lacks entry %q", crypt.ErrNoKey, name)
		case got != c.required[name]:
			return fmt.Errorf("%w: its description has another value of %q", crypt.ErrNoKey, name)
		}
	}
	return nil
}
