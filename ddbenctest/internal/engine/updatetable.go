package engine

import (
	"context"
	"slices"
	"time"
)

// UpdateTableInput has the parameters of UpdateTable.
type UpdateTableInput struct {
	TableName                   *string `check:"required,table"`
	AttributeDefinitions        []AttributeDefinition
	BillingMode                 string `check:"enum=PROVISIONED|PAY_PER_REQUEST"`
	ProvisionedThroughput       *ProvisionedThroughput
	OnDemandThroughput          *OnDemandThroughput
	GlobalSecondaryIndexUpdates []IndexUpdate
	StreamSpecification         *StreamSpecification
	SSESpecification            *SSESpecification
	TableClass                  string `check:"enum=STANDARD|STANDARD_INFREQUENT_ACCESS"`
	DeletionProtectionEnabled   *bool
}

// An IndexUpdate is one change of the global indexes: one of the three.
type IndexUpdate struct {
	Create *IndexDefinition
	Update *IndexThroughput
	Delete *IndexName
}

// An IndexThroughput changes the throughput of an index.
type IndexThroughput struct {
	IndexName             *string `check:"required,min=3,max=255,pattern=name"`
	ProvisionedThroughput *ProvisionedThroughput
	OnDemandThroughput    *OnDemandThroughput
}

// An IndexName names an index to delete.
type IndexName struct {
	IndexName *string `check:"required,min=3,max=255,pattern=name"`
}

// UpdateTableOutput has the results of UpdateTable.
type UpdateTableOutput struct {
	TableDescription *TableDescription
}

// UpdateTable changes a table's settings and indexes. The changes are done when it
// returns: a new index holds the items that were there before.
func (e *Engine) UpdateTable(_ context.Context, in *UpdateTableInput) (*UpdateTableOutput, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	t, err := e.named(*in.TableName)
	if err != nil {
		return nil, err
	}
	e.mu.Lock() // for the stream
	defer e.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dropped {
		return nil, fail(ResourceNotFound, "Requested resource not found: Table: %s not found", t.name)
	}
	if err := t.update(e, in, e.Now()); err != nil {
		return nil, err
	}
	return &UpdateTableOutput{t.describe("ACTIVE")}, nil
}

