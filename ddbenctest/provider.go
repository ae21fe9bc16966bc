package ddbenctest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// TestProvider tests that p keeps the contract of [crypt.Provider]: items of all
// types come back as they went in, tampered ones don't come back, calls may run
// at the same time, contexts end waits, materials and contexts stay as they are,
// and neither errors nor printed values give away keys or items.
//
// P must be able to both write and read. If its materials have no content key,
// items are only signed. Secrets are keys, as raw bytes, that no text may show;
// they are looked for as they are and in hexadecimal, Base64 and Go's notations.
// The suite makes some hundreds of calls.
func TestProvider(t *testing.T, p crypt.Provider, secrets ...[]byte) {
	s := &providerSuite{provider: p, secrets: secrets, wait: 10 * time.Second}
	for _, c := range providerChecks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(s, t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// providerChecks return errors rather than failing a test, so that they can be
// tested on providers that break the contract.
var providerChecks = []struct {
	name string
	run  func(*providerSuite, context.Context) error
}{
	{"round trip", (*providerSuite).roundTrip},
	{"tampering", (*providerSuite).tampering},
	{"hostile description", (*providerSuite).hostileDescription},
	{"concurrency", (*providerSuite).concurrency},
	{"ended context", (*providerSuite).endedContext},
	{"nothing changes", (*providerSuite).nothingChanges},
	{"no secret in text", (*providerSuite).noSecretInText},
}

type providerSuite struct {
	provider crypt.Provider
	secrets  [][]byte
	wait     time.Duration // bounds what must come back at once
}

// The table that the suite's items belong to.
const (
	suiteTable        = "ddbenctest-provider"
	suitePartitionKey = "pk"
	suiteSortKey      = "sk"
)

// canary is in every item's text values, so that a test can look for them.
const canary = "canary-7f3d9c"

// encryptor returns an encryptor of table on the provider, which encrypts if
// there is a content key.
func (s *providerSuite) encryptor(ctx context.Context, table string) (crypt.Encryptor, error) {
	m, err := s.provider.EncryptionMaterials(ctx, suiteContext(suiteItems()["all types"], nil))
	if err != nil {
		return nil, fmt.Errorf("EncryptionMaterials: %w", err)
	}
	if m == nil || m.SigningKey == nil {
		return nil, errors.New("EncryptionMaterials returned no signing key and no error")
	}
	actions := crypt.Actions{Default: crypt.EncryptAndSign}
	if m.ContentKey == nil {
		actions.Default = crypt.SignOnly
	}
	return crypt.NewDDBEC(s.provider).ForTable(crypt.Table{
		Name: table, PartitionKey: suitePartitionKey, SortKey: suiteSortKey, Actions: actions,
	})
}

func suiteContext(item map[string]types.AttributeValue, description map[string]string) *crypt.EncryptionContext {
	return &crypt.EncryptionContext{
		TableName: suiteTable, PartitionKey: suitePartitionKey, SortKey: suiteSortKey,
		Item: item, Description: description,
	}
}

// suiteItems returns new items of every shape.
func suiteItems() map[string]map[string]types.AttributeValue {
	text := &types.AttributeValueMemberS{Value: canary + " grüße 😀"}
	number := &types.AttributeValueMemberN{Value: "-12345678901234567890123456789012345678"}
	binary := &types.AttributeValueMemberB{Value: []byte{0, 0x7f, 0x80, 0xff}}
	all := map[string]types.AttributeValue{
		suitePartitionKey: text,
		suiteSortKey:      &types.AttributeValueMemberN{Value: "42"},
		"text":            text,
		"empty text":      &types.AttributeValueMemberS{},
		"number":          number,
		"binary":          binary,
		"true":            &types.AttributeValueMemberBOOL{Value: true},
		"null":            &types.AttributeValueMemberNULL{Value: true},
		"texts":           &types.AttributeValueMemberSS{Value: []string{"a", "b", "ß"}},
		"numbers":         &types.AttributeValueMemberNS{Value: []string{"1", "2.5", "9"}},
		"binaries":        &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2, 3}}},
		"list":            &types.AttributeValueMemberL{Value: []types.AttributeValue{text, number, binary}},
		"map": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{
			"inner": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"text": text}},
			"list":  &types.AttributeValueMemberL{},
		}},
	}
	large := map[string]types.AttributeValue{
		suitePartitionKey: text,
		suiteSortKey:      &types.AttributeValueMemberN{Value: "1E+20"},
		"large":           &types.AttributeValueMemberS{Value: strings.Repeat(canary, 10_000)},
	}
	keys := map[string]types.AttributeValue{
		suitePartitionKey: text,
		suiteSortKey:      &types.AttributeValueMemberN{Value: "0.001"},
	}
	return map[string]map[string]types.AttributeValue{"all types": all, "large": large, "only keys": keys}
}

