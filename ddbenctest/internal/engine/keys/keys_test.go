package keys

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestNumbersSortByValue(t *testing.T) {
	ordered := []string{
		"-9.9999999999999999999999999999999999999e125", "-1000", "-999.5", "-100", "-10", "-9", "-1.5", "-1", "-0.5",
		"-1e-130", "0", "1e-130", "0.001", "0.01", "0.5", "1", "1.05", "1.5", "2", "9", "10", "10.5", "11", "99", "100", "1e3",
		"12345678901234567890123456789012345678", "9.9999999999999999999999999999999999999e125",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			got := bytes.Compare(AppendNumber(nil, a), AppendNumber(nil, b))
			if want := compareInt(i, j); got != want {
				t.Errorf("%s against %s: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestSpellingsOfANumberAreOneKey(t *testing.T) {
	for _, group := range [][]string{
		{"0", "-0", "0.0", "0e10", "00"},
		{"100", "1e2", "1E+2", "100.00", "0.1e3", "+100", "0100"},
		{"-0.05", "-.05", "-5e-2", "-0.050"},
	} {
		want := AppendNumber(nil, group[0])
		for _, text := range group[1:] {
			if got := AppendNumber(nil, text); !bytes.Equal(got, want) {
				t.Errorf("AppendNumber(%s) = %x, want that of %s, %x", text, got, group[0], want)
			}
		}
	}
}

func TestStringsSortByBytes(t *testing.T) {
	ordered := []string{"", "\x00", "\x00\x00", "\x00\x01", "\x00\xff", "\x01", "a", "a\x00", "a\x00b", "a\x01", "ab", "b", "\xff", "\xff\xff"}
	for i, a := range ordered {
		for j, b := range ordered {
			// What follows a key must not change the order of the keys.
			got := bytes.Compare(append(AppendString(nil, a), 0xff), append(AppendString(nil, b), 0x00))
			want := compareInt(i, j)
			if want == 0 {
				want = 1
			}
			if got != want {
				t.Errorf("%q against %q: %d, want %d", a, b, got, want)
			}
		}
	}
}

func compareInt(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

func TestSegmentsAreDisjointAndComplete(t *testing.T) {
	for _, total := range []int{1, 2, 3, 7, 1000, 1_000_000} {
		from, end := Segment(0, total)
		if from != "" {
			t.Errorf("segment 0 of %d begins at %x", total, from)
		}
		for i := 1; i < total; i++ {
			from, to := Segment(i, total)
			if from != end || to != "" && to <= from {
				t.Fatalf("segment %d of %d is %x to %x, the one before ends at %x", i, total, from, to, end)
			}
			end = to
		}
		if end != "" {
			t.Errorf("the last segment of %d ends at %x", total, end)
		}
	}
}

func TestHashesSpread(t *testing.T) {
	const segments, n = 8, 8000
	var counts [segments]int
	for i := range n {
		p := string(Partition(AppendString(nil, fmt.Sprint("user-", i))))
		for s := range segments {
			from, to := Segment(s, segments)
			if p >= from && (to == "" || p < to) {
				counts[s]++
			}
		}
	}
	for s, count := range counts {
		if count < n/segments*8/10 || count > n/segments*12/10 {
			t.Errorf("segment %d holds %d of %d keys", s, count, n)
		}
	}
}

func TestAfter(t *testing.T) {
	for _, test := range []struct{ prefix, want string }{
		{"a", "b"}, {"a\xff", "b"}, {"\xff\xff", ""}, {"", ""}, {"ab\x00\x01", "ab\x00\x02"},
	} {
		if got := After(test.prefix); got != test.want {
			t.Errorf("After(%q) = %q, want %q", test.prefix, got, test.want)
		}
		if extended := test.prefix + strings.Repeat("\xff", 5); test.want != "" && After(test.prefix) <= extended {
			t.Errorf("After(%q) does not come after %q", test.prefix, extended)
		}
	}
}
