package keyring

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
	"github.com/ddbenc/ddbenc/crypt"
)

// Entries of the material description, and of the KMS encryption context. Spec:
// Registry of material-description keys; "AWS KMS provider".
const (
	descSigningKey = "amzn-ddb-sig-alg" // NAME or NAME/BITS of the signing key
	descKMSContext = "aws-kms-ec-attr"  // informational, always "*keys*"
	wrapKMS        = "kms"              // amzn-ddb-wrap-alg

	contextContent = "*amzn-ddb-env-alg*"
	contextSigning = "*amzn-ddb-sig-alg*"
	contextTable   = "*aws-kms-table*"
)

// kmsAlgorithms says what is derived from a data key.
type kmsAlgorithms struct {
	content, signing string // descriptions as written, such as "AES/256" and "HmacSHA256/256"

	contentSize int // bytes
	mac         string
	signingSize int // bytes
}

// parseKMSAlgorithms reads the two descriptions, NAME or NAME/BITS; without BITS
// it is 256. Bits count in whole bytes. The signing key has 128 bits at least
// and 4096 at most.
func parseKMSAlgorithms(content, signing string) (kmsAlgorithms, error) {
	a := kmsAlgorithms{content: content, signing: signing}
	name, bits, err := splitBits(content)
	if err != nil || name != "AES" || bits != 128 && bits != 192 && bits != 256 {
		return kmsAlgorithms{}, fmt.Errorf("%w: content algorithm %.40q, want AES/128, AES/192 or AES/256", crypt.ErrUnsupported, content)
	}
	a.contentSize = bits / 8
	name, bits, err = splitBits(signing)
	if err != nil || bits < 128 || bits > 4096 {
		return kmsAlgorithms{}, fmt.Errorf("%w: signing algorithm %.40q, want one like HmacSHA256/256", crypt.ErrUnsupported, signing)
	}
	a.mac, a.signingSize = name, bits/8
	if _, err := crypt.NewHMACKey(name, make([]byte, a.signingSize)); err != nil {
		return kmsAlgorithms{}, fmt.Errorf("%w: signing algorithm %.40q, want one like HmacSHA256/256", crypt.ErrUnsupported, signing)
	}
	return a, nil
}

func splitBits(s string) (name string, bits int, err error) {
	name, text, ok := strings.Cut(s, "/")
	if !ok {
		return name, 256, nil
	}
	bits, err = strconv.Atoi(text)
	return name, bits, err
}

// derive makes both keys of an item from its data key, with HKDF-SHA-256 and no
// salt. Spec: AWS KMS provider, "Keys".
func (a kmsAlgorithms) derive(dataKey []byte) (*crypt.ContentKey, *crypt.SigningKey, error) {
	prk, err := hkdf.Extract(sha256.New, dataKey, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("ddbenc: deriving keys: %w", err)
	}
	defer clear(prk)
	raw, err := hkdf.Expand(sha256.New, prk, "Encryption", a.contentSize)
	if err != nil {
		return nil, nil, fmt.Errorf("ddbenc: deriving keys: %w", err)
	}
	defer clear(raw)
	content, err := crypt.NewContentKey(raw)
	if err != nil {
		return nil, nil, err
	}
	rawMAC, err := hkdf.Expand(sha256.New, prk, "Signing", a.signingSize)
	if err != nil {
		return nil, nil, fmt.Errorf("ddbenc: deriving keys: %w", err)
	}
	defer clear(rawMAC)
	signing, err := crypt.NewHMACKey(a.mac, rawMAC)
	if err != nil {
		return nil, nil, err
	}
	return content, signing, nil
}

// kmsContext returns the KMS encryption context of an item. Later entries
// overwrite earlier ones of the same name, as in the other clients. KMS's
// administrators and CloudTrail see all of it, key attributes' values included.
//
// A number goes in as it is spelled in the item, or in canonical form. Spec: AWS
// KMS provider, "Encryption context (exact)".
func kmsContext(ec *crypt.EncryptionContext, a kmsAlgorithms, canonical bool) (map[string]string, error) {
	c := map[string]string{contextContent: a.content, contextSigning: a.signing}
	for _, name := range []string{ec.PartitionKey, ec.SortKey} {
		if name == "" {
			continue
		}
		text, number, ok := keyText(ec.Item[name])
		if !ok {
			return nil, &crypt.AttributeError{Op: "encrypt", Name: name, Err: fmt.Errorf("%w: a key attribute must be there and be S, N or B", crypt.ErrInvalidItem)}
		}
		if number && canonical {
			var err error
			if text, err = codec.CanonicalNumber(text); err != nil {
				return nil, &crypt.AttributeError{Op: "encrypt", Name: name, Err: fmt.Errorf("%w: %w", crypt.ErrInvalidItem, err)}
			}
		}
		c[name] = text
	}
	if ec.TableName != "" {
		c[contextTable] = ec.TableName
	}
	return c, nil
}

// keyText returns the text of a key attribute's value, and whether it is a number.
func keyText(v types.AttributeValue) (text string, number, ok bool) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		if v != nil {
			return v.Value, false, true
		}
	case *types.AttributeValueMemberN:
		if v != nil {
			return v.Value, true, true
		}
	case *types.AttributeValueMemberB:
		if v != nil {
			return base64.StdEncoding.EncodeToString(v.Value), false, true
		}
	}
	return "", false, false
}
