package attr

// The two error codes that reading a value can give.
const (
	CodeValidation    = "ValidationException"
	CodeSerialization = "SerializationException"
)

// An Error is a refusal that DynamoDB would give, in its own words. Its text is
// for the caller of the embedded engine and may quote the request, as the
// service does.
type Error struct {
	Code    string // CodeValidation or CodeSerialization
	Message string
}

func (e *Error) Error() string { return e.Message }

// Invalid returns an [*Error] with CodeValidation.
func Invalid(message string) error { return &Error{CodeValidation, message} }

func malformed(message string) error { return &Error{CodeSerialization, message} }

const (
	msgEmptyValue     = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
	msgSeveralTypes   = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
	msgNullFalse      = "One or more parameter values were invalid: Null attribute value types must have the value of true"
	msgEmptySS        = "One or more parameter values were invalid: An string set  may not be empty"
	msgEmptyNS        = "One or more parameter values were invalid: An number set  may not be empty"
	msgEmptyBS        = "One or more parameter values were invalid: Binary sets should not be empty"
	msgNullMember     = "One or more parameter values were invalid: An string set may not have a null string as a member"
	msgDuplicateNS    = "Input collection contains duplicates"
	msgDuplicateBS    = "One or more parameter values were invalid: Input collection of type BS contains duplicates."
	msgEmptyName      = "Empty attribute name"
	msgLongName       = "Attribute name is too large, must be less than 65536 bytes"
	msgDepth          = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
	msgNoNumber       = "The parameter cannot be converted to a numeric value"
	msgNumberOverflow = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	msgUnderflow      = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
	msgPrecision      = "Attempting to store more than 38 significant digits in a Number"
)
