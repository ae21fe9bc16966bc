package codec

import (
	"errors"
	"math/big"
	"strings"
	"testing"
)

func zeros(n int) string { return strings.Repeat("0", n) }
func nines(n int) string { return strings.Repeat("9", n) }

// numberTests is the table of the spec, "Canonical numbers", with more rows. An
// empty want means an error; an empty python means the same as want.
var numberTests = []struct {
	in, want, python string
	err              error
}{
	{in: "0", want: "0"},
	{in: "0.00", want: "0"},
	{in: "0E+10", want: "0"},
	{in: "0e-999999999999999999999", want: "0"},
	{in: "000", want: "0"},
	{in: "+0", want: "0"},
	{in: "-0", want: "0", python: "-0"},
	{in: "-0.0", want: "0", python: "-0"},
	{in: "-.0e5", want: "0", python: "-0"},
	{in: "00012", want: "12"},
	{in: "+5", want: "5"},
	{in: "1.10", want: "1.1"},
	{in: "1.00", want: "1"},
	{in: "100", want: "100"},
	{in: "1E+10", want: "10000000000"},
	{in: "1e10", want: "10000000000"},
	{in: "1e00000000000000000000000000010", want: "10000000000"},
	{in: "1.5e3", want: "1500"},
	{in: "1234e-2", want: "12.34"},
	{in: "-1234e-6", want: "-0.001234"},
	{in: "12.34e1", want: "123.4"},
	{in: "12.34e2", want: "1234"},
	{in: ".5", want: "0.5"},
	{in: "-.5", want: "-0.5"},
	{in: "5.", want: "5"},
	{in: "-5.e1", want: "-50"},
	{in: "0.5", want: "0.5"},
	{in: "0010.0100", want: "10.01"},
	{in: "55.00", want: "55"},
	{in: "-0.50", want: "-0.5"},
	{in: "1E-130", want: "0." + zeros(129) + "1"},
	{in: "-1E-130", want: "-0." + zeros(129) + "1"},
	{in: "10E-131", want: "0." + zeros(129) + "1"},
	{in: "0." + zeros(129) + "1", want: "0." + zeros(129) + "1"},
	{in: "1E+125", want: "1" + zeros(125)},
	{in: "1" + zeros(125), want: "1" + zeros(125)},
	{in: "9.99E+125", want: "999" + zeros(123)},
	{in: "9." + nines(37) + "E+125", want: nines(38) + zeros(88), python: "1" + zeros(126)},
	{in: "-9." + nines(37) + "E+125", want: "-" + nines(38) + zeros(88), python: "-1" + zeros(126)},
	{in: nines(38) + "E-167", want: "0." + zeros(129) + nines(38), python: "0." + zeros(128) + "1"},
	{in: "1234567890123456789012345678", want: "1234567890123456789012345678"},
	{in: "12345678901234567890123456789", want: "12345678901234567890123456789", python: "12345678901234567890123456790"},
	{in: "12345678901234567890123456789012345678", want: "12345678901234567890123456789012345678", python: "12345678901234567890123456790000000000"},
	{in: "0.12345678901234567890123456789", want: "0.12345678901234567890123456789", python: "0.1234567890123456789012345679"},
	{in: nines(38), want: nines(38), python: "1" + zeros(38)},
	{in: "-" + nines(37) + ".9", want: "-" + nines(37) + ".9", python: "-1" + zeros(37)},
	{in: zeros(50) + nines(38) + zeros(50), want: nines(38) + zeros(50), python: "1" + zeros(88)},
	{in: zeros(500) + "." + zeros(20) + "12" + zeros(500), want: "0." + zeros(20) + "12"},
	{in: "1" + zeros(500) + "e-500", want: "1"},
	{in: "." + zeros(500) + "1e501", want: "1"},

	{in: "1E+126", err: errNumberRange},
	{in: "1E+127", err: errNumberRange},
	{in: "10E+125", err: errNumberRange},
	{in: "1E-131", err: errNumberRange},
	{in: nines(38) + "E-168", err: errNumberRange},
	{in: "0.1E-130", err: errNumberRange},
	{in: "1E-166", err: errNumberRange},
	{in: "1E+999999999", err: errNumberRange},
	{in: "-1E-999999999", err: errNumberRange},
	{in: "1E+99999999999999999999999999", err: errNumberRange},
	{in: "1E-99999999999999999999999999", err: errNumberRange},
	{in: "1E+9223372036854775807", err: errNumberRange},
	{in: "1" + zeros(126), err: errNumberRange},
	{in: "123456789012345678901234567890123456789", err: errNumberDigits},
	{in: "1." + zeros(37) + "1", err: errNumberDigits},
	{in: "1" + zeros(37) + "1e999999999999", err: errNumberDigits},
	{in: "NaN", err: errNumberSyntax},
	{in: "Infinity", err: errNumberSyntax},
	{in: "-Infinity", err: errNumberSyntax},
	{in: "abc", err: errNumberSyntax},
	{in: "", err: errNumberSyntax},
	{in: "-", err: errNumberSyntax},
	{in: "+", err: errNumberSyntax},
	{in: ".", err: errNumberSyntax},
	{in: "-.", err: errNumberSyntax},
	{in: "+-1", err: errNumberSyntax},
	{in: "--1", err: errNumberSyntax},
	{in: " 5 ", err: errNumberSyntax},
	{in: "5\n", err: errNumberSyntax},
	{in: "1_000", err: errNumberSyntax},
	{in: "1,5", err: errNumberSyntax},
	{in: "0x10", err: errNumberSyntax},
	{in: "1.2.3", err: errNumberSyntax},
	{in: "1..2", err: errNumberSyntax},
	{in: "e5", err: errNumberSyntax},
	{in: ".e5", err: errNumberSyntax},
	{in: "1e", err: errNumberSyntax},
	{in: "1e+", err: errNumberSyntax},
	{in: "1e1.5", err: errNumberSyntax},
	{in: "1e1e1", err: errNumberSyntax},
	{in: "1e +1", err: errNumberSyntax},
	{in: "0e", err: errNumberSyntax},
	{in: "1\x00", err: errNumberSyntax},
	{in: "\u0665", err: errNumberSyntax}, // a decimal digit, though not of ASCII
	{in: "1\xff", err: errNumberSyntax},
}

