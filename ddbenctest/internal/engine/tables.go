package engine

import (
	"context"
	"maps"
	"slices"
	"time"
)

// maxTables is how many names ListTables returns at once when not told.
const maxTables = 100

// CreateTableInput has the parameters of CreateTable.
type CreateTableInput struct {
	TableName                 *string               `check:"pattern=name,min=3,max=255"`
	AttributeDefinitions      []AttributeDefinition `check:"required"`
	KeySchema                 []KeySchemaElement    `check:"required,min=1,max=2"`
	LocalSecondaryIndexes     []IndexDefinition
	GlobalSecondaryIndexes    []IndexDefinition
	BillingMode               string `check:"enum=PROVISIONED|PAY_PER_REQUEST"`
	ProvisionedThroughput     *ProvisionedThroughput
	OnDemandThroughput        *OnDemandThroughput
	StreamSpecification       *StreamSpecification
	SSESpecification          *SSESpecification
	Tags                      []Tag
	TableClass                string `check:"enum=STANDARD|STANDARD_INFREQUENT_ACCESS"`
	DeletionProtectionEnabled *bool
}

// CreateTableOutput has the results of CreateTable.
type CreateTableOutput struct {
	TableDescription *TableDescription
}

// CreateTable makes a table, which is ready at once.
func (e *Engine) CreateTable(_ context.Context, in *CreateTableInput) (*CreateTableOutput, error) {
	if in.TableName == nil {
		return nil, invalid("The parameter 'TableName' is required but was not present in the request")
	}
	if err := checkDefinition(in); err != nil {
		return nil, err
	}
	now := e.Now()
	name := *in.TableName
	t := &table{
		name:        name,
		arn:         e.arn("table/" + name),
		id:          newUUID(),
		created:     now,
		key:         newKeySchema(in.KeySchema, in.AttributeDefinitions),
		tags:        map[string]string{},
		definitions: in.AttributeDefinitions,
		billing:     newBilling(in.BillingMode, in.ProvisionedThroughput, in.OnDemandThroughput, now),
		protected:   in.DeletionProtectionEnabled != nil && *in.DeletionProtectionEnabled,
		class:       in.TableClass,
		sse:         describeSSE(in.SSESpecification, e),
	}
	for _, def := range in.LocalSecondaryIndexes {
		t.indexes = append(t.indexes, newIndex(def, false, t.definitions, t.key))
	}
	for _, def := range in.GlobalSecondaryIndexes {
		t.indexes = append(t.indexes, newIndex(def, true, t.definitions, t.key))
	}
	for _, tag := range in.Tags {
		t.tags[tag.Key] = *tag.Value
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.tables[name]; ok {
		return nil, fail(ResourceInUse, "Table already exists: %s", name)
	}
	if s := in.StreamSpecification; s != nil && *s.StreamEnabled {
		e.startStream(t, s, now)
	}
	e.tables[name] = t
	return &CreateTableOutput{t.describe("ACTIVE")}, nil
}

// DescribeTableInput has the parameters of DescribeTable.
type DescribeTableInput struct {
	TableName *string `check:"required,table"`
}

// DescribeTableOutput has the results of DescribeTable.
type DescribeTableOutput struct {
	Table *TableDescription
}

// DescribeTable describes a table.
func (e *Engine) DescribeTable(_ context.Context, in *DescribeTableInput) (*DescribeTableOutput, error) {
	t, err := e.named(*in.TableName)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return &DescribeTableOutput{t.describe("ACTIVE")}, nil
}

// DeleteTableInput has the parameters of DeleteTable.
type DeleteTableInput struct {
	TableName *string `check:"required,table"`
}

// DeleteTableOutput has the results of DeleteTable.
type DeleteTableOutput struct {
	TableDescription *TableDescription
}

// DeleteTable deletes a table with its items. Its stream can be read on.
func (e *Engine) DeleteTable(_ context.Context, in *DeleteTableInput) (*DeleteTableOutput, error) {
	t, err := e.named(*in.TableName)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dropped {
		return nil, fail(ResourceNotFound, "Requested resource not found: Table: %s not found", t.name)
	}
	if t.protected {
		return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	}
	delete(e.tables, t.name)
	t.dropped = true
	t.stopStream(e.Now())
	return &DeleteTableOutput{t.describe("DELETING")}, nil
}

// ListTablesInput has the parameters of ListTables.
type ListTablesInput struct {
	ExclusiveStartTableName *string `check:"pattern=name,min=3,max=255"`
	Limit                   *int    `check:"min=1,max=100"`
}

// ListTablesOutput has the results of ListTables.
type ListTablesOutput struct {
	TableNames             []string
	LastEvaluatedTableName string
}

// ListTables lists the names of tables in their order.
func (e *Engine) ListTables(_ context.Context, in *ListTablesInput) (*ListTablesOutput, error) {
	e.mu.RLock()
	names := slices.Sorted(maps.Keys(e.tables))
	e.mu.RUnlock()
	if start := in.ExclusiveStartTableName; start != nil {
		i, found := slices.BinarySearch(names, *start)
		if found {
			i++
		}
		names = names[i:]
	}
	limit := maxTables
	if in.Limit != nil {
		limit = *in.Limit
	}
	out := &ListTablesOutput{TableNames: append([]string{}, names...)}
	if len(names) > limit {
		out.TableNames = out.TableNames[:limit]
		out.LastEvaluatedTableName = names[limit-1]
	}
	return out, nil
}

// describe returns the description of the table, whose lock the caller holds.
func (t *table) describe(status string) *TableDescription {
	d := &TableDescription{
		AttributeDefinitions:      t.definitions,
		TableName:                 t.name,
		KeySchema:                 t.key.elements(),
		TableStatus:               status,
		CreationDateTime:          t.created,
		ProvisionedThroughput:     t.billing.describe(t.billing.throughput),
		TableSizeBytes:            t.bytes,
		ItemCount:                 int64(t.items.Len()),
		TableArn:                  t.arn,
		TableId:                   t.id,
		BillingModeSummary:        t.billing.summary(),
		OnDemandThroughput:        t.billing.onDemand,
		StreamSpecification:       t.streamSetting,
		SSEDescription:            t.sse,
		DeletionProtectionEnabled: t.protected,
	}
	if t.class != "" {
		d.TableClassSummary = &TableClassSummary{TableClass: t.class}
	}
	if t.latestStream != nil {
		d.LatestStreamArn, d.LatestStreamLabel = t.latestStream.arn, t.latestStream.label
	}
	for _, x := range t.indexes {
		xd := IndexDescription{
			IndexName:      x.name,
			KeySchema:      x.schema,
			Projection:     x.projection,
			IndexSizeBytes: x.bytes,
			ItemCount:      int64(x.entries.Len()),
			IndexArn:       t.arn + "/index/" + x.name,
		}
		if !x.global {
			d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, xd)
			continue
		}
		xd.IndexStatus = status
		xd.OnDemandThroughput = x.onDemand
		xd.ProvisionedThroughput = t.billing.describe(x.throughput)
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, xd)
	}
	return d
}

