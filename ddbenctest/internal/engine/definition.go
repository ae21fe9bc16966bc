package engine

import "time"

// The structures that define tables and indexes, in requests and in descriptions
// of what was made of them.

// An AttributeDefinition gives a key attribute its type.
type AttributeDefinition struct {
	AttributeName string `check:"required,min=1,max=255"`
	AttributeType string `check:"required,enum=B|N|S"`
}

// A KeySchemaElement names an attribute of a key.
type KeySchemaElement struct {
	AttributeName string `check:"required,min=1,max=255"`
	KeyType       string `check:"required,enum=HASH|RANGE"`
}

// A Projection says which attributes an index holds.
type Projection struct {
	ProjectionType   string   `check:"enum=ALL|INCLUDE|KEYS_ONLY"`
	NonKeyAttributes []string `check:"min=1"`
}

// A ProvisionedThroughput is what was reserved for a table or an index. The
// engine keeps it and describes it; it does not throttle by it.
type ProvisionedThroughput struct {
	ReadCapacityUnits  *int64 `check:"required,min=1"`
	WriteCapacityUnits *int64 `check:"required,min=1"`
}

// An OnDemandThroughput bounds a table or an index that is paid by request.
type OnDemandThroughput struct {
	MaxReadRequestUnits  *int64
	MaxWriteRequestUnits *int64
}

// An IndexDefinition is a LocalSecondaryIndex, or a GlobalSecondaryIndex, which
// alone has throughput.
type IndexDefinition struct {
	IndexName             *string            `check:"required,min=3,max=255,pattern=name"`
	KeySchema             []KeySchemaElement `check:"required,min=1,max=2"`
	Projection            *Projection        `check:"required"`
	ProvisionedThroughput *ProvisionedThroughput
	OnDemandThroughput    *OnDemandThroughput
}

// A StreamSpecification turns a table's stream on or off.
type StreamSpecification struct {
	StreamEnabled  *bool  `check:"required"`
	StreamViewType string `check:"enum=NEW_IMAGE|OLD_IMAGE|NEW_AND_OLD_IMAGES|KEYS_ONLY"`
}

// An SSESpecification asks for encryption at rest, which the engine describes
// but, keeping nothing at rest, does not do.
type SSESpecification struct {
	Enabled        *bool
	SSEType        string `check:"enum=AES256|KMS"`
	KMSMasterKeyId string
}

// A Tag is a label on a table.
type Tag struct {
	Key   string  `check:"required,min=1,max=128"`
	Value *string `check:"required,max=256"`
}

// A TableDescription is a table as DescribeTable shows it.
type TableDescription struct {
	AttributeDefinitions      []AttributeDefinition
	TableName                 string
	KeySchema                 []KeySchemaElement
	TableStatus               string
	CreationDateTime          time.Time
	ProvisionedThroughput     *ThroughputDescription
	TableSizeBytes            int64
	ItemCount                 int64
	TableArn                  string
	TableId                   string
	BillingModeSummary        *BillingModeSummary
	LocalSecondaryIndexes     []IndexDescription
	GlobalSecondaryIndexes    []IndexDescription
	StreamSpecification       *StreamSpecification
	LatestStreamLabel         string
	LatestStreamArn           string
	SSEDescription            *SSEDescription
	TableClassSummary         *TableClassSummary
	OnDemandThroughput        *OnDemandThroughput
	DeletionProtectionEnabled bool
}

// An IndexDescription is an index as DescribeTable shows it.
type IndexDescription struct {
	IndexName             string
	KeySchema             []KeySchemaElement
	Projection            Projection
	IndexStatus           string // of a global index
	ProvisionedThroughput *ThroughputDescription
	OnDemandThroughput    *OnDemandThroughput
	IndexSizeBytes        int64
	ItemCount             int64
	IndexArn              string
}

// A ThroughputDescription is a ProvisionedThroughput as described.
type ThroughputDescription struct {
	LastIncreaseDateTime   *time.Time
	LastDecreaseDateTime   *time.Time
	NumberOfDecreasesToday int64
	ReadCapacityUnits      int64
	WriteCapacityUnits     int64
}

// A BillingModeSummary says how a table is paid for.
type BillingModeSummary struct {
	BillingMode                       string
	LastUpdateToPayPerRequestDateTime *time.Time
}

// An SSEDescription says how a table is encrypted at rest.
type SSEDescription struct {
	Status          string
	SSEType         string
	KMSMasterKeyArn string
}

// A TableClassSummary names a table's class.
type TableClassSummary struct {
	TableClass         string
	LastUpdateDateTime *time.Time
}

// newKeySchema returns the key that elements, which were checked, describe.
func newKeySchema(elements []KeySchemaElement, definitions []AttributeDefinition) keySchema {
	var k keySchema
	for _, el := range elements {
		a := KeyAttribute{el.AttributeName, kindOf(definitions, el.AttributeName)}
		if el.KeyType == "HASH" {
			k.partition = a
		} else {
			k.sort = &a
		}
	}
	return k
}