func TestCanonicalNumber(t *testing.T) {
	for _, tt := range numberTests {
		got, err := CanonicalNumber(tt.in)
		if got != tt.want || !errors.Is(err, tt.err) || (err != nil) != (tt.err != nil) {
			t.Errorf("CanonicalNumber(%q) = %q, %v, want %q, %v", tt.in, got, err, tt.want, tt.err)
		}
		if err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("CanonicalNumber(%q): error %v does not wrap ErrInvalid", tt.in, err)
		}

		dst := []byte("before")
		out, err := AppendNumber(dst, tt.in)
		if string(out) != "before"+tt.want || (err != nil) != (tt.err != nil) {
			t.Errorf("AppendNumber(%q) = %q, %v, want %q after the prefix", tt.in, out, err, tt.want)
		}

		if tt.err != nil {
			continue
		}
		again, err := CanonicalNumber(tt.want)
		if again != tt.want || err != nil {
			t.Errorf("CanonicalNumber(%q) = %q, %v: canonical text changes", tt.want, again, err)
		}
		if !sameNumber(t, tt.in, tt.want) {
			t.Errorf("%q and its canonical text %q are not equal", tt.in, tt.want)
		}
	}
}

// sameNumber compares by value; zero times ten to any power is too much for
// big.Rat, and equal to zero.
func sameNumber(t *testing.T, a, b string) bool {
	t.Helper()
	if !strings.ContainsAny(strings.FieldsFunc(a, func(r rune) bool { return r == 'e' || r == 'E' })[0], "123456789") {
		return strings.Trim(b, "-0.") == ""
	}
	x, ok1 := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok1 || !ok2 {
		t.Fatalf("big.Rat refuses %q or %q", a, b)
	}
	return x.Cmp(y) == 0
}