// check refuses what can be told without the table.
func (in *UpdateTableInput) check() error {
	if in.ProvisionedThroughput == nil && in.BillingMode == "" && len(in.GlobalSecondaryIndexUpdates) == 0 && in.StreamSpecification == nil &&
		in.SSESpecification == nil && in.TableClass == "" && in.DeletionProtectionEnabled == nil && in.OnDemandThroughput == nil {
		return invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	if in.BillingMode == "PAY_PER_REQUEST" && in.ProvisionedThroughput != nil {
		return invalidParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	}
	if err := checkDefinitions(in.AttributeDefinitions); err != nil {
		return err
	}
	online := 0
	for _, u := range in.GlobalSecondaryIndexUpdates {
		n := 0
		for _, set := range []bool{u.Create != nil, u.Update != nil, u.Delete != nil} {
			if set {
				n++
			}
		}
		if n != 1 {
			return invalidParameter("One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
		}
		if u.Update == nil {
			online++
		}
	}
	if online > 1 {
		return fail(LimitExceeded, "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	}
	return checkStreamSpecification(in.StreamSpecification)
}

// update makes the changes. It checks all of them before the first.
func (t *table) update(e *Engine, in *UpdateTableInput, now time.Time) error {
	byRequest := t.billing.byRequest
	switch in.BillingMode {
	case "PAY_PER_REQUEST":
		byRequest = true
	case "PROVISIONED":
		byRequest = false
		if t.billing.byRequest && in.ProvisionedThroughput == nil {
			return invalidParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
		}
	}
	if byRequest && in.ProvisionedThroughput != nil {
		return invalidParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
	}
	if p := in.ProvisionedThroughput; p != nil && !t.billing.byRequest && t.billing.throughput.equal(p) {
		return invalid("The provisioned throughput for the table will not change. The requested value equals the current value. "+
			"Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. "+
			"Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. "+
			"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
			*p.ReadCapacityUnits, *p.ReadCapacityUnits, *p.WriteCapacityUnits, *p.WriteCapacityUnits)
	}
	definitions, err := t.merged(in.AttributeDefinitions)
	if err != nil {
		return err
	}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		if err := t.checkIndexUpdate(u, definitions, byRequest); err != nil {
			return err
		}
	}
	if s := in.StreamSpecification; s != nil {
		switch {
		case *s.StreamEnabled && t.stream != nil:
			return invalid("Table already has an enabled stream: TableName: %s", t.name)
		case !*s.StreamEnabled && t.stream == nil:
			return invalid("Table has no stream to disable: TableName: %s", t.name)
		case *s.StreamEnabled:
			e.startStream(t, s, now)
		default:
			t.stopStream(now)
		}
	}
	if in.BillingMode != "" && byRequest != t.billing.byRequest {
		t.billing = newBilling(in.BillingMode, in.ProvisionedThroughput, t.billing.onDemand, now)
	}
	if in.ProvisionedThroughput != nil {
		t.billing.throughput = in.ProvisionedThroughput
	}
	if in.OnDemandThroughput != nil {
		t.billing.onDemand = in.OnDemandThroughput
	}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		t.updateIndex(u, definitions)
	}
	if in.SSESpecification != nil {
		t.sse = describeSSE(in.SSESpecification, e)
	}
	if in.TableClass != "" {
		t.class = in.TableClass
	}
	if in.DeletionProtectionEnabled != nil {
		t.protected = *in.DeletionProtectionEnabled
	}
	return nil
}

// merged returns the table's definitions with those of a request, which may say
// again what is known, but not otherwise.
func (t *table) merged(more []AttributeDefinition) ([]AttributeDefinition, error) {
	all := slices.Clone(t.definitions)
	for _, d := range more {
		i := slices.IndexFunc(all, func(a AttributeDefinition) bool { return a.AttributeName == d.AttributeName })
		switch {
		case i < 0:
			all = append(all, d)
		case all[i].AttributeType != d.AttributeType:
			return nil, invalidParameter("Attribute %s is of type %s already, not %s", d.AttributeName, all[i].AttributeType, d.AttributeType)
		}
	}
	return all, nil
}

func (t *table) checkIndexUpdate(u IndexUpdate, definitions []AttributeDefinition, byRequest bool) error {
	switch {
	case u.Create != nil:
		if t.index(*u.Create.IndexName) != nil {
			return invalid("Attempting to create an index which already exists")
		}
		globals := 0
		for _, x := range t.indexes {
			if x.global {
				globals++
			}
		}
		if globals == maxGlobalIndexes {
			return fail(LimitExceeded, "Subscriber limit exceeded: GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
		}
		return checkGlobalIndex(*u.Create, definitions, byRequest)
	case u.Delete != nil:
		return t.checkGlobal(*u.Delete.IndexName)
	}
	if err := t.checkGlobal(*u.Update.IndexName); err != nil {
		return err
	}
	if byRequest && u.Update.ProvisionedThroughput != nil {
		return invalidParameter("ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", *u.Update.IndexName)
	}
	return nil
}

// checkGlobal refuses a name that is none of a global index.
func (t *table) checkGlobal(name string) error {
	if x := t.index(name); x == nil || !x.global {
		return fail(ResourceNotFound, "Requested resource not found")
	}
	return nil
}

func (t *table) updateIndex(u IndexUpdate, definitions []AttributeDefinition) {
	switch {
	case u.Create != nil:
		x := newIndex(*u.Create, true, definitions, t.key)
		t.items.Ascend("", func(key string, r *record) bool {
			x.apply(change{key: key, new: r})
			return true
		})
		t.indexes = append(slices.Clip(t.indexes), x)
	case u.Delete != nil:
		name := *u.Delete.IndexName
		t.indexes = slices.DeleteFunc(slices.Clone(t.indexes), func(x *index) bool { return x.name == name })
	default:
		x := t.index(*u.Update.IndexName)
		if u.Update.ProvisionedThroughput != nil {
			x.throughput = u.Update.ProvisionedThroughput
		}
		if u.Update.OnDemandThroughput != nil {
			x.onDemand = u.Update.OnDemandThroughput
		}
	}
	t.definitions = slices.DeleteFunc(slices.Clone(definitions), func(d AttributeDefinition) bool {
		return !t.key.has(d.AttributeName) && !slices.ContainsFunc(t.indexes, func(x *index) bool { return x.key.has(d.AttributeName) })
	})
}

func (p *ProvisionedThroughput) equal(q *ProvisionedThroughput) bool {
	return *p.ReadCapacityUnits == *q.ReadCapacityUnits && *p.WriteCapacityUnits == *q.WriteCapacityUnits
}
