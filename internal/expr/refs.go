package expr

import "iter"

// A Role is what an expression does with an attribute.
type Role uint8

// The roles of a path.
const (
	_         Role = iota
	Compared       // its value is compared: = <> < <= > >= BETWEEN IN begins_with contains
	Existence      // attribute_exists, attribute_not_exists
	TypeOf         // attribute_type
	SizeOf         // size
	Read           // its value goes into a SET action: alone, in a sum, if_not_exists or list_append
	Written        // the target of SET
	Removed        // the target of REMOVE
	Added          // the target of ADD
	Deleted        // the target of DELETE
	Projected      // asked for in a projection
)

var roleNames = [...]string{"", "compared", "tested for existence", "tested for its type", "measured", "read",
	"written", "removed", "added to", "deleted from", "projected"}

// String returns the role as words that follow "is", such as "compared".
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return ""
}

// A Ref is one mention of an attribute.
type Ref struct {
	Path Path
	Role Role
}

// ConditionRefs lists the attributes of a condition, filter or key condition in
// the order of the text.
func ConditionRefs(c Condition) iter.Seq[Ref] {
	return func(yield func(Ref) bool) { conditionRefs(c, yield) }
}

// ProjectionRefs lists the attributes of a projection.
func ProjectionRefs(paths []Path) iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		for _, p := range paths {
			if !yield(Ref{p, Projected}) {
				return
			}
		}
	}
}

// Refs lists the attributes of an update in the order of the text: of each
// action the target and then what its value is made of.
func (u *Update) Refs() iter.Seq[Ref] {
	targets := map[Clause]Role{Set: Written, Remove: Removed, Add: Added, Delete: Deleted}
	return func(yield func(Ref) bool) {
		for _, a := range u.Actions {
			if !yield(Ref{a.Path, targets[a.Clause]}) || a.Value != nil && !operandRefs(a.Value, Read, yield) {
				return
			}
		}
	}
}

func conditionRefs(c Condition, yield func(Ref) bool) bool {
	switch c := c.(type) {
	case *Logical:
		return conditionRefs(c.Left, yield) && conditionRefs(c.Right, yield)
	case *Not:
		return conditionRefs(c.X, yield)
	case *Compare:
		return operandRefs(c.Left, Compared, yield) && operandRefs(c.Right, Compared, yield)
	case *Between:
		return operandRefs(c.X, Compared, yield) && operandRefs(c.Low, Compared, yield) && operandRefs(c.High, Compared, yield)
	case *In:
		if !operandRefs(c.X, Compared, yield) {
			return false
		}
		for _, o := range c.List {
			if !operandRefs(o, Compared, yield) {
				return false
			}
		}
	case *Call:
		return operandRefs(c, Compared, yield)
	}
	return true
}

// operandRefs lists the paths of an operand. What is given a function takes the
// function's role.
func operandRefs(o Operand, role Role, yield func(Ref) bool) bool {
	switch o := o.(type) {
	case Path:
		return yield(Ref{o, role})
	case *Arithmetic:
		return operandRefs(o.Left, role, yield) && operandRefs(o.Right, role, yield)
	case *Call:
		switch o.Func {
		case "attribute_exists", "attribute_not_exists":
			role = Existence
		case "attribute_type":
			role = TypeOf
		case "size":
			role = SizeOf
		}
		for _, arg := range o.Args {
			if !operandRefs(arg, role, yield) {
				return false
			}
		}
	}
	return true
}
