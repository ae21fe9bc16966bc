package kms

import (
	"slices"
	"strings"
)

// maxTags is how many tags a key may have.
const maxTags = 50

// A tag is a key's label; a key's tags are kept in the order of their keys.
type tag struct {
	TagKey   string
	TagValue string
}

var tagOperations = map[string]doer{
	"TagResource":      op((*Engine).tagResource),
	"UntagResource":    op((*Engine).untagResource),
	"ListResourceTags": op((*Engine).listResourceTags),
}

func checkTags(c *checker, tags []tag) {
	for _, t := range tags {
		c.text("tags.tagKey", t.TagKey, 1, 128)
		c.length("tags.tagValue", len(t.TagValue), 0, 256)
	}
}

// mergeTags is tags with more added or replaced, as a new slice.
func mergeTags(tags, more []tag) ([]tag, error) {
	out := slices.Clone(tags)
	for i, t := range more {
		if strings.HasPrefix(strings.ToLower(t.TagKey), "aws:") {
			return nil, fail(codeTag, "Tag keys that begin with aws: are reserved.")
		}
		if slices.ContainsFunc(more[:i], func(o tag) bool { return o.TagKey == t.TagKey }) {
			return nil, fail(codeTag, "Duplicate tag keys")
		}
		if j := slices.IndexFunc(out, func(o tag) bool { return o.TagKey == t.TagKey }); j >= 0 {
			out[j] = t
		} else {
			out = append(out, t)
		}
	}
	if len(out) > maxTags {
		return nil, fail(codeTag, "Too many tags: %d, at most %d are possible", len(out), maxTags)
	}
	slices.SortFunc(out, func(a, b tag) int { return strings.Compare(a.TagKey, b.TagKey) })
	return out, nil
}

type tagResourceInput struct {
	named
	Tags []tag
}

func (in *tagResourceInput) check(c *checker) {
	in.named.check(c)
	if in.Tags == nil {
		c.problem("tags", "Member must not be null")
	}
	checkTags(c, in.Tags)
}

func (e *Engine) tagResource(c *call, in *tagResourceInput) (any, error) {
	defer e.lock()()
	k, err := e.changeable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	tags, err := mergeTags(k.tags, in.Tags)
	if err != nil {
		return nil, err
	}
	k.tags = tags
	return nil, nil
}

// changeable finds a key that is not to be deleted. The caller holds mu.
func (e *Engine) changeable(c *call, id string) (*key, error) {
	k, err := e.findKey(c.region, id)
	if err != nil {
		return nil, err
	}
	return k, k.notPending()
}

type untagResourceInput struct {
	named
	TagKeys []string
}

func (in *untagResourceInput) check(c *checker) {
	in.named.check(c)
	if in.TagKeys == nil {
		c.problem("tagKeys", "Member must not be null")
	}
	for _, k := range in.TagKeys {
		c.text("tagKeys", k, 1, 128)
	}
}

func (e *Engine) untagResource(c *call, in *untagResourceInput) (any, error) {
	defer e.lock()()
	k, err := e.changeable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	k.tags = slices.DeleteFunc(slices.Clone(k.tags), func(t tag) bool { return slices.Contains(in.TagKeys, t.TagKey) })
	return nil, nil
}

type listResourceTagsInput struct {
	named
	paging
}

func (in *listResourceTagsInput) check(c *checker) {
	in.named.check(c)
	in.paging.check(c, 50)
}

type listResourceTagsOutput struct {
	Tags []tag
	pageInfo
}

func (e *Engine) listResourceTags(c *call, in *listResourceTagsInput) (any, error) {
	defer e.lock()()
	k, err := e.findKey(c.region, in.KeyId)
	if err != nil {
		return nil, err
	}
	tags, info, err := page(k.tags, in.paging, 50, func(t tag) string { return t.TagKey })
	if err != nil {
		return nil, err
	}
	return &listResourceTagsOutput{slices.Concat([]tag{}, tags), info}, nil
}
