package engine

import (
	"context"

	"github.com/ddbenc/ddbenc/ddbenctest/internal/eval"
)

// ScanInput has the parameters of Scan.
type ScanInput struct {
	ReadRequest
	Limit         *int `check:"min=1"`
	ScanFilter    map[string]eval.Comparison
	Segment       *int `check:"min=0,max=999999"`
	TotalSegments *int `check:"min=1,max=1000000"`
}

// Scan reads all items of a table or index, or of one segment of it, in the order
// of the hashes of their partition keys.
func (e *Engine) Scan(_ context.Context, in *ScanInput) (*ReadOutput, error) {
	filter, list, err := in.parse()
	if err != nil {
		return nil, err
	}
	t, err := e.lookup(*in.TableName)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	s, err := in.source(t)
	if err != nil {
		return nil, err
	}
	p, err := in.bind(s, filter, list)
	if err != nil {
		return nil, err
	}
	return p.read(in.ReturnConsumedCapacity), nil
}

// parse reads what can be read without the table.
func (in *ScanInput) parse() (*condition, projection, error) {
	err := checkMix(in.Placeholders, []parameter{
		{"ProjectionExpression", in.ProjectionExpression != nil},
		{"FilterExpression", in.FilterExpression != nil},
	}, []parameter{
		{"AttributesToGet", in.AttributesToGet != nil},
		{"ScanFilter", in.ScanFilter != nil},
		{"ConditionalOperator", in.ConditionalOperator != ""},
	})
	if err != nil {
		return nil, nil, err
	}
	if err := in.checkSegment(); err != nil {
		return nil, nil, err
	}
	if err := in.checkSelect(); err != nil {
		return nil, nil, err
	}
	scope, err := in.scope()
	if err != nil {
		return nil, nil, err
	}
	filter, err := in.filter(scope, in.ScanFilter)
	if err != nil {
		return nil, nil, err
	}
	list, err := in.projection(scope)
	if err != nil {
		return nil, nil, err
	}
	return filter, list, scope.Unused()
}

func (in *ScanInput) checkSegment() error {
	switch {
	case in.Segment != nil && in.TotalSegments == nil:
		return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case in.TotalSegments != nil && in.Segment == nil:
		return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case in.Segment != nil && *in.Segment >= *in.TotalSegments:
		return invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d",
			*in.Segment, *in.TotalSegments)
	}
	return nil
}

// bind checks the scan against its source and returns the page that it reads.
func (in *ScanInput) bind(s source, filter *condition, list projection) (*page, error) {
	schema, table := s.key.schemaFor(), s.table.key.schemaFor()
	if err := list.checkScalars(schema, table); err != nil {
		return nil, err
	}
	if err := filter.checkScalars(schema, table); err != nil {
		return nil, err
	}
	p, err := in.page(s, in.Limit, filter, list)
	if err != nil {
		return nil, err
	}
	if in.Segment != nil {
		p.segment(*in.Segment, *in.TotalSegments)
	}
	if in.ExclusiveStartKey == nil {
		return p, nil
	}
	position, err := s.position(in.ExclusiveStartKey)
	if err != nil {
		return nil, err
	}
	if !p.within(position) {
		return nil, invalid("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d",
			*in.TotalSegments, *in.Segment)
	}
	p.after(position)
	return p, nil
}
