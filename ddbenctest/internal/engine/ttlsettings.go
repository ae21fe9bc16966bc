package engine

import "context"

// A TimeToLiveSpecification turns the time to live of a table's items on or off.
type TimeToLiveSpecification struct {
	AttributeName *string `check:"required,min=1,max=255"`
	Enabled       *bool   `check:"required"`
}

// UpdateTimeToLiveInput has the parameters of UpdateTimeToLive.
type UpdateTimeToLiveInput struct {
	TableName               *string                  `check:"required,table"`
	TimeToLiveSpecification *TimeToLiveSpecification `check:"required"`
}

// UpdateTimeToLiveOutput has the results of UpdateTimeToLive.
type UpdateTimeToLiveOutput struct {
	TimeToLiveSpecification *TimeToLiveSpecification
}

// UpdateTimeToLive sets the attribute that holds when items expire.
func (e *Engine) UpdateTimeToLive(_ context.Context, in *UpdateTimeToLiveInput) (*UpdateTimeToLiveOutput, error) {
	t, err := e.named(*in.TableName)
	if err != nil {
		return nil, err
	}
	name, enable := *in.TimeToLiveSpecification.AttributeName, *in.TimeToLiveSpecification.Enabled
	t.mu.Lock()
	defer t.mu.Unlock()
	switch current := t.ttl.attribute; {
	case current == "" && !enable:
		return nil, invalid("TimeToLive is already disabled")
	case current != "" && current != name:
		return nil, invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", current)
	case current != "" && enable:
		return nil, invalid("TimeToLive is already enabled")
	case enable:
		t.ttl.attribute = name
	default:
		t.ttl.attribute = ""
	}
	return &UpdateTimeToLiveOutput{in.TimeToLiveSpecification}, nil
}

// DescribeTimeToLiveInput has the parameters of DescribeTimeToLive.
type DescribeTimeToLiveInput struct {
	TableName *string `check:"required,table"`
}

// DescribeTimeToLiveOutput has the results of DescribeTimeToLive.
type DescribeTimeToLiveOutput struct {
	TimeToLiveDescription TimeToLiveDescription
}

// A TimeToLiveDescription is a table's setting.
type TimeToLiveDescription struct {
	TimeToLiveStatus string
	AttributeName    string
}

// DescribeTimeToLive returns the setting that UpdateTimeToLive made.
func (e *Engine) DescribeTimeToLive(_ context.Context, in *DescribeTimeToLiveInput) (*DescribeTimeToLiveOutput, error) {
	t, err := e.named(*in.TableName)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.ttl.attribute == "" {
		return &DescribeTimeToLiveOutput{TimeToLiveDescription{TimeToLiveStatus: "DISABLED"}}, nil
	}
	return &DescribeTimeToLiveOutput{TimeToLiveDescription{"ENABLED", t.ttl.attribute}}, nil
}