// TestPythonRounding holds the Python column of the spec's table, and the ties.
func TestPythonRounding(t *testing.T) {
	for _, tt := range numberTests {
		want := tt.python
		if want == "" {
			want = tt.want
		}
		got, err := writtenNumber(tt.in, PythonRounding)
		if got != want || (err != nil) != (tt.err != nil) {
			t.Errorf("writtenNumber(%q, PythonRounding) = %q, %v, want %q", tt.in, got, err, want)
		}
		for _, o := range []Order{JavaOrder, PythonOrder} {
			if got, _ := writtenNumber(tt.in, o); got != tt.want {
				t.Errorf("writtenNumber(%q, %v) = %q, want %q", tt.in, o, got, tt.want)
			}
		}
	}
	const d26 = "12345678901234567890123456" // 26 digits, two more up to the cut
	for _, tt := range []struct{ in, want string }{
		{d26 + "78.4", d26 + "78"},
		{d26 + "78.5", d26 + "78"}, // half, to even
		{d26 + "79.5", d26 + "80"}, // half, to even
		{d26 + "78.51", d26 + "79"},
		{d26 + "78.500000001", d26 + "79"},
		{d26 + "78.6", d26 + "79"},
		{d26 + "00.4", d26 + "00"},
		{d26 + "00.5", d26 + "00"},
		{"1." + zeros(30) + "1", "1"},
		{"-" + d26 + "99.5", "-12345678901234567890123457" + "00"},
		{"0.00" + d26 + "7850", "0.00" + d26 + "78"},
	} {
		if got, err := writtenNumber(tt.in, PythonRounding); got != tt.want || err != nil {
			t.Errorf("writtenNumber(%q, PythonRounding) = %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
}

// TestReadNumber: reading takes what writing takes, and the power of ten to which
// the Python client rounds the largest numbers.
func TestReadNumber(t *testing.T) {
	for _, tt := range numberTests {
		if tt.in == "1E+126" || tt.in == "10E+125" || tt.in == "1"+zeros(126) {
			continue
		}
		got, err := readNumber(tt.in)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("readNumber(%q) = %q, %v, want %q, %v", tt.in, got, err, tt.want, tt.err)
		}
	}
	for in, want := range map[string]string{
		"1E+126":          "1" + zeros(126),
		"1" + zeros(126):  "1" + zeros(126),
		"-1" + zeros(126): "-1" + zeros(126),
	} {
		if got, err := readNumber(in); got != want || err != nil {
			t.Errorf("readNumber(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

// TestIsCanonical races the fast path with the long way round.
func TestIsCanonical(t *testing.T) {
	const alphabet = "-.0159"
	text := make([]byte, 0, 6)
	var try func(n int)
	try = func(n int) {
		s := string(text)
		d, err := parseDecimal(s, maxExponent)
		if want := err == nil && d.String() == s; isCanonical(s) != want {
			t.Errorf("isCanonical(%q) = %v, want %v", s, !want, want)
		}
		if n == 0 {
			return
		}
		for i := range len(alphabet) {
			text = append(text, alphabet[i])
			try(n - 1)
			text = text[:len(text)-1]
		}
	}
	try(6)
}

func FuzzCanonicalNumber(f *testing.F) {
	for _, tt := range numberTests {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		text, err := CanonicalNumber(in)
		read, readErr := readNumber(in)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("error %v does not wrap ErrInvalid", err)
			}
			if readErr == nil && len(strings.TrimLeft(read, "-")) != 127 {
				t.Errorf("%q is read as %q and not written", in, read)
			}
			return
		}
		if readErr != nil || read != text {
			t.Errorf("%q is written as %q and read as %q, %v", in, text, read, readErr)
		}
		if len(text) > maxCanonical || len(strings.Trim(strings.Replace(text, ".", "", 1), "-0")) > maxDigits {
			t.Errorf("CanonicalNumber(%q) = %q, too long", in, text)
		}
		if again, err := CanonicalNumber(text); again != text || err != nil {
			t.Errorf("CanonicalNumber(%q) = %q, %v: drifts", text, again, err)
		}
		if len(in) < 200 && !sameNumber(t, in, text) {
			t.Errorf("CanonicalNumber(%q) = %q, another number", in, text)
		}
		if _, err := writtenNumber(in, PythonRounding); err != nil {
			t.Errorf("%q is canonical as %q and has no rounded form: %v", in, text, err)
		}
	})
}
