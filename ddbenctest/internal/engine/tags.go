package engine

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// maxTags is how many tags a table has at most.
const maxTags = 50

// TagResourceInput has the parameters of TagResource.
type TagResourceInput struct {
	ResourceArn *string `check:"required,min=1,max=1283"`
	Tags        []Tag   `check:"required"`
}

// UntagResourceInput has the parameters of UntagResource.
type UntagResourceInput struct {
	ResourceArn *string  `check:"required,min=1,max=1283"`
	TagKeys     []string `check:"required"`
}

// ListTagsOfResourceInput has the parameters of ListTagsOfResource.
type ListTagsOfResourceInput struct {
	ResourceArn *string `check:"required,min=1,max=1283"`
	NextToken   *string
}

// ListTagsOfResourceOutput has the results of ListTagsOfResource.
type ListTagsOfResourceOutput struct {
	Tags []Tag
}

// Nothing is the result of an operation without results.
type Nothing struct{}

// tagged returns the table with the ARN.
func (e *Engine) tagged(arn string) (*table, error) {
	if !strings.HasPrefix(arn, "arn:") {
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", arn)
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, t := range e.tables {
		if t.arn == arn {
			return t, nil
		}
	}
	return nil, fail(ResourceNotFound, "Requested resource not found: ResourcArn: %s not found", arn)
}

// TagResource adds tags to a table.
func (e *Engine) TagResource(_ context.Context, in *TagResourceInput) (*Nothing, error) {
	if len(in.Tags) == 0 {
		return nil, invalid("Atleast one Tag needs to be provided as Input.")
	}
	t, err := e.tagged(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	tags := maps.Clone(t.tags)
	for _, tag := range in.Tags {
		tags[tag.Key] = *tag.Value
	}
	if len(tags) > maxTags {
		return nil, invalidParameter("Too many tags: %d, at most %d", len(tags), maxTags)
	}
	t.tags = tags
	return &Nothing{}, nil
}

// UntagResource takes tags from a table.
func (e *Engine) UntagResource(_ context.Context, in *UntagResourceInput) (*Nothing, error) {
	if len(in.TagKeys) == 0 {
		return nil, invalid("Atleast one Tag Key needs to be provided as Input.")
	}
	t, err := e.tagged(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tags = maps.Clone(t.tags)
	for _, key := range in.TagKeys {
		delete(t.tags, key)
	}
	return &Nothing{}, nil
}

// ListTagsOfResource lists the tags of a table in the order of their keys, all at
// once.
func (e *Engine) ListTagsOfResource(_ context.Context, in *ListTagsOfResourceInput) (*ListTagsOfResourceOutput, error) {
	if in.NextToken != nil {
		return nil, invalid("Invalid NextToken")
	}
	t, err := e.tagged(*in.ResourceArn)
	if err != nil {
		return nil, err
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := &ListTagsOfResourceOutput{Tags: []Tag{}}
	for _, key := range slices.Sorted(maps.Keys(t.tags)) {
		value := t.tags[key]
		out.Tags = append(out.Tags, Tag{key, &value})
	}
	return out, nil
}

// DescribeLimitsInput has the parameters of DescribeLimits: none.
type DescribeLimitsInput struct{}

// DescribeLimitsOutput has the results of DescribeLimits.
type DescribeLimitsOutput struct {
	AccountMaxReadCapacityUnits  int64
	AccountMaxWriteCapacityUnits int64
	TableMaxReadCapacityUnits    int64
	TableMaxWriteCapacityUnits   int64
}

// DescribeLimits returns the service's default quotas, which the engine does not
// enforce.
func (e *Engine) DescribeLimits(context.Context, *DescribeLimitsInput) (*DescribeLimitsOutput, error) {
	return &DescribeLimitsOutput{80000, 80000, 40000, 40000}, nil
}
