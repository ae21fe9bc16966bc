package stream

import (
	"fmt"
	"strings"
)

// A tableID is what tells tables apart. The Region is not part of it, since the
// replicas of a global table have one name and the same items.
type tableID struct {
	table   string
	account string // empty if unknown
}

// parseStreamARN takes the ARN of a stream apart:
//
//	arn:aws:dynamodb:eu-central-1:123456789012:table/patients/stream/2026-01-02T15:04:05.678
func parseStreamARN(arn string) (tableID, error) {
	if resource, account, ok := dynamoDBResource(arn); ok {
		if table, label, ok := strings.Cut(resource, "/stream/"); ok && label != "" && validTable(table) {
			return tableID{table: table, account: account}, nil
		}
	}
	return tableID{}, fmt.Errorf("%.200q is not the ARN of a table's stream", arn)
}

// parseTable takes the name by which a table was opened apart, a name or an ARN.
func parseTable(name string) (tableID, error) {
	id := tableID{table: name}
	if strings.HasPrefix(name, "arn:") {
		resource, account, _ := dynamoDBResource(name)
		id = tableID{table: resource, account: account}
	}
	if !validTable(id.table) {
		return tableID{}, fmt.Errorf("%.200q is neither a table name nor the ARN of a table", name)
	}
	return id, nil
}

// dynamoDBResource returns what stands behind "table/" in an ARN of DynamoDB.
func dynamoDBResource(arn string) (resource, account string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "dynamodb" {
		return "", "", false
	}
	resource, ok = strings.CutPrefix(parts[5], "table/")
	return resource, parts[4], ok
}

// validTable applies DynamoDB's rule for names of tables.
func validTable(name string) bool {
	return len(name) >= 3 && len(name) <= 255 && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' && r != '.'
	}) < 0
}

// is reports whether both may be the same table: of two accounts that are known,
// only one.
func (id tableID) is(other tableID) bool {
	return id.table == other.table && (id.account == other.account || id.account == "" || other.account == "")
}
