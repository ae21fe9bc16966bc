package dbesdkvec

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/testenv"
	"github.com/ddbenc/ddbenc/internal/vectors"
)

// TestVectors runs every case below DDBENC_VECTORS both ways: what is there is
// read, and the plaintext is written again. Package crypt writes the same cases
// byte for byte.
func TestVectors(t *testing.T) {
	dir := testenv.Vectors(t, "dbesdk")
	cases, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("no case found below %s", dir)
	}
	ran := 0
	skipped := map[string][]string{}
	for _, c := range cases {
		if why := c.Skip(); why != "" {
			skipped[why] = append(skipped[why], c.Name)
			continue
		}
		ran++
		t.Run(c.Name, func(t *testing.T) {
			testReading(t, c)
			if c.Category != "negative" && c.Expect != ExpectReject {
				testWriting(t, c)
			}
		})
	}
	t.Logf("%d cases ran", ran)
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		t.Logf("%d cases skipped, %s: %s", len(skipped[why]), why, strings.Join(skipped[why], " "))
	}
	if ran == 0 {
		t.Error("every case was skipped")
	}
}

// testReading decrypts the item of c and compares it with what c expects.
func testReading(t *testing.T, c *Case) {
	if c.EncryptedItem == nil {
		return
	}
	got, err := c.decrypt(t.Context())
	if err != nil && got != nil {
		t.Error("Decrypt returned an item beside an error")
	}
	switch {
	case c.Expect == ExpectReject:
		testRefusal(t, c, err)
		return
	case err != nil && c.MayReject:
		return
	case err != nil:
		t.Errorf("Decrypt: %v", err)
		return
	}
	want, err := c.Want()
	if err != nil {
		t.Fatal(err)
	}
	if diff := diffItems(want, got); diff != "" {
		t.Errorf("Decrypt (-want +got):\n%s", diff)
	}
}

// testRefusal checks that the item was refused for a reason that fits what was done
// to it.
func testRefusal(t *testing.T, c *Case, err error) {
	if err == nil {
		t.Fatal("Decrypt accepted an item that every client refuses")
	}
	want := refusals[c.Tamper]
	for prefix, sentinels := range refusals {
		if strings.HasSuffix(prefix, "*") && strings.HasPrefix(c.Tamper, strings.TrimSuffix(prefix, "*")) {
			want = sentinels
		}
	}
	if want == nil {
		want = []error{crypt.ErrVerify, crypt.ErrMalformed, crypt.ErrNoKey, crypt.ErrNotSigned, crypt.ErrConfig}
		if c.LegacyOverride != nil {
			want = append(want, crypt.ErrUnsupported)
		}
	}
	if !slices.ContainsFunc(want, func(sentinel error) bool { return errors.Is(err, sentinel) }) {
		t.Errorf("Decrypt after %s: %v, want an error that wraps one of %v", c.Tamper, err, want)
	}
}

// refusals are the errors that a change must give, by the names of changes.
var refusals = map[string][]error{
	"add-attribute":                              {crypt.ErrLegend},
	"add-binary-attribute":                       {crypt.ErrLegend},
	"drop-encrypted-attribute":                   {crypt.ErrLegend},
	"drop-signed-attribute":                      {crypt.ErrLegend},
	"reader-adds-signed-to-unsigned-list":        {crypt.ErrLegend, crypt.ErrConfig},
	"reader-forgets-unsigned-list":               {crypt.ErrLegend, crypt.ErrConfig},
	"drop-head-and-foot":                         {crypt.ErrNotSigned},
	"drop-aws_dbe_head":                          {crypt.ErrMalformed},
	"drop-aws_dbe_foot":                          {crypt.ErrMalformed},
	"drop-partition-key":                         {crypt.ErrMalformed},
	"empty-*":                                    {crypt.ErrMalformed},
	"string-*":                                   {crypt.ErrMalformed},
	"truncate-aws_dbe_head":                      {crypt.ErrMalformed},
	"truncate-aws_dbe_foot":                      {crypt.ErrMalformed},
	"extend-aws_dbe_head":                        {crypt.ErrMalformed},
	"extend-aws_dbe_foot":                        {crypt.ErrMalformed},
	"header-version-0":                           {crypt.ErrMalformed},
	"footer-drop-signature":                      {crypt.ErrMalformed},
	"ciphertext-as-string":                       {crypt.ErrMalformed},
	"flip-ciphertext-*":                          {crypt.ErrVerify},
	"extend-ciphertext":                          {crypt.ErrVerify},
	"flip-footer-*":                              {crypt.ErrVerify},
	"flip-signed-bool":                           {crypt.ErrVerify},
	"footer-first-recipient-only-zeroed":         {crypt.ErrVerify},
	"change-partition-key-value":                 {crypt.ErrNoKey, crypt.ErrVerify},
	"change-sort-key-value":                      {crypt.ErrNoKey, crypt.ErrVerify},
	"change-signed-value":                        {crypt.ErrVerify},
	"other-key-name":                             {crypt.ErrNoKey},
	"other-key-namespace":                        {crypt.ErrNoKey},
	"other-wrapping-key":                         {crypt.ErrNoKey},
	"other-table-name":                           {crypt.ErrNoKey, crypt.ErrVerify},
	"swap-encrypted-attributes":                  {crypt.ErrVerify},
	"splice-encrypted-attribute-from-other-item": {crypt.ErrVerify},
}

