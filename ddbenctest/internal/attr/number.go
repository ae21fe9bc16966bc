package attr

import (
	"cmp"
	"strings"
)

// Limits of a DynamoDB number: 38 significant digits, the first of them
// between 10^-130 and 10^125, whatever the sign.
const (
	maxDigits   = 38
	maxExponent = 125
	minExponent = -130
)

// A decimal is a number in parts: ±0.digits × 10^point. digits has neither
// leading nor trailing zeros, and zero has no digits, no sign and point 0.
type decimal struct {
	negative bool
	digits   string // "0" to "9"
	point    int    // where the decimal point is, counted from the start of digits
}

// ParseNumber reads a decimal number as DynamoDB does and returns it as
// DynamoDB returns it: plain digits without exponent, without superfluous
// zeros, a "-" for what is less than zero. Errors are [*Error]: text that is no
// number, more than 38 significant digits, a magnitude out of range.
func ParseNumber(s string) (string, error) {
	if isPlainInteger(s) {
		return s, nil
	}
	d, err := parseDecimal(s)
	if err != nil {
		return "", err
	}
	if err := d.check(); err != nil {
		return "", err
	}
	return d.String(), nil
}

// isPlainInteger finds the common case that is its own canonical text.
func isPlainInteger(s string) bool {
	if s == "0" {
		return true
	}
	s = strings.TrimPrefix(s, "-")
	if len(s) == 0 || len(s) > maxDigits || s[0] == '0' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// parseDecimal reads sign, digits with an optional point, and an optional
// exponent, without checking limits.
func parseDecimal(s string) (decimal, error) {
	if s == "" {
		return decimal{}, Invalid(msgNoNumber)
	}
	bad := func() (decimal, error) { return decimal{}, Invalid(msgNoNumber + ": " + s) }
	var d decimal
	i := 0
	if s[i] == '+' || s[i] == '-' {
		d.negative = s[i] == '-'
		i++
	}
	digits := make([]byte, 0, len(s))
	point := -1 // in digits, once seen
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
			continue
		case c == '.' && point < 0:
			point = len(digits)
			continue
		}
		break
	}
	if len(digits) == 0 {
		return bad()
	}
	if point < 0 {
		point = len(digits)
	}
	if i < len(s) {
		exp, ok := parseExponent(s[i:])
		if !ok {
			return bad()
		}
		point += exp
	}
	d.point = point
	d.digits = string(digits)
	return d.normalize(), nil
}

// parseExponent reads "e", an optional sign and digits. Exponents beyond any
// that matter are clamped, so that they stay out of range without overflowing.
func parseExponent(s string) (int, bool) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	if s == "" {
		return 0, false
	}
	const clamp = 1 << 30
	exp := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		exp = min(exp*10+int(s[i]-'0'), clamp)
		if exp == clamp {
			exp = clamp / 10
		}
	}
	return sign * exp, true
}

func (d decimal) normalize() decimal {
	trimmed := strings.TrimLeft(d.digits, "0")
	d.point -= len(d.digits) - len(trimmed)
	d.digits = strings.TrimRight(trimmed, "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

// check applies the limits of a stored number.
func (d decimal) check() error {
	switch {
	case d.digits == "":
		return nil
	case d.point-1 > maxExponent:
		return Invalid(msgNumberOverflow)
	case d.point-1 < minExponent:
		return Invalid(msgUnderflow)
	case len(d.digits) > maxDigits:
		return Invalid(msgPrecision)
	}
	return nil
}

// String returns the canonical text of d.
func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	var b strings.Builder
	b.Grow(len(d.digits) + max(d.point, 0) + max(-d.point, 0) + 3)
	if d.negative {
		b.WriteByte('-')
	}
	switch n := len(d.digits); {
	case d.point <= 0:
		b.WriteString("0.")
		writeZeros(&b, -d.point)
		b.WriteString(d.digits)
	case d.point >= n:
		b.WriteString(d.digits)
		writeZeros(&b, d.point-n)
	default:
		b.WriteString(d.digits[:d.point])
		b.WriteByte('.')
		b.WriteString(d.digits[d.point:])
	}
	return b.String()
}

func writeZeros(b *strings.Builder, n int) {
	for range n {
		b.WriteByte('0')
	}
}

// plainParts splits canonical text into sign, integer digits (none for a
// number below 1) and fraction digits. It does not allocate.
func plainParts(s string) (negative bool, whole, fraction string) {
	s, negative = strings.CutPrefix(s, "-")
	whole, fraction, _ = strings.Cut(s, ".")
	if whole == "0" {
		whole = ""
	}
	return negative, whole, fraction
}

// CompareNumbers orders two numbers by value. Both are canonical text from
// [ParseNumber].
func CompareNumbers(a, b string) int {
	aNegative, aWhole, aFraction := plainParts(a)
	bNegative, bWhole, bFraction := plainParts(b)
	if aNegative != bNegative {
		if aNegative {
			return -1
		}
		return 1
	}
	c := cmp.Compare(len(aWhole), len(bWhole))
	if c == 0 {
		c = strings.Compare(aWhole, bWhole)
	}
	if c == 0 {
		c = strings.Compare(aFraction, bFraction)
	}
	if aNegative {
		return -c
	}
	return c
}

// AddNumbers returns a + b exactly. A sum that a number cannot hold, because it
// needs more than 38 digits or is out of range, gives the service's error. Both
// are canonical text from [ParseNumber].
func AddNumbers(a, b string) (string, error) {
	x, err := parseDecimal(a)
	if err != nil {
		return "", err
	}
	y, err := parseDecimal(b)
	if err != nil {
		return "", err
	}
	sum := addDecimals(x, y)
	if err := sum.check(); err != nil {
		return "", err
	}
	return sum.String(), nil
}

// SubNumbers returns a - b as [AddNumbers] does.
func SubNumbers(a, b string) (string, error) {
	switch {
	case b == "0":
	case strings.HasPrefix(b, "-"):
		b = b[1:]
	default:
		b = "-" + b
	}
	return AddNumbers(a, b)
}

// addDecimals adds exactly: both numbers are written out over the same places,
// at most some three hundred of them, and added digit by digit.
func addDecimals(x, y decimal) decimal {
	if x.digits == "" {
		return y
	}
	if y.digits == "" {
		return x
	}
	high := max(x.point, y.point)
	low := min(x.point-len(x.digits), y.point-len(y.digits))
	a, b := x.places(high, low), y.places(high, low)
	if x.negative == y.negative {
		out := make([]byte, len(a)+1)
		carry := byte(0)
		for i := len(a) - 1; i >= 0; i-- {
			sum := a[i] + b[i] + carry
			carry = sum / 10
			out[i+1] = '0' + sum%10
		}
		out[0] = '0' + carry
		return decimal{x.negative, string(out), high + 1}.normalize()
	}
	negative := x.negative
	if string(a) < string(b) {
		a, b, negative = b, a, y.negative
	}
	out := make([]byte, len(a))
	borrow := byte(0)
	for i := len(a) - 1; i >= 0; i-- {
		diff := 10 + a[i] - b[i] - borrow
		borrow = 1 - diff/10
		out[i] = '0' + diff%10
	}
	return decimal{negative, string(out), high}.normalize()
}

// places returns the digits of d as numbers 0 to 9 from place high down to
// place low.
func (d decimal) places(high, low int) []byte {
	out := make([]byte, high-low)
	for i := range len(d.digits) {
		out[high-d.point+i] = d.digits[i] - '0'
	}
	return out
}
