package ddbenc

// Package encoding/json calls no Format, and writes the exported fields of errors:
// items, and texts of the service that may quote them. As text, they can't be read
// back.

// MarshalText returns the text of Error.
func (e *ConditionError[T]) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// MarshalText returns the text of Error.
func (e *BatchError[T]) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// MarshalText returns the text of Error.
func (e *OperationError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// MarshalText returns the text of Error.
func (e *TransactionError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }
