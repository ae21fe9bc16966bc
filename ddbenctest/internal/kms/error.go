package kms

import (
	"fmt"
	"net/http"
)

// An Error is an answer in the service's own terms: Code is what SDKs call the
// error code, such as NotFoundException. Messages name keys, members and sizes,
// never plaintext, ciphertext or the values of an encryption context.
type Error struct {
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// status is the HTTP status that goes with the code. KMS answers 400 whenever
// the request is to blame, whatever the API model suggests; SDKs retry 500.
func (e *Error) status() int {
	switch e.Code {
	case codeInternal, codeDependencyTimeout, codeKeyUnavailable:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// Error codes, as the service spells them.
const (
	codeAccessDenied         = "AccessDeniedException"
	codeAlreadyExists        = "AlreadyExistsException"
	codeDependencyTimeout    = "DependencyTimeoutException"
	codeDisabled             = "DisabledException"
	codeDryRun               = "DryRunOperationException"
	codeIncorrectKey         = "IncorrectKeyException"
	codeInternal             = "KMSInternalException"
	codeInvalidArn           = "InvalidArnException"
	codeInvalidCiphertext    = "InvalidCiphertextException"
	codeInvalidGrantToken    = "InvalidGrantTokenException"
	codeInvalidKeyUsage      = "InvalidKeyUsageException"
	codeInvalidMac           = "KMSInvalidMacException"
	codeInvalidMarker        = "InvalidMarkerException"
	codeInvalidSignature     = "KMSInvalidSignatureException"
	codeInvalidState         = "KMSInvalidStateException"
	codeKeyUnavailable       = "KeyUnavailableException"
	codeLimitExceeded        = "LimitExceededException"
	codeMalformedPolicy      = "MalformedPolicyDocumentException"
	codeNotAuthorized        = "NotAuthorizedException"
	codeNotFound             = "NotFoundException"
	codeSerialization        = "SerializationException"
	codeTag                  = "TagException"
	codeThrottling           = "ThrottlingException"
	codeUnknownOperation     = "UnknownOperationException"
	codeUnsupportedOperation = "UnsupportedOperationException"
	codeValidation           = "ValidationException"
)

// fail makes an [Error] from a code and a formatted message.
func fail(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
