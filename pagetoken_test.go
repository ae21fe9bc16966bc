package ddbenc_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"

	"github.com/ddbenc/ddbenc"
)

// tokenKey returns a key that need not be secret.
func tokenKey(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

// adaCursor returns the cursor of a query of p-1 behind visit 1.
func adaCursor(tb testing.TB, opts ...ddbenc.QueryOption) ddbenc.Cursor {
	tb.Helper()
	db := &fake{pages: [][]avItem{{stored(tb, Admission{ID: "p-1", Visit: visitAt(1), Clinic: "west", Rank: 3})}}}
	page, err := ddbenc.OnePage(openAdmissions(tb, db).QueryPages(tb.Context(), ofAda, opts...))
	if err != nil {
		tb.Fatal(err)
	}
	return page.After(0)
}

// resumed uses a token for a query of p-1. It returns where that began.
func resumed(tb testing.TB, tokens *ddbenc.PageTokens, token, context string, opts ...ddbenc.QueryOption) (start avItem, err error) {
	tb.Helper()
	db := &fake{}
	_, err = openAdmissions(tb, db).QueryCount(tb.Context(), ofAda, append(opts, tokens.Resume(token, context))...)
	if err != nil {
		if db.calls != 0 {
			tb.Errorf("%d calls were made", db.calls)
		}
		return nil, err
	}
	return db.queries[0].ExclusiveStartKey, nil
}

func TestPageTokens(t *testing.T) {
	first := must(ddbenc.NewPageTokens(0, tokenKey(1)))
	both := must(ddbenc.NewPageTokens(time.Hour, tokenKey(2), tokenKey(1)))
	c := adaCursor(t)
	for _, tc := range []struct {
		name       string
		seal, open *ddbenc.PageTokens
		ok         bool
	}{
		{"the same key", first, first, true},
		{"a newer key beside it", first, both, true},
		{"the newer key", both, both, true},
		{"the older key alone", both, first, false},
	} {
		token := tc.seal.Seal(c, "user 7")
		start, err := resumed(t, tc.open, token, "user 7")
		if tc.ok != (err == nil) || tc.ok && len(start) != 2 {
			t.Errorf("%s: began at %v, %v", tc.name, start, err)
		}
		if token == tc.seal.Seal(c, "user 7") {
			t.Errorf("%s: the same token twice", tc.name)
		}
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || bytes.Contains(raw, []byte("p-1")) || bytes.Contains(raw, []byte("visit")) || bytes.Contains(raw, []byte("user")) {
			t.Errorf("%s: the token shows what is in it: %q, %v", tc.name, raw, err)
		}
	}
	if token := first.Seal(ddbenc.Cursor{}, "user 7"); token != "" {
		t.Errorf("the end is the token %q", token)
	}
	if start, err := resumed(t, first, "", "user 7"); start != nil || err != nil {
		t.Errorf("an empty token begins at %v, %v", start, err)
	}
}

// Every token that is not as it was sealed is refused with the same words, and
// nothing is sent.
func TestPageTokensRefused(t *testing.T) {
	tokens := must(ddbenc.NewPageTokens(time.Hour, tokenKey(1)))
	c := adaCursor(t)
	good := tokens.Seal(c, "user 7")
	raw := must(base64.RawURLEncoding.DecodeString(good))
	var words string
	refused := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, ddbenc.ErrPageToken) {
			t.Errorf("%s: %v", what, err)
			return
		}
		if words == "" {
			words = err.Error()
		}
		if err.Error() != words {
			t.Errorf("%s: says %q, want %q as for others", what, err, words)
		}
		checkNoValues(t, err)
	}
	if _, err := resumed(t, tokens, good, "user 7"); err != nil {
		t.Fatal(err)
	}
	try := func(what, token, context string, opts ...ddbenc.QueryOption) {
		t.Helper()
		_, err := resumed(t, tokens, token, context, opts...)
		refused(what, err)
	}
	for i := range len(raw) * 8 {
		flipped := bytes.Clone(raw)
		flipped[i/8] ^= 1 << (i % 8)
		try(fmt.Sprintf("bit %d flipped", i), base64.RawURLEncoding.EncodeToString(flipped), "user 7")
	}
	for i := range raw {
		if i > 0 {
			try(fmt.Sprintf("cut to %d bytes", i), base64.RawURLEncoding.EncodeToString(raw[:i]), "user 7")
		}
		try(fmt.Sprintf("without the first %d bytes", i+1), base64.RawURLEncoding.EncodeToString(raw[i+1:])+"A", "user 7")
	}
	text := string(must(c.MarshalText()))
	for _, token := range []string{"A", "=", " ", good + "=", good + "\n", good[:100] + "\r\n" + good[100:], good + good, good + "A", "ä", text, strings.Repeat("A", 1<<20)} {
		try(fmt.Sprintf("%.20q", token), token, "user 7")
	}
	try("another user", good, "user 8")
	try("no user", good, "")
	try("more than the user", good, "user 77")
	try("the other direction", good, "user 7", ddbenc.Descending())
	try("a filter", good, "user 7", ddbenc.Filter(expression.Name("views").GreaterThan(expression.Value(0))))
	try("an index", good, "user 7", ddbenc.Index("by-rank"))

	_, err := resumed(t, must(ddbenc.NewPageTokens(time.Hour, tokenKey(3))), good, "user 7")
	refused("another key", err)

	_, err = resumed(t, tokens, good, "user 7", ddbenc.StartAfter(&Admission{ID: "p-1", Visit: visitAt(1)}))
	if !errors.Is(err, ddbenc.ErrRefused) || errors.Is(err, ddbenc.ErrPageToken) {
		t.Errorf("beside StartAfter: %v", err)
	}
}

