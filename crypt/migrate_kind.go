package crypt

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A Kind is what a stored item is: encrypted in one of the formats, or plaintext.
type Kind uint8

const (
	_ Kind = iota
	// KindPlaintext is an item that no format has marked.
	KindPlaintext
	// KindDDBEC is an item with the two attributes of DDBEC.
	KindDDBEC
	// KindDBESDK is an item with header and footer of DB-ESDK.
	KindDBESDK
)

// String returns the name of the kind, such as "DB-ESDK".
func (k Kind) String() string {
	switch k {
	case KindPlaintext:
		return "plaintext"
	case KindDDBEC:
		return "DDBEC"
	case KindDBESDK:
		return "DB-ESDK"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// KindOf tells what a stored item is by the names of its attributes, as far as
// names can tell: nothing is verified. A program that moves a table to another
// format can count by it what is left.
//
//	none of the reserved names                          plaintext
//	DDBECDescription and DDBECSignature                 DDBEC
//	DBESDKHeader and DBESDKFooter, DBESDKPrefix or not  DB-ESDK
//
// An item with half of what a format adds, or with names of both formats, is none
// of these: the error wraps [ErrMalformed]. So an encrypted item that lost a part
// is never taken for plaintext. One that lost all of them is: see
// [ForgeablePlaintext].
func KindOf(item map[string]types.AttributeValue) (Kind, error) {
	_, hasDescription := item[DDBECDescription]
	_, hasSignature := item[DDBECSignature]
	_, hasHeader := item[DBESDKHeader]
	_, hasFooter := item[DBESDKFooter]
	ddbec, dbesdk := hasDescription || hasSignature, hasReservedPrefix(item)
	switch {
	case ddbec && dbesdk:
		return 0, fmt.Errorf("%w: it has reserved attributes of both formats", ErrMalformed)
	case hasDescription && hasSignature:
		return KindDDBEC, nil
	case ddbec:
		return 0, fmt.Errorf("%w: it has one of %q and %q without the other", ErrMalformed, DDBECDescription, DDBECSignature)
	case hasHeader && hasFooter:
		return KindDBESDK, nil
	case dbesdk:
		return 0, fmt.Errorf("%w: it has attributes that begin with %q, and not both of %q and %q", ErrMalformed, DBESDKPrefix, DBESDKHeader, DBESDKFooter)
	}
	return KindPlaintext, nil
}

func hasReservedPrefix(item map[string]types.AttributeValue) bool {
	for name := range item {
		if strings.HasPrefix(name, DBESDKPrefix) {
			return true
		}
	}
	return false
}
