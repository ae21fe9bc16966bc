package engine

import (
	"slices"
	"strings"
)

// Limits of a table.
const (
	maxLocalIndexes  = 5
	maxGlobalIndexes = 20
	maxProjected     = 100 // attributes that a table's INCLUDE projections may name in all
)

// checkDefinition refuses a table that can't be: the order of the checks is the
// service's.
func checkDefinition(in *CreateTableInput) error {
	byRequest := in.BillingMode == "PAY_PER_REQUEST"
	switch {
	case byRequest && in.ProvisionedThroughput != nil:
		return invalidParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	case !byRequest && in.ProvisionedThroughput == nil:
		return invalidParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
	case !byRequest && in.OnDemandThroughput != nil:
		return invalidParameter("OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
	}
	if err := checkDefinitions(in.AttributeDefinitions); err != nil {
		return err
	}
	if err := checkKeySchema(in.KeySchema, in.AttributeDefinitions); err != nil {
		return err
	}
	indexed := len(in.LocalSecondaryIndexes)+len(in.GlobalSecondaryIndexes) > 0
	if !indexed && len(in.KeySchema) != len(in.AttributeDefinitions) {
		return invalidParameter("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	if err := checkLocalIndexes(in); err != nil {
		return err
	}
	if err := checkGlobalIndexes(in, byRequest); err != nil {
		return err
	}
	all := slices.Concat(in.LocalSecondaryIndexes, in.GlobalSecondaryIndexes)
	if err := checkIndexNames(all); err != nil {
		return err
	}
	if err := checkUnusedDefinitions(in.AttributeDefinitions, in.KeySchema, all); err != nil {
		return err
	}
	if err := checkStreamSpecification(in.StreamSpecification); err != nil {
		return err
	}
	return nil
}

func checkDefinitions(definitions []AttributeDefinition) error {
	seen := map[string]bool{}
	for _, d := range definitions {
		if seen[d.AttributeName] {
			return invalidParameter("Duplicate AttributeName in AttributeDefinitions: %s", d.AttributeName)
		}
		seen[d.AttributeName] = true
	}
	return nil
}

// checkKeySchema refuses a key of the wrong shape or with attributes that have no
// type.
func checkKeySchema(schema []KeySchemaElement, definitions []AttributeDefinition) error {
	names := make([]string, len(schema))
	for i, el := range schema {
		names[i] = el.AttributeName
	}
	defined := make([]string, len(definitions))
	for i, d := range definitions {
		defined[i] = d.AttributeName
	}
	if len(schema) > len(definitions) {
		return invalid("Invalid KeySchema: Some index key attribute have no definition")
	}
	for _, name := range names {
		if !slices.Contains(defined, name) {
			return invalidParameter("Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
				strings.Join(names, ", "), strings.Join(defined, ", "))
		}
	}
	switch {
	case len(names) == 2 && names[0] == names[1]:
		return invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	case schema[0].KeyType != "HASH":
		return invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	case len(schema) == 2 && schema[1].KeyType != "RANGE":
		return invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	}
	return nil
}

func checkLocalIndexes(in *CreateTableInput) error {
	if in.LocalSecondaryIndexes == nil {
		return nil
	}
	switch {
	case len(in.LocalSecondaryIndexes) == 0:
		return invalidParameter("List of LocalSecondaryIndexes is empty")
	case len(in.KeySchema) != 2:
		return invalidParameter("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	partition := in.KeySchema[0].AttributeName
	for _, x := range in.LocalSecondaryIndexes {
		if err := checkKeySchema(x.KeySchema, in.AttributeDefinitions); err != nil {
			return err
		}
		switch {
		case len(x.KeySchema) != 2:
			return invalidParameter("Index KeySchema does not have a range key for index: %s", *x.IndexName)
		case x.KeySchema[0].AttributeName != partition:
			return invalidParameter("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s",
				*x.IndexName, x.KeySchema[0].AttributeName, partition)
		case x.ProvisionedThroughput != nil || x.OnDemandThroughput != nil:
			return invalid("The embedded engine does not support the parameter ProvisionedThroughput of a local index")
		}
		if err := checkProjection(x.Projection); err != nil {
			return err
		}
	}
	if len(in.LocalSecondaryIndexes) > maxLocalIndexes {
		return invalidParameter("Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocalIndexes)
	}
	return nil
}

func checkGlobalIndexes(in *CreateTableInput, byRequest bool) error {
	if in.GlobalSecondaryIndexes == nil {
		return nil
	}
	if len(in.GlobalSecondaryIndexes) == 0 {
		return invalidParameter("List of GlobalSecondaryIndexes is empty")
	}
	for _, x := range in.GlobalSecondaryIndexes {
		if err := checkGlobalIndex(x, in.AttributeDefinitions, byRequest); err != nil {
			return err
		}
	}
	if len(in.GlobalSecondaryIndexes) > maxGlobalIndexes {
		return invalidParameter("GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
	}
	return nil
}

func checkGlobalIndex(x IndexDefinition, definitions []AttributeDefinition, byRequest bool) error {
	if err := checkKeySchema(x.KeySchema, definitions); err != nil {
		return err
	}
	if err := checkProjection(x.Projection); err != nil {
		return err
	}
	switch {
	case byRequest && x.ProvisionedThroughput != nil:
		return invalidParameter("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", *x.IndexName)
	case !byRequest && x.ProvisionedThroughput == nil:
		return invalidParameter("ProvisionedThroughput must be specified for index: %s", *x.IndexName)
	}
	return nil
}

func checkProjection(p *Projection) error {
	switch {
	case p.ProjectionType == "":
		return invalidParameter("Unknown ProjectionType: null")
	case p.ProjectionType != "INCLUDE" && p.NonKeyAttributes != nil:
		return invalidParameter("ProjectionType is %s, but NonKeyAttributes is specified", p.ProjectionType)
	case p.ProjectionType == "INCLUDE" && len(p.NonKeyAttributes) == 0:
		return invalidParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	}
	return nil
}

func checkIndexNames(all []IndexDefinition) error {
	seen := map[string]bool{}
	projected := 0
	for _, x := range all {
		if seen[*x.IndexName] {
			return invalidParameter("Duplicate index name: %s", *x.IndexName)
		}
		seen[*x.IndexName] = true
		projected += len(x.Projection.NonKeyAttributes)
	}
	if projected > maxProjected {
		return invalidParameter("Number of NonKeyAttributes in all indexes exceeds the limit of %d", maxProjected)
	}
	return nil
}

// checkUnusedDefinitions refuses types for attributes that no key has.
func checkUnusedDefinitions(definitions []AttributeDefinition, key []KeySchemaElement, indexes []IndexDefinition) error {
	used := map[string]bool{}
	for _, el := range key {
		used[el.AttributeName] = true
	}
	for _, x := range indexes {
		for _, el := range x.KeySchema {
			used[el.AttributeName] = true
		}
	}
	var unused []string
	for _, d := range definitions {
		if !used[d.AttributeName] {
			unused = append(unused, d.AttributeName)
		}
	}
	if unused == nil {
		return nil
	}
	return invalidParameter("Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]",
		strings.Join(definedNames(definitions), ", "), strings.Join(usedNames(definitions, used), ", "))
}

func definedNames(definitions []AttributeDefinition) []string {
	names := make([]string, len(definitions))
	for i, d := range definitions {
		names[i] = d.AttributeName
	}
	return names
}

func usedNames(definitions []AttributeDefinition, used map[string]bool) []string {
	return slices.DeleteFunc(definedNames(definitions), func(name string) bool { return !used[name] })
}

func checkStreamSpecification(s *StreamSpecification) error {
	switch {
	case s == nil:
		return nil
	case *s.StreamEnabled && s.StreamViewType == "":
		return invalidParameter("StreamSpecification.StreamViewType must be specified when StreamSpecification.StreamEnabled is true")
	case !*s.StreamEnabled && s.StreamViewType != "":
		return invalidParameter("StreamSpecification.StreamViewType must not be specified when StreamSpecification.StreamEnabled is false")
	}
	return nil
}