func TestPageTokensExpire(t *testing.T) {
	c := adaCursor(t)
	synctest.Test(t, func(t *testing.T) {
		tokens := must(ddbenc.NewPageTokens(90*time.Second, tokenKey(1)))
		ever := must(ddbenc.NewPageTokens(0, tokenKey(1)))
		token, eternal := tokens.Seal(c, ""), ever.Seal(c, "")
		_, forged := resumed(t, tokens, token, "x")
		for _, tc := range []struct {
			wait time.Duration
			ok   bool
		}{{0, true}, {89 * time.Second, true}, {2 * time.Second, false}, {1000 * time.Hour, false}} {
			time.Sleep(tc.wait)
			_, err := resumed(t, tokens, token, "")
			if tc.ok != (err == nil) || err != nil && err.Error() != forged.Error() {
				t.Errorf("another %v later: %v", tc.wait, err)
			}
			if _, err := resumed(t, tokens, eternal, ""); err != nil {
				t.Error(err)
			}
		}
	})
}

// The length of a token tells 128 bytes from another 128, no more.
func TestPageTokenLength(t *testing.T) {
	tokens := must(ddbenc.NewPageTokens(0, tokenKey(1)))
	lengths := map[int]int{}
	for n := 1; n <= 300; n++ {
		id := strings.Repeat("x", n)
		db := &fake{pages: [][]avItem{{stored(t, Admission{ID: id, Visit: visitAt(1)})}}}
		page, err := ddbenc.OnePage(openAdmissions(t, db).ScanPages(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		lengths[len(tokens.Seal(page.After(0), "user"))]++
	}
	if len(lengths) != 3 || lengths[252] == 0 {
		t.Errorf("lengths of tokens, and how many have them: %v", lengths)
	}
}

func TestNewPageTokens(t *testing.T) {
	for _, tc := range []struct {
		want string
		err  error
	}{
		{"key 0 of page tokens has 0 bytes, want 32", second(ddbenc.NewPageTokens(0, nil))},
		{"key 0 of page tokens has 16 bytes, want 32", second(ddbenc.NewPageTokens(0, make([]byte, 16)))},
		{"key 2 of page tokens has 33 bytes, want 32", second(ddbenc.NewPageTokens(0, tokenKey(1), tokenKey(2), make([]byte, 33)))},
		{"the lifetime of page tokens is negative", second(ddbenc.NewPageTokens(-1, tokenKey(1)))},
	} {
		if !errors.Is(tc.err, ddbenc.ErrConfig) || !strings.HasSuffix(fmt.Sprint(tc.err), tc.want) {
			t.Errorf("got %v, want %s", tc.err, tc.want)
		}
	}
	key := tokenKey(1)
	tokens := must(ddbenc.NewPageTokens(0, key))
	token := tokens.Seal(adaCursor(t), "")
	clear(key)
	if _, err := resumed(t, tokens, token, ""); err != nil {
		t.Errorf("the caller's key is not copied: %v", err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, tokens); got != "PageTokens(REDACTED)" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func second[A, B any](_ A, b B) B { return b }

// sealedToken was sealed for "user" by the first version, and must be opened by each
// later one. It is fixed since several processes fuzz, which would all seal others.
const sealedToken = "AbVmkiqe8N_yenIeE3IhOZ86Cw33F3rcdN3cX6BgQ0F7YNqBKR1gUIloIP8DgFAH1e-n-vc_Y1HertgyNpycqD2CpF6NvjG_5vSd3iC5LJshNzMm5BhXPrg4fTOfaiPQ2bjc9om_dd57ZfmIijB7P2kFaOp2G8qAM6vQvEu6xbD8t4uug5nUZy-rDRb6ZisVtk-lgRrwBBBeDB5oKB-Lfnu61kQPoAXY_5FpI5ifSO3PjWytXh1eENAfZlWV"

// No text is taken for a token but the one that was sealed.
func FuzzPageToken(f *testing.F) {
	tokens := must(ddbenc.NewPageTokens(0, tokenKey(1)))
	const good = sealedToken
	f.Add(good, "user")
	f.Add(good, "other")
	f.Add(good[:40], "user")
	f.Add("", "")
	db := &fake{}
	table := openAdmissions(f, db)
	f.Fuzz(func(t *testing.T, token, context string) {
		*db = fake{}
		_, err := table.QueryCount(t.Context(), ofAda, tokens.Resume(token, context))
		switch {
		case token == "" || token == good && context == "user":
			if err != nil || db.calls != 1 {
				t.Errorf("%d calls, %v", db.calls, err)
			}
		case !errors.Is(err, ddbenc.ErrPageToken) || db.calls != 0:
			t.Errorf("%q for %q: %d calls, %v", token, context, db.calls, err)
		}
	})
}
