package eval

import (
	"github.com/ddbenc/ddbenc/ddbenctest/internal/attr"
	"github.com/ddbenc/ddbenc/internal/expr"
)

// Project returns the part of item that paths lead to. Maps keep the names and
// lists the order of what is left; a path that leads nowhere adds nothing. The
// result shares its values with item and is never nil.
func Project(paths []expr.Path, item attr.Item) attr.Item {
	root := new(branch[struct{}])
	for _, path := range paths {
		root.add(path, struct{}{})
	}
	v, _ := project(root, attr.Value{Kind: attr.M, Map: item})
	if v.Map == nil {
		return attr.Item{}
	}
	return v.Map
}

// project returns what b leaves of v, and whether anything is left.
func project(b *branch[struct{}], v attr.Value) (attr.Value, bool) {
	if b.leaf {
		return v, true
	}
	out := attr.Value{Kind: v.Kind}
	for name, child := range b.names {
		if e, ok := v.Map[name]; ok {
			if kept, ok := project(child, e); ok {
				if out.Map == nil {
					out.Map = make(map[string]attr.Value)
				}
				out.Map[name] = kept
			}
		}
	}
	for _, i := range b.order() {
		if i < len(v.List) {
			if kept, ok := project(b.indexes[i], v.List[i]); ok {
				out.List = append(out.List, kept)
			}
		}
	}
	return out, out.Map != nil || out.List != nil
}