// elements returns the key as requests define it.
func (k keySchema) elements() []KeySchemaElement {
	list := []KeySchemaElement{{k.partition.Name, "HASH"}}
	if k.sort != nil {
		list = append(list, KeySchemaElement{k.sort.Name, "RANGE"})
	}
	return list
}

// billing is how a table and its global indexes are paid for.
type billing struct {
	byRequest  bool
	since      *time.Time // when it became by request
	throughput *ProvisionedThroughput
	onDemand   *OnDemandThroughput
}

func newBilling(mode string, throughput *ProvisionedThroughput, onDemand *OnDemandThroughput, now time.Time) billing {
	b := billing{byRequest: mode == "PAY_PER_REQUEST", throughput: throughput, onDemand: onDemand}
	if b.byRequest {
		b.since = &now
	}
	return b
}

func (b billing) summary() *BillingModeSummary {
	if !b.byRequest {
		return nil
	}
	return &BillingModeSummary{BillingMode: "PAY_PER_REQUEST", LastUpdateToPayPerRequestDateTime: b.since}
}

// describe returns the description of a throughput, which is zero for what is
// paid by request.
func (b billing) describe(p *ProvisionedThroughput) *ThroughputDescription {
	d := &ThroughputDescription{}
	if p != nil && !b.byRequest {
		d.ReadCapacityUnits, d.WriteCapacityUnits = *p.ReadCapacityUnits, *p.WriteCapacityUnits
	}
	return d
}

func describeSSE(s *SSESpecification, e *Engine) *SSEDescription {
	if s == nil || s.Enabled == nil || !*s.Enabled {
		return nil
	}
	key := s.KMSMasterKeyId
	if key == "" {
		key = "alias/aws/dynamodb"
	}
	return &SSEDescription{Status: "ENABLED", SSEType: "KMS", KMSMasterKeyArn: "arn:aws:kms:" + e.region + ":" + e.account + ":" + key}
}
