package crypt

import "fmt"

// How values print that hold keyrings and providers, which may be a program's own
// and take no care of what they print, or that have fields for everyone to see. Types
// with such fields have a text for package encoding/json, too, which calls no Format.
// It can't be read back.

// Format prints d without its provider under every verb.
func (d DDBEC) Format(f fmt.State, _ rune) { redact(f, "DDBEC") }

// Format prints d without its keyring under every verb.
func (d DBESDK) Format(f fmt.State, _ rune) { redact(f, "DBESDK") }

// Format prints m without its formats under every verb.
func (m Migration) Format(f fmt.State, _ rune) { redact(f, "Migration") }

func (w writtenWith) Format(f fmt.State, _ rune) { redact(f, "WrittenWith") }

func (*ddbecTable) Format(f fmt.State, _ rune)    { redact(f, "encryptor of DDBEC") }
func (dbesdkTable) Format(f fmt.State, _ rune)    { redact(f, "encryptor of DB-ESDK") }
func (migratingTable) Format(f fmt.State, _ rune) { redact(f, "encryptor of Migration") }

func (managedKeyring) Format(f fmt.State, _ rune)  { redact(f, "ManageKeyring") }
func (requiredContext) Format(f fmt.State, _ rune) { redact(f, "RequireContext") }

// Format prints m without its keyring and the values of its entries under every verb.
func (m Materials) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Materials{%d stored and %d reproduced entries}", len(m.Stored), len(m.Reproduced))
}

// MarshalText returns what Format prints.
func (m Materials) MarshalText() ([]byte, error) { return fmt.Append(nil, m), nil }

// Format prints r without the values of its entries under every verb.
func (r MaterialsRequest) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "MaterialsRequest{%d stored entries, %d data keys}", len(r.Stored), len(r.DataKeys))
}

// MarshalText returns what Format prints.
func (r MaterialsRequest) MarshalText() ([]byte, error) { return fmt.Append(nil, r), nil }

// MarshalText returns what String does.
func (ec EncryptionContext) MarshalText() ([]byte, error) { return []byte(ec.String()), nil }

// MarshalText returns what Format prints.
func (m *EncryptionMaterials) MarshalText() ([]byte, error) { return fmt.Append(nil, m), nil }

// MarshalText returns what Format prints.
func (k WrappedKey) MarshalText() ([]byte, error) { return fmt.Append(nil, k), nil }

// MarshalText returns what Format prints.
func (k UnwrappedKey) MarshalText() ([]byte, error) { return fmt.Append(nil, k), nil }
