package ddbenc

import (
	"fmt"
	"slices"
	"strings"
)

// A tableSet finds the encrypted tables by what requests name them. It is not
// changed once built.
type tableSet struct {
	byName map[string]*namedTable
}

// A namedTable is an encrypted table, and its account if it was opened by an
// ARN.
type namedTable struct {
	*core
	account string
}

// newTableSet collects tables. Two of the same name are one too many: which of
// them a request means could not be told.
func newTableSet(tables []ClientTable) (tableSet, error) {
	set := tableSet{byName: make(map[string]*namedTable, len(tables))}
	for i, t := range tables {
		if t == nil || t.clientCore() == nil {
			return set, fmt.Errorf("%w: Encrypted: table %d is nil", ErrConfig, i)
		}
		c := t.clientCore()
		name, account, err := splitTableName(c.name)
		if err != nil {
			return set, fmt.Errorf("%w: Encrypted: table %d: %s", ErrConfig, i, err)
		}
		if _, ok := set.byName[name]; ok {
			return set, fmt.Errorf("%w: Encrypted: two tables are named %q", ErrConfig, name)
		}
		set.byName[name] = &namedTable{core: c, account: account}
	}
	return set, nil
}

// find returns the encrypted table that a request means by name, or nil if it
// means another one. An error says that this can't be told.
//
// A table's ARN means the table, in every Region, since the replicas of a global
// table have one name and the same items. A name behind an endpoint or an account
// means it too, as some proxies and local servers have it.
func (s *tableSet) find(name *string) (*core, error) {
	if name == nil {
		return nil, refusedName("", "there is no table name")
	}
	return s.findName(*name)
}

func (s *tableSet) findName(name string) (*core, error) {
	if t, ok := s.byName[name]; ok {
		return t.core, nil
	}
	table, account, err := splitTableName(name)
	if err != nil {
		return nil, refusedName(name, err.Error())
	}
	t, ok := s.byName[table]
	switch {
	case !ok && s.hasPart(name):
		return nil, refusedName(name, "a part of it is the name of one of them")
	case !ok:
		return nil, nil
	case account != "" && t.account != "" && account != t.account:
		return nil, refusedName(name, fmt.Sprintf("an encrypted table has the same name in account %s: "+
			"use a client without ddbenc.Encrypted for this one, or one that has it by its ARN", t.account))
	}
	return t.core, nil
}

// hasPart reports whether an encrypted table stands in the midst of name, as in that of
// an index, patients/index/by-clinic.
func (s *tableSet) hasPart(name string) bool {
	if !strings.ContainsAny(name, ":/") {
		return false // it is its own only part, and was looked up
	}
	isEnd := func(r rune) bool { return r == ':' || r == '/' }
	return slices.ContainsFunc(strings.FieldsFunc(name, isEnd), func(part string) bool { return s.byName[part] != nil })
}

// namesFold reports whether name may mean an encrypted table when the case of
// letters does not count.
func (s *tableSet) namesFold(name string) (bool, error) {
	table, _, err := splitTableName(name)
	if err != nil {
		return false, err
	}
	for known := range s.byName {
		if strings.EqualFold(known, table) {
			return true, nil
		}
	}
	return false, nil
}

// splitTableName takes a table's name or ARN apart, or a name behind an account
// or an endpoint:
//
//	patients
//	arn:aws:dynamodb:eu-central-1:123456789012:table/patients
//	123456789012:patients, 123456789012/patients, 123456789012.patients
//	dynamodb.eu-central-1.amazonaws.com/patients
func splitTableName(name string) (table, account string, err error) {
	if strings.HasPrefix(name, "arn:") {
		parts := strings.Split(name, ":")
		table, ok := strings.CutPrefix(parts[len(parts)-1], "table/")
		if len(parts) != 6 || parts[2] != "dynamodb" || !ok || !validTableName(table) {
			return "", "", fmt.Errorf("it is not the ARN of a table, which ends in :table/ and a name")
		}
		return table, parts[4], nil
	}
	table = name
	if i := strings.LastIndexAny(name, ":/"); i >= 0 {
		table = name[i+1:]
		if first := name[:strings.IndexAny(name, ":/")]; isAccount(first) {
			account = first
		}
	} else if first, rest, ok := strings.Cut(name, "."); ok && isAccount(first) && rest != "" {
		table, account = rest, first
	}
	if !validTableName(table) {
		return "", "", fmt.Errorf("it is neither a table name nor the ARN of a table")
	}
	return table, account, nil
}

// validTableName applies DynamoDB's rule for the characters in names of tables.
// Names that are too short for DynamoDB are left for it to refuse.
func validTableName(name string) bool {
	return name != "" && len(name) <= 255 && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' && r != '.'
	}) < 0
}

// isAccount reports whether s is the 12 digits of an AWS account.
func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// refusedName refuses a name that may or may not mean an encrypted table.
func refusedName(name, why string) error {
	return refusalf("table %q can't be told from the encrypted ones: %s", name, why)
}
