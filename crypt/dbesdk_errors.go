package crypt

import "fmt"

// Kinds of [ErrVerify] that are told apart because they mean different things to
// whoever runs a table. A forger learns nothing from them: he can see what the
// first depends on, and the second needs the data key. DB-ESDK spec: "Error
// classes".
var (
	// ErrLegend reports a DB-ESDK item with more or fewer signed attributes than
	// its writer signed. An attribute was added or removed, a read was projected,
	// or the reader's DoNothing attributes are others than the writer's.
	ErrLegend = fmt.Errorf("%w: its signed attributes are not those that were written", ErrVerify)

	// ErrCommitment reports a DB-ESDK item whose header was not made with the
	// data key that it holds.
	ErrCommitment = fmt.Errorf("%w: its header does not commit to its data key", ErrVerify)
)
