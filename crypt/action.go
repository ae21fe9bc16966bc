package crypt

import "fmt"

// Action is what happens to one attribute of an item. The zero Action is
// invalid, so a forgotten assignment fails instead of storing plaintext.
type Action uint8

const (
	_ Action = iota
	// EncryptAndSign encrypts the value and signs the ciphertext.
	EncryptAndSign
	// SignOnly leaves the value readable and signs it.
	SignOnly
	// DoNothing neither encrypts nor signs: anyone who can write to the table
	// can add, change or remove the attribute unseen.
	DoNothing
	// SignAndIncludeInContext signs the value and binds it to the data key
	// through the encryption context. Such an attribute has to be in every item.
	// DDBEC has no such action.
	SignAndIncludeInContext
)

// String returns the name that the other clients use, such as
// "ENCRYPT_AND_SIGN".
func (a Action) String() string {
	switch a {
	case EncryptAndSign:
		return "ENCRYPT_AND_SIGN"
	case SignOnly:
		return "SIGN_ONLY"
	case DoNothing:
		return "DO_NOTHING"
	case SignAndIncludeInContext:
		return "SIGN_AND_INCLUDE_IN_ENCRYPTION_CONTEXT"
	}
	return fmt.Sprintf("Action(%d)", uint8(a))
}

// signed reports whether a's attributes are part of what is signed.
func (a Action) signed() bool { return a == EncryptAndSign || a == SignOnly }

// Actions says what happens to each attribute of an item: the action listed
// for its name, or else the default. Spec: Attribute actions and rules,
// "Configuration".
type Actions struct {
	// Default is the action of every attribute that Attributes doesn't list,
	// also of those that a reader finds in a stored item without knowing them.
	Default    Action
	Attributes map[string]Action
}

// Of returns the action of the attribute called name.
func (a Actions) Of(name string) Action {
	if act, ok := a.Attributes[name]; ok {
		return act
	}
	return a.Default
}

// takesNone reports whether no attribute at all would be touched.
func (a Actions) takesNone() bool {
	for _, act := range a.Attributes {
		if act != DoNothing {
			return false
		}
	}
	return a.Default == DoNothing
}
