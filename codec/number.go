package codec

import (
	"errors"
	"fmt"
	"slices"
)

// Limits of a DynamoDB number. An exponent here is that of the first significant
// digit: 9.9E+125 is the largest magnitude to one place, 1E-130 the smallest.
const (
	maxDigits   = 38   // significant digits, without zeros on either side
	minExponent = -130 // also on reading
	maxExponent = 125  // of what is written

	// maxReadExponent is one more than maxExponent: the Python client rounds the
	// largest numbers up to 1E+126, and such a value must come back.
	maxReadExponent = 126

	// maxCanonical is the size of the longest canonical text: a sign, "0.", 129
	// zeros and 38 digits.
	maxCanonical = 1 + 2 + 129 + maxDigits

	// pythonDigits is the precision of Python's default decimal context.
	pythonDigits = 28
)

// Why a number is refused. These go into errors that wrap ErrInvalid when a value
// is written and ErrMalformed when one is read.
var (
	errNumberSyntax = errors.New("number is not decimal text")
	errNumberDigits = fmt.Errorf("number has more than %d significant digits", maxDigits)
	errNumberRange  = fmt.Errorf("number's magnitude is not in the range 1E%d to 9.9E+%d", minExponent, maxExponent)
)

// CanonicalNumber returns the one spelling that s has in serialized values: no
// exponent, no plus sign, no zeros in front (but one before the point of a number
// below one), none at the end of a fraction, and no sign on zero.
//
// s is an optional sign, ASCII digits with an optional point among them, at least
// one digit, and an optional exponent: "1.50", "+5", ".5", "5.", "1E+10". Anything
// else, more than 38 significant digits, or an exponent of the first digit outside
// -130 to 125 gives an error wrapping [ErrInvalid]. The work and the result are
// bounded by len(s) and 170 bytes, whatever the exponent says. A number that is
// canonical already is returned without allocating. Spec: "Canonical numbers".
func CanonicalNumber(s string) (string, error) {
	if isCanonical(s) {
		return s, nil
	}
	d, err := parseDecimal(s, maxExponent)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return d.String(), nil
}

// AppendNumber appends what [CanonicalNumber] returns for s. On error dst comes
// back as it was. It allocates only to grow dst.
func AppendNumber(dst []byte, s string) ([]byte, error) {
	if isCanonical(s) {
		return append(dst, s...), nil
	}
	d, err := parseDecimal(s, maxExponent)
	if err != nil {
		return dst, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return d.append(dst), nil
}

// writtenNumber returns the spelling of s in order o.
func writtenNumber(s string, o Order) (string, error) {
	if o != PythonRounding || isCanonical(s) && len(s) <= pythonDigits {
		return CanonicalNumber(s)
	}
	d, err := parseDecimal(s, maxExponent)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if d.n == 0 && d.negative {
		return "-0", nil
	}
	d.round(pythonDigits)
	return d.String(), nil
}

// readNumber returns the canonical spelling of number text found in serialized
// bytes. The Java client leaves such text as it found it; the writers that exist
// put nothing but canonical text there, except -0 by Python.
func readNumber(s string) (string, error) {
	if isCanonical(s) {
		return s, nil
	}
	d, err := parseDecimal(s, maxReadExponent)
	if err != nil {
		return "", err
	}
	return d.String(), nil
}

// isCanonical reports whether s is canonical, in range and short. It may say no to
// a canonical number longer than maxDigits bytes, which goes the long way and
// comes out the same: up to that length digits and magnitude need no check.
func isCanonical(s string) bool {
	if len(s) == 0 || len(s) > maxDigits {
		return false
	}
	digits := s
	if s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || digits[0] == '.' {
		return false
	}
	if digits[0] == '0' && (len(digits) == 1 || digits[1] != '.') {
		return s == "0"
	}
	point := false
	for i := range len(digits) {
		switch c := digits[i]; {
		case c-'0' <= 9:
		case c == '.' && !point:
			point = true
		default:
			return false
		}
	}
	last := digits[len(digits)-1]
	return !point || last != '0' && last != '.'
}

// A decimal is 0.DIGITS times ten to the power of point, where DIGITS has no zero
// at either end. Zero has no digits.
type decimal struct {
	negative bool
	n        int // digits in use
	point    int // digits before the decimal point, when positive
	digits   [maxDigits]byte
}

// parseDecimal reads s by the grammar of CanonicalNumber. Limits are checked
// before anything is expanded: "1E+999999999" costs no more than "1E+9".
func parseDecimal(s string, maxExp int) (decimal, error) {
	var d decimal
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	var (
		seen    = 0  // digits
		whole   = -1 // digits before the point, when there is a point
		first   = -1 // index among the digits of the first that is not zero
		last    = -1 // and of the last
		tooLong = false
		i       = 0
	)
scan:
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c-'0' <= 9:
			if c != '0' {
				if first < 0 {
					first = seen
				}
				last = seen
			}
			if first >= 0 {
				if at := seen - first; at < maxDigits {
					d.digits[at] = c
				} else if c != '0' {
					tooLong = true
				}
			}
			seen++
		case c == '.' && whole < 0:
			whole = seen
		default:
			break scan
		}
	}
	if seen == 0 {
		return d, errNumberSyntax
	}
	if whole < 0 {
		whole = seen
	}
	exponent, ok := parseExponent(s[i:])
	switch {
	case !ok:
		return d, errNumberSyntax
	case first < 0:
		return d, nil // zero, whatever the exponent
	case tooLong:
		return d, errNumberDigits
	}
	point := int64(whole) - int64(first) + exponent
	if point-1 < minExponent || point-1 > int64(maxExp) {
		return d, errNumberRange
	}
	d.n, d.point = last-first+1, int(point)
	return d, nil
}