// sameItem reports whether two items are equal, set order and number text aside.
func sameItem(a, b map[string]types.AttributeValue) bool {
	return maps.EqualFunc(a, b, func(a, b types.AttributeValue) bool {
		x, errX := codec.AppendDDBEC(nil, a, codec.JavaOrder)
		y, errY := codec.AppendDDBEC(nil, b, codec.JavaOrder)
		return errX == nil && errY == nil && bytes.Equal(x, y)
	})
}

func (s *providerSuite) roundTrip(ctx context.Context) error {
	e, err := s.encryptor(ctx, suiteTable)
	if err != nil {
		return err
	}
	var errs []error
	for name, item := range suiteItems() {
		if err := roundTrip(ctx, e, item); err != nil {
			errs = append(errs, fmt.Errorf("item %q: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// roundTrip encrypts item, and decrypts what is stored twice: a provider has no
// memory of what it wrote.
func roundTrip(ctx context.Context, e crypt.Encryptor, item map[string]types.AttributeValue) error {
	stored, err := e.Encrypt(ctx, item)
	if err != nil {
		return fmt.Errorf("encrypting: %w", err)
	}
	for range 2 {
		got, err := e.Decrypt(ctx, stored)
		if err != nil {
			return fmt.Errorf("decrypting what was encrypted: %w", err)
		}
		if !sameItem(got, item) {
			return errors.New("decrypting gave another item than was encrypted")
		}
	}
	return nil
}

// tampering checks that what is signed can't be changed.
func (s *providerSuite) tampering(ctx context.Context) error {
	e, err := s.encryptor(ctx, suiteTable)
	if err != nil {
		return err
	}
	other, err := s.encryptor(ctx, suiteTable+"-2")
	if err != nil {
		return err
	}
	stored, err := e.Encrypt(ctx, suiteItems()["all types"])
	if err != nil {
		return err
	}
	second, err := e.Encrypt(ctx, suiteItems()["only keys"])
	if err != nil {
		return err
	}
	var errs []error
	refuse := func(what string, e crypt.Encryptor, item map[string]types.AttributeValue) {
		if got, err := e.Decrypt(ctx, item); err == nil || got != nil {
			errs = append(errs, fmt.Errorf("an item was accepted with %s", what))
		}
	}
	refuse("another table's name", other, stored)
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		if name == crypt.DDBECDescription {
			continue // not signed
		}
		removed := maps.Clone(stored)
		delete(removed, name)
		refuse(fmt.Sprintf("%q removed", name), e, removed)

		replaced := maps.Clone(stored)
		replaced[name] = &types.AttributeValueMemberS{Value: "other"}
		refuse(fmt.Sprintf("%q replaced", name), e, replaced)

		if b, ok := stored[name].(*types.AttributeValueMemberB); ok && len(b.Value) > 0 {
			for _, i := range []int{0, len(b.Value) / 2, len(b.Value) - 1} {
				flipped := maps.Clone(stored)
				value := bytes.Clone(b.Value)
				value[i] ^= 1
				flipped[name] = &types.AttributeValueMemberB{Value: value}
				refuse(fmt.Sprintf("byte %d of %q flipped", i, name), e, flipped)
			}
		}
	}
	added := maps.Clone(stored)
	added["added"] = &types.AttributeValueMemberS{Value: "other"}
	refuse("an attribute added", e, added)
	swapped := maps.Clone(stored)
	swapped[crypt.DDBECSignature] = second[crypt.DDBECSignature]
	refuse("another item's signature", e, swapped)
	return errors.Join(errs...)
}

// hostileDescription checks that no change of the description, which is not
// signed, causes a panic or another item.
func (s *providerSuite) hostileDescription(ctx context.Context) error {
	e, err := s.encryptor(ctx, suiteTable)
	if err != nil {
		return err
	}
	item := suiteItems()["all types"]
	stored, err := e.Encrypt(ctx, item)
	if err != nil {
		return err
	}
	var errs []error
	err = eachHostile(stored, func(what string, hostile map[string]types.AttributeValue) {
		got, err := func() (got map[string]types.AttributeValue, err error) {
			defer func() {
				if r := recover(); r != nil {
					errs = append(errs, fmt.Errorf("panic for a description with %s: %v", what, r))
					err = errors.New("panic")
				}
			}()
			return e.Decrypt(ctx, hostile)
		}()
		if err == nil && !sameItem(got, item) {
			errs = append(errs, fmt.Errorf("another item came back for a description with %s", what))
		}
	})
	return errors.Join(append(errs, err)...)
}

// eachHostile calls f with copies of a stored item whose description entries
// were removed or replaced.
func eachHostile(stored map[string]types.AttributeValue, f func(what string, item map[string]types.AttributeValue)) error {
	encoded, ok := stored[crypt.DDBECDescription].(*types.AttributeValueMemberB)
	if !ok {
		return errors.New("the stored item has no description")
	}
	description, err := codec.DecodeDescription(encoded.Value)
	if err != nil {
		return err
	}
	with := func(what string, description map[string]string) error {
		encoded, err := codec.AppendDescription(nil, description)
		if err != nil {
			return err
		}
		item := maps.Clone(stored)
		item[crypt.DDBECDescription] = &types.AttributeValueMemberB{Value: encoded}
		f(what, item)
		return nil
	}
	if err := with("no entries", nil); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(description)) {
		less := maps.Clone(description)
		delete(less, name)
		if err := with(fmt.Sprintf("no %q", name), less); err != nil {
			return err
		}
		value := description[name]
		for _, v := range []string{
			"", "/", "#", "\x00", "AES", "RSA", "kms", "-1", value + "0", value[:len(value)/2],
			"AAAA", "QUJD\r\n", "%%%%", strings.Repeat("A", 40), strings.Repeat("9", 300), strings.Repeat("B", 60_000),
		} {
			changed := maps.Clone(description)
			changed[name] = v
			if err := with(fmt.Sprintf("%.20q of %d bytes as %q", v, len(v), name), changed); err != nil {
				return err
			}
		}
	}
	return nil
}

// concurrency is of most use under the race detector.
func (s *providerSuite) concurrency(ctx context.Context) error {
	e, err := s.encryptor(ctx, suiteTable)
	if err != nil {
		return err
	}
	const goroutines, rounds = 16, 4
	errs := make([]error, goroutines)
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			for round := range rounds {
				item := suiteItems()["all types"]
				item[suiteSortKey] = &types.AttributeValueMemberN{Value: fmt.Sprint(i*rounds + round)}
				errs[i] = errors.Join(errs[i], roundTrip(ctx, e, item))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// endedContext checks that a call whose context has ended comes back at once. It
// may succeed if it has nothing to wait for.
func (s *providerSuite) endedContext(ctx context.Context) error {
	stored, description, err := s.stored(ctx)
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	var errs []error
	for name, call := range map[string]func() error{
		"EncryptionMaterials": func() error {
			_, err := s.provider.EncryptionMaterials(ended, suiteContext(suiteItems()["all types"], nil))
			return err
		},
		"DecryptionMaterials": func() error {
			_, err := s.provider.DecryptionMaterials(ended, suiteContext(stored, description))
			return err
		},
	} {
		done := make(chan error, 1)
		go func() { done <- call() }()
		select {
		case err := <-done:
			if err != nil && !errors.Is(err, context.Canceled) {
				errs = append(errs, fmt.Errorf("%s with a cancelled context: error is not context.Canceled: %w", name, err))
			}
		case <-time.After(s.wait):
			errs = append(errs, fmt.Errorf("%s waits for more than %v although its context was cancelled", name, s.wait))
		}
	}
	return errors.Join(errs...)
}

// stored returns an encrypted item and its description.
func (s *providerSuite) stored(ctx context.Context) (map[string]types.AttributeValue, map[string]string, error) {
	e, err := s.encryptor(ctx, suiteTable)
	if err != nil {
		return nil, nil, err
	}
	stored, err := e.Encrypt(ctx, suiteItems()["all types"])
	if err != nil {
		return nil, nil, err
	}
	encoded, ok := stored[crypt.DDBECDescription].(*types.AttributeValueMemberB)
	if !ok {
		return nil, nil, errors.New("the stored item has no description")
	}
	description, err := codec.DecodeDescription(encoded.Value)
	return stored, description, err
}

// nothingChanges checks that a provider leaves the contexts that it is given
// alone, doesn't depend on them later, and doesn't change what it returned.
func (s *providerSuite) nothingChanges(ctx context.Context) error {
	stored, description, err := s.stored(ctx)
	if err != nil {
		return err
	}
	var errs []error
	check := func(what string, ok bool) {
		if !ok {
			errs = append(errs, errors.New(what))
		}
	}

	item := suiteItems()["all types"]
	ec := suiteContext(item, nil)
	first, err := s.provider.EncryptionMaterials(ctx, ec)
	if err != nil {
		return err
	}
	check("EncryptionMaterials changed its context", sameItem(item, suiteItems()["all types"]) &&
		len(ec.Description) == 0 && ec.TableName == suiteTable && ec.PartitionKey == suitePartitionKey && ec.SortKey == suiteSortKey)
	content, signing, written := first.ContentKey, first.SigningKey, maps.Clone(first.Description)

	given, storedGiven := maps.Clone(description), maps.Clone(stored)
	ec = suiteContext(storedGiven, given)
	dec, err := s.provider.DecryptionMaterials(ctx, ec)
	if err != nil {
		return err
	}
	check("DecryptionMaterials changed its context", sameItem(storedGiven, stored) && maps.Equal(given, description) &&
		ec.TableName == suiteTable && ec.PartitionKey == suitePartitionKey && ec.SortKey == suiteSortKey)
	decContent, verification := dec.ContentKey, dec.VerificationKey
	clear(given) // the context is the caller's; materials may not live on it
	clear(storedGiven)

	if err := s.roundTrip(ctx); err != nil {
		return err
	}
	check("EncryptionMaterials changed what it had returned",
		first.ContentKey == content && first.SigningKey == signing && maps.Equal(first.Description, written))
	check("DecryptionMaterials changed what it had returned",
		dec.ContentKey == decContent && dec.VerificationKey == verification)
	for _, name := range []string{"amzn-ddb-map-sym-mode", "amzn-ddb-map-signingAlg"} {
		_, ok := written[name]
		check(fmt.Sprintf("EncryptionMaterials describes %q, which is the encryptor's to write", name), !ok)
	}
	return errors.Join(errs...)
}

// noSecretInText looks for the secrets, and for items' values, in everything
// that can be printed.
func (s *providerSuite) noSecretInText(ctx context.Context) error {
	e, err := s.encryptor(ctx, suiteTable)
	if err != nil {
		return err
	}
	item := suiteItems()["all types"]
	stored, description, err := s.stored(ctx)
	if err != nil {
		return err
	}
	enc, err := s.provider.EncryptionMaterials(ctx, suiteContext(item, nil))
	if err != nil {
		return err
	}
	dec, err := s.provider.DecryptionMaterials(ctx, suiteContext(stored, description))
	if err != nil {
		return err
	}

	var errs []error
	find := func(where, text string) {
		// What can stand for a secret is named by its hash, to keep this
		// error from printing it.
		for _, secret := range s.secrets {
			if how, found := findSecret(text, secret); found {
				errs = append(errs, fmt.Errorf("%s shows the secret with SHA-256 %x %s", where, sha256.Sum256(secret), how))
			}
		}
	}
	for what, v := range map[string]any{
		"the provider": s.provider, "its signing key": enc.SigningKey, "its verification key": dec.VerificationKey,
		"its encryption materials": enc, "its decryption materials": dec,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			find(fmt.Sprintf("%s printed with %s", what, verb), fmt.Sprintf(verb, v))
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("", "value", v)
		find(what+" in a log", log.String())
	}

	inError := func(err error) {
		if err == nil {
			return
		}
		find(fmt.Sprintf("an error of type %T", err), err.Error())
		if strings.Contains(err.Error(), canary) {
			errs = append(errs, fmt.Errorf("an error of type %T shows an attribute's value", err))
		}
		if key := description[crypt.DescContentKey]; key != "" && strings.Contains(err.Error(), key) {
			errs = append(errs, fmt.Errorf("an error of type %T shows the wrapped content key", err))
		}
	}
	err = eachHostile(stored, func(_ string, hostile map[string]types.AttributeValue) {
		_, err := e.Decrypt(ctx, hostile)
		inError(err)
	})
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		less := maps.Clone(stored)
		delete(less, name)
		_, err := e.Decrypt(ctx, less)
		inError(err)
	}
	return errors.Join(append(errs, err)...)
}

// findSecret reports whether and how text shows secret.
func findSecret(text string, secret []byte) (how string, found bool) {
	if len(secret) == 0 {
		return "", false
	}
	numbers := make([]string, len(secret))
	for i, b := range secret {
		numbers[i] = fmt.Sprint(b)
	}
	for how, shown := range map[string]string{
		"as it is":           string(secret),
		"in hexadecimal":     hex.EncodeToString(secret),
		"in Base64":          strings.TrimRight(base64.StdEncoding.EncodeToString(secret), "="),
		"in URL-safe Base64": strings.TrimRight(base64.URLEncoding.EncodeToString(secret), "="),
		"as numbers":         strings.Join(numbers, " "),
		"in Go's notation":   strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret), "[]byte{"), "}"),
	} {
		if strings.Contains(text, shown) || strings.Contains(strings.ToLower(text), strings.ToLower(shown)) && how != "as it is" {
			return how, true
		}
	}
	return "", false
}