// diffItems compares items by value. Its report is made only for items that
// differ, because making it takes time exponential in the depth of values.
func diffItems(want, got map[string]types.AttributeValue) string {
	if vectors.Equal(want, got) {
		return ""
	}
	return cmp.Diff(vectors.Canonical(want), vectors.Canonical(got))
}

// testWriting encrypts the plaintext of c with fresh keys.
func testWriting(t *testing.T, c *Case) {
	out, err := c.Encrypt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	switch refused := out.Error != ""; {
	case c.Expect == ExpectEncryptError && !refused:
		t.Error("Encrypt wrote an item that the clients refuse to write")
		return
	case c.Expect == ExpectEncryptError, refused && (c.Category == "limits" || c.MayReject):
		return
	case refused:
		t.Errorf("Encrypt: %s", out.Error)
		return
	}
	if c.ParsedHeader != nil {
		testHeader(t, c, out)
	}
	want, err := out.Plaintext()
	if err != nil {
		t.Fatal(err)
	}
	got, err := out.decrypt(t.Context())
	if err != nil {
		t.Fatalf("Decrypt of what was encrypted: %v", err)
	}
	if diff := diffItems(want, got); diff != "" {
		t.Errorf("Decrypt of what was encrypted (-want +got):\n%s", diff)
	}
}

// testHeader checks that out's header says what c's writer said of its own, but
// for what is new in every item.
func testHeader(t *testing.T, c, out *Case) {
	if c.ParsedHeader.Suite == "" {
		return
	}
	stored, err := out.Encrypted()
	if err != nil {
		t.Fatal(err)
	}
	in, err := crypt.Inspect(stored)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := in.Suite.String(), c.Suite; want != "" && got != want {
		t.Errorf("suite %s, want %s", got, want)
	}
	legend := map[crypt.Action]int{}
	for _, action := range in.Legend {
		legend[action]++
	}
	want := map[crypt.Action]int{}
	for _, name := range c.ParsedHeader.Actions {
		action, err := parseAction(name)
		if err != nil {
			t.Fatal(err)
		}
		want[action]++
	}
	if diff := cmp.Diff(want, legend); diff != "" {
		t.Errorf("actions in the legend (-want +got):\n%s", diff)
	}
	if got, want := slices.Sorted(maps.Keys(in.Context)), slices.Sorted(maps.Keys(c.ParsedHeader.StoredContext)); !slices.Equal(got, want) {
		t.Errorf("stored encryption context has keys %q, want %q", got, want)
	}
	if len(in.DataKeys) != len(c.ParsedHeader.DataKeys) {
		t.Fatalf("%d data keys, want %d", len(in.DataKeys), len(c.ParsedHeader.DataKeys))
	}
	for i, k := range in.DataKeys {
		if want := c.ParsedHeader.DataKeys[i].ProviderID; k.Provider != want {
			t.Errorf("data key %d is of %q, want %q", i, k.Provider, want)
		}
	}
}
