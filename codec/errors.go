package codec

import "errors"

// ErrMalformed reports bytes or text that do not decode: cut short, longer than
// what they hold, nested too deeply, of an unknown type, or not the one spelling
// that the format allows. Errors that wrap it say what was wrong and at which
// byte, and never quote what was read.
var ErrMalformed = errors.New("codec: malformed input")

// ErrInvalid reports a value that has no encoding: a nil or unknown union
// member, NULL false, text that is not UTF-8, a number outside DynamoDB's range,
// nesting beyond [MaxDepth], or a length that does not fit its field. Errors that
// wrap it say what was wrong and never quote the value.
var ErrInvalid = errors.New("codec: value cannot be encoded")