// parseExponent reads what follows the digits: nothing, or 'e' or 'E', an optional
// sign and at least one digit. Exponents beyond 2^40 either way are all read as
// 2^40, which no count of digits brings back into range.
func parseExponent(s string) (int64, bool) {
	const enough = 1 << 40
	if s == "" {
		return 0, true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if s == "" {
		return 0, false
	}
	var e int64
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return 0, false
		}
		e = min(e*10+int64(s[i]-'0'), enough)
	}
	if negative {
		e = -e
	}
	return e, true
}

// String returns d in plain notation.
func (d *decimal) String() string {
	var buf [maxCanonical]byte
	return string(d.append(buf[:0]))
}

// append appends d in plain notation, at most maxCanonical bytes.
func (d *decimal) append(dst []byte) []byte {
	digits := d.digits[:d.n]
	if d.n == 0 {
		return append(dst, '0')
	}
	if d.negative {
		dst = append(dst, '-')
	}
	switch {
	case d.point <= 0:
		dst = append(dst, '0', '.')
		dst = appendZeros(dst, -d.point)
		return append(dst, digits...)
	case d.point >= d.n:
		dst = append(dst, digits...)
		return appendZeros(dst, d.point-d.n)
	default:
		dst = append(dst, digits[:d.point]...)
		dst = append(dst, '.')
		return append(dst, digits[d.point:]...)
	}
}

func appendZeros(dst []byte, n int) []byte {
	dst = slices.Grow(dst, n)
	for range n {
		dst = append(dst, '0')
	}
	return dst
}

// round rounds d half to even to at most limit digits. Rounding up may carry into
// a new first digit.
func (d *decimal) round(limit int) {
	if d.n <= limit {
		return
	}
	next := d.digits[limit]
	half := next == '5' && d.n == limit+1 // d has no zeros at its end
	up := next > '5' || next == '5' && !half || half && (d.digits[limit-1]-'0')%2 == 1
	d.n = limit
	if up {
		for d.n > 0 && d.digits[d.n-1] == '9' {
			d.n--
		}
		if d.n == 0 {
			d.digits[0], d.n = '1', 1
			d.point++
			return
		}
		d.digits[d.n-1]++
		return
	}
	for d.digits[d.n-1] == '0' { // the first digit is never zero
		d.n--
	}
}
