package crypt

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/ddbenc/ddbenc/codec"
)

// Names of the attributes that a selector has besides those of the item, if some
// of these are in the encryption context. No item has such names.
const (
	SelectorTableName     = DBESDKPrefix + "table_name"
	SelectorPartitionName = DBESDKPrefix + "partition_name"
	SelectorSortName      = DBESDKPrefix + "sort_name"
)

// Selector returns the attributes that the encryption context holds, by which a
// keyring can choose its key for an item: the other clients pass them to what
// they call a branch key id supplier. The item's header decides which these are:
//
//	no attribute in the context   the partition key and the sort key
//	SignAndIncludeInContext       all attributes with that action, and as strings the names of
//	                              table, partition key and sort key: [SelectorTableName] etc.
//
// Numbers are as they are signed, without an exponent or zeros that say nothing,
// and NULL is true. The map is new. When an item is read, nobody has verified it
// yet: it is what the item claims, and whoever chooses another key by it can't
// decrypt.
//
// The error wraps [ErrMalformed] and has no value in it. DB-ESDK spec: "Branch key
// id supplier for DynamoDB and header inspection".
func (kc *KeyContext) Selector() (map[string]types.AttributeValue, error) {
	partition, ok := kc.Value(contextPartitionName)
	if !ok {
		return nil, fmt.Errorf("%w: its encryption context names no partition key", ErrMalformed)
	}
	sort, hasSort := kc.Value(contextSortName)
	keys := []string{partition}
	if hasSort {
		keys = append(keys, sort)
	}
	for _, name := range keys {
		if _, ok := kc.Value(contextAttribute + name); !ok {
			return nil, fmt.Errorf("%w: its encryption context lacks key attribute %q", ErrMalformed, name)
		}
	}
	legend, ok := kc.Value(contextLegend)
	if !ok {
		return kc.keyAttributes(keys)
	}
	selector, err := kc.legendAttributes(legend)
	if err != nil {
		return nil, err
	}
	table, ok := kc.Value(contextTableName)
	if !ok {
		return nil, fmt.Errorf("%w: its encryption context names no table", ErrMalformed)
	}
	selector[SelectorTableName] = &types.AttributeValueMemberS{Value: table}
	selector[SelectorPartitionName] = &types.AttributeValueMemberS{Value: partition}
	if hasSort {
		selector[SelectorSortName] = &types.AttributeValueMemberS{Value: sort}
	}
	return selector, nil
}

// keyAttributes returns the selector of a header of version 1.
func (kc *KeyContext) keyAttributes(names []string) (map[string]types.AttributeValue, error) {
	selector := make(map[string]types.AttributeValue, len(names))
	for _, name := range names {
		entry, _ := kc.Value(contextAttribute + name)
		v, err := selectorTerminal(name, entry)
		if err != nil {
			return nil, err
		}
		selector[name] = v
	}
	return selector, nil
}

// legendAttributes returns the attributes of a header of version 2. Legend has a
// byte for each, in the order of their entries.
func (kc *KeyContext) legendAttributes(legend string) (map[string]types.AttributeValue, error) {
	selector := make(map[string]types.AttributeValue, len(legend)+3)
	for _, e := range kc.entries {
		name, ok := strings.CutPrefix(e.Key, contextAttribute)
		if !ok {
			continue
		}
		if legend == "" {
			return nil, fmt.Errorf("%w: the legend of its encryption context has fewer bytes than it has attributes", ErrMalformed)
		}
		if strings.HasPrefix(name, DBESDKPrefix) {
			return nil, fmt.Errorf("%w: its encryption context has reserved attribute %q", ErrMalformed, name)
		}
		v, err := selectorValue(name, legend[0], e.Value)
		if err != nil {
			return nil, err
		}
		selector[name], legend = v, legend[1:]
	}
	if legend != "" {
		return nil, fmt.Errorf("%w: the legend of its encryption context has more bytes than it has attributes", ErrMalformed)
	}
	return selector, nil
}

// selectorValue reverses contextValue.
func selectorValue(name string, kind byte, entry string) (types.AttributeValue, error) {
	switch kind {
	case 'S':
		return &types.AttributeValueMemberS{Value: entry}, nil
	case 'N':
		return &types.AttributeValueMemberN{Value: entry}, nil
	case 'B':
		return selectorTerminal(name, entry)
	case 'L':
		switch entry {
		case "null":
			return &types.AttributeValueMemberNULL{Value: true}, nil
		case "true", "false":
			return &types.AttributeValueMemberBOOL{Value: entry == "true"}, nil
		}
		return nil, fmt.Errorf("%w: its encryption context has attribute %q as no literal that there is", ErrMalformed, name)
	}
	return nil, fmt.Errorf("%w: the legend of its encryption context has byte %q for attribute %q", ErrMalformed, kind, name)
}

// selectorTerminal decodes an entry that is a terminal in Base64.
func selectorTerminal(name, entry string) (types.AttributeValue, error) {
	terminal, err := base64.StdEncoding.DecodeString(entry)
	if err != nil {
		return nil, fmt.Errorf("%w: its encryption context has attribute %q not in Base64", ErrMalformed, name)
	}
	v, err := codec.DecodeDBESDK(terminal)
	if err != nil {
		return nil, fmt.Errorf("%w: its encryption context has attribute %q: %w", ErrMalformed, name, err)
	}
	return v, nil
}
