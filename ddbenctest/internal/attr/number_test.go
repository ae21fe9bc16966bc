package attr_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
)

const (
	noNumber  = "The parameter cannot be converted to a numeric value: "
	overflow  = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	underflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	precision = "Attempting to store more than 38 significant digits in a Number"
)

var nines = strings.Repeat("9", 38)

func TestParseNumber(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"0", "0"},
		{"-0", "0"},
		{"+0.00", "0"},
		{"0E-500", "0"},
		{"0e99999999999999999999", "0"},
		{"7", "7"},
		{"+5", "5"},
		{"00012", "12"},
		{"-00.10", "-0.1"},
		{"1.50", "1.5"},
		{".5", "0.5"},
		{"-.5", "-0.5"},
		{"5.", "5"},
		{"1e5", "100000"},
		{"1.5E2", "150"},
		{"12E-3", "0.012"},
		{"100", "100"},
		{"1E+100", "1" + strings.Repeat("0", 100)},
		{"1E-130", "0." + strings.Repeat("0", 129) + "1"},
		{nines, nines},
		{"-" + nines, "-" + nines},
		{"0." + nines, "0." + nines},
		{nines + "000", nines + "000"},
		{"9.9999999999999999999999999999999999999E+125", nines + strings.Repeat("0", 88)},
		{"1.2345678901234567890123456789012345678E-130", "0." + strings.Repeat("0", 129) + "12345678901234567890123456789012345678"},

		{"", "! The parameter cannot be converted to a numeric value"},
		{"abc", "! " + noNumber + "abc"},
		{" 1", "! " + noNumber + " 1"},
		{"1 ", "! " + noNumber + "1 "},
		{"0x10", "! " + noNumber + "0x10"},
		{"NaN", "! " + noNumber + "NaN"},
		{"1_0", "! " + noNumber + "1_0"},
		{"1e", "! " + noNumber + "1e"},
		{"1e+", "! " + noNumber + "1e+"},
		{"1e1.5", "! " + noNumber + "1e1.5"},
		{"1.2.3", "! " + noNumber + "1.2.3"},
		{"--1", "! " + noNumber + "--1"},
		{"-", "! " + noNumber + "-"},
		{".", "! " + noNumber + "."},
		{".e5", "! " + noNumber + ".e5"},
		{"\u0661", "! " + noNumber + "\u0661"},
		{"1E126", "! " + overflow},
		{"-1E126", "! " + overflow},
		{"1e99999999999999999999", "! " + overflow},
		{"1E-131", "! " + underflow},
		{"1e-99999999999999999999", "! " + underflow},
		{nines + "9", "! " + precision},
		{"1" + strings.Repeat("0", 37) + ".1", "! " + precision},
	} {
		got, err := attr.ParseNumber(tt.in)
		if err != nil {
			got = "! " + err.Error()
		}
		if got != tt.want {
			t.Errorf("ParseNumber(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestCompareNumbers(t *testing.T) {
	ascending := []string{"-1E125", "-100", "-99.5", "-99", "-1", "-0.5", "-0.05", "-1E-130", "0", "1E-130", "0.05", "0.051", "0.5", "1", "1.01", "1.1", "9", "10", "11", "99", "100", "100.1", "1E125"}
	for i := range ascending {
		ascending[i] = mustNumber(t, ascending[i])
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := attr.CompareNumbers(a, b); got != want {
				t.Errorf("CompareNumbers(%s, %s) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestAddAndSubNumbers(t *testing.T) {
	for _, tt := range []struct{ a, b, sum, difference string }{
		{"0", "0", "0", "0"},
		{"1", "0", "1", "1"},
		{"0", "-1", "-1", "1"},
		{"5", "5", "10", "0"},
		{"0.1", "0.2", "0.3", "-0.1"},
		{"1", "-0.00000001", "0.99999999", "1.00000001"},
		{"-1.5", "-2.5", "-4", "1"},
		{"100", "-99", "1", "199"},
		{nines, "1", "1" + strings.Repeat("0", 38), nines[:37] + "8"},
		{nines, "0.1", "! " + precision, "! " + precision},
		{"1", "1E-130", "! " + precision, "! " + precision},
		{"9.9E125", "9.9E125", "! " + overflow, "0"},
		{"-9.9E125", "9.9E125", "0", "! " + overflow},
		{"1E-130", "1E-130", "0." + strings.Repeat("0", 129) + "2", "0"},
		{"1.1E-130", "1E-130", "0." + strings.Repeat("0", 129) + "21", "! " + underflow},
	} {
		a, b := mustNumber(t, tt.a), mustNumber(t, tt.b)
		check := func(name string, f func(a, b string) (string, error), want string) {
			got, err := f(a, b)
			if err != nil {
				got = "! " + err.Error()
			}
			if got != want {
				t.Errorf("%s(%s, %s) = %s, want %s", name, tt.a, tt.b, got, want)
			}
		}
		check("AddNumbers", attr.AddNumbers, tt.sum)
		check("SubNumbers", attr.SubNumbers, tt.difference)
	}
}

func TestMalformedNumbersAreNotAdded(t *testing.T) {
	for _, pair := range [][2]string{{"x", "1"}, {"1", "x"}} {
		if _, err := attr.AddNumbers(pair[0], pair[1]); err == nil {
			t.Errorf("AddNumbers(%q, %q) succeeded", pair[0], pair[1])
		}
	}
}

func mustNumber(t testing.TB, s string) string {
	t.Helper()
	n, err := attr.ParseNumber(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// FuzzNumber holds parsing, comparison, addition and subtraction against
// math/big. Canonical text reads as itself.
func FuzzNumber(f *testing.F) {
	for _, pair := range [][2]string{
		{"0", "-0"}, {"1.50", "-.5e-3"}, {nines, "1"}, {"1E125", "-1E-130"}, {"-9.9e125", "9.9E+125"}, {"abc", "1e"}, {"00.100", "1E9999999999"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, s, u string) {
		a, err := attr.ParseNumber(s)
		if err != nil {
			return
		}
		if again, err := attr.ParseNumber(a); err != nil || again != a {
			t.Errorf("ParseNumber(%q) = %q, which reads as %q, %v", s, a, again, err)
		}
		x, ok := new(big.Rat).SetString(a)
		if !ok {
			t.Fatalf("ParseNumber(%q) = %q, which is no number", s, a)
		}
		if len(s) < 50 && !strings.ContainsAny(s, "eE") { // big.Rat takes its time for huge exponents
			if y, ok := new(big.Rat).SetString(s); !ok || x.Cmp(y) != 0 {
				t.Errorf("ParseNumber(%q) = %q", s, a)
			}
		}
		b, err := attr.ParseNumber(u)
		if err != nil {
			return
		}
		y, _ := new(big.Rat).SetString(b)
		if got, want := attr.CompareNumbers(a, b), x.Cmp(y); got != want {
			t.Errorf("CompareNumbers(%s, %s) = %d, want %d", a, b, got, want)
		}
		for name, op := range map[string]struct {
			run  func(a, b string) (string, error)
			want *big.Rat
		}{
			"AddNumbers": {attr.AddNumbers, new(big.Rat).Add(x, y)},
			"SubNumbers": {attr.SubNumbers, new(big.Rat).Sub(x, y)},
		} {
			// What is exact in 260 places is written out and read back.
			exact, wantErr := attr.ParseNumber(op.want.FloatString(260))
			got, err := op.run(a, b)
			if (err == nil) != (wantErr == nil) || got != exact {
				t.Errorf("%s(%s, %s) = %s, %v; want %s, %v", name, a, b, got, err, exact, wantErr)
			}
		}
	})
}
