package crypt

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// Keys of the encryption context, in their order. DB-ESDK spec: "Encryption
// context".
const (
	contextAttribute     = contextPrefix + "attr." // followed by the attribute's name
	contextLegend        = contextPrefix + "legend"
	contextPartitionName = contextPrefix + "partition-name"
	contextPublicKey     = contextPrefix + "public-key"
	contextSortName      = contextPrefix + "sort-name"
	contextTableName     = contextPrefix + "table-name"
)

// context returns the entries of the encryption context that follow from table
// and item, sorted: those that no item stores. Version is that of the header.
// The terminals of fields are set.
func (t *dbesdkTable) context(version uint8, fields []dbesdkField) []codec.ContextEntry {
	entries := make([]codec.ContextEntry, 0, 8)
	if version == 1 {
		for i := range fields {
			if f := &fields[i]; f.name == t.partitionKey || f.name == t.sortKey {
				entries = append(entries, codec.ContextEntry{Key: f.contextKey, Value: base64.StdEncoding.EncodeToString(f.terminal)})
			}
		}
		slices.SortFunc(entries, codec.CompareEntries)
	} else {
		entries = appendAttributes(entries, fields)
	}
	entries = append(entries, codec.ContextEntry{Key: contextPartitionName, Value: t.partitionKey})
	if t.sortKey != "" {
		entries = append(entries, codec.ContextEntry{Key: contextSortName, Value: t.sortKey})
	}
	return append(entries, codec.ContextEntry{Key: contextTableName, Value: t.name})
}

// appendAttributes appends the entries of the fields in the context, in the order
// of their keys, and the legend that tells their types in that order.
func appendAttributes(entries []codec.ContextEntry, fields []dbesdkField) []codec.ContextEntry {
	var inContext []*dbesdkField
	for i := range fields {
		if fields[i].action == SignAndIncludeInContext {
			inContext = append(inContext, &fields[i])
		}
	}
	slices.SortFunc(inContext, func(a, b *dbesdkField) int { return strings.Compare(a.name, b.name) })
	legend := make([]byte, 0, len(inContext))
	for _, f := range inContext {
		kind, value := contextValue(f)
		legend = append(legend, kind)
		entries = append(entries, codec.ContextEntry{Key: f.contextKey, Value: value})
	}
	return append(entries, codec.ContextEntry{Key: contextLegend, Value: string(legend)})
}

// contextValue returns the entry of an attribute in the context of version 2, and
// its byte in the legend.
func contextValue(f *dbesdkField) (kind byte, value string) {
	switch v := f.value.(type) {
	case *types.AttributeValueMemberS:
		return 'S', v.Value
	case *types.AttributeValueMemberN:
		return 'N', string(f.terminal[codec.TypeIDSize:]) // canonical
	case *types.AttributeValueMemberNULL:
		return 'L', "null"
	case *types.AttributeValueMemberBOOL:
		if v.Value {
			return 'L', "true"
		}
		return 'L', "false"
	}
	return 'B', base64.StdEncoding.EncodeToString(f.terminal)
}

// unite returns the entries of a and b, both sorted, in order. Entries with the
// same key are one if they have the same value; otherwise the error wraps
// [ErrVerify].
func unite(a, b []codec.ContextEntry) ([]codec.ContextEntry, error) {
	all := make([]codec.ContextEntry, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := codec.CompareEntries(a[0], b[0]); {
		case c < 0:
			all, a = append(all, a[0]), a[1:]
		case c > 0:
			all, b = append(all, b[0]), b[1:]
		case a[0].Value != b[0].Value:
			return nil, fmt.Errorf("%w: its encryption context has another value of %q", ErrVerify, a[0].Key)
		default:
			all, a, b = append(all, a[0]), a[1:], b[1:]
		}
	}
	return append(append(all, a...), b...), nil
}
