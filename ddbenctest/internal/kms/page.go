package kms

import (
	"encoding/base64"
	"slices"
)

// paging is the part of a list operation's input that asks for a page.
type paging struct {
	Limit  *int
	Marker *string
}

// check checks the page's shape; limit is the most that a page may hold.
func (p *paging) check(c *checker, limit int) {
	c.number("limit", p.Limit, 1, limit)
	if p.Marker != nil {
		c.length("marker", len(*p.Marker), 1, 1024)
	}
}

// pageInfo is the part of a list operation's output that tells of the next page.
type pageInfo struct {
	NextMarker string `json:",omitempty"`
	Truncated  bool
}

// page cuts the page that was asked for out of all, which is sorted by name. A
// marker is the name of the page's last member in base64, so that a page begins
// behind it whatever has come or gone meanwhile.
func page[T any](all []T, p paging, defaultLimit int, name func(T) string) ([]T, pageInfo, error) {
	if p.Marker != nil {
		b, err := base64.RawURLEncoding.DecodeString(*p.Marker)
		if err != nil || len(b) == 0 {
			return nil, pageInfo{}, fail(codeInvalidMarker, "Invalid marker")
		}
		last := string(b)
		i := slices.IndexFunc(all, func(t T) bool { return name(t) > last })
		if i < 0 {
			i = len(all)
		}
		all = all[i:]
	}
	limit := defaultLimit
	if p.Limit != nil {
		limit = *p.Limit
	}
	if len(all) <= limit {
		return all, pageInfo{}, nil
	}
	all = all[:limit]
	next := base64.RawURLEncoding.EncodeToString([]byte(name(all[limit-1])))
	return all, pageInfo{NextMarker: next, Truncated: true}, nil
}
