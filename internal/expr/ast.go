package expr

// An Element is one step of a document path: a name, or an index into a list.
type Element struct {
	Name        string // the attribute's or map key's name; empty for an index
	Placeholder string // the #name it was written as, if it was
	Index       int    // for an index
}

// IsIndex reports whether e is a list index.
func (e Element) IsIndex() bool { return e.Name == "" && e.Placeholder == "" }

// same reports whether two elements of resolved paths are the same step.
func (e Element) same(f Element) bool { return e.Name == f.Name && e.Index == f.Index }

// A Path is a document path, such as address.lines[2]. Its first element is the
// name of a top-level attribute.
type Path []Element

// Root returns the name of the top-level attribute.
func (p Path) Root() string { return p[0].Name }

// Equal reports whether two resolved paths lead to the same place.
func (p Path) Equal(q Path) bool { return len(p) == len(q) && p.overlaps(q) }

// overlaps reports whether one path is the beginning of the other.
func (p Path) overlaps(q Path) bool {
	for i := range min(len(p), len(q)) {
		if !p[i].same(q[i]) {
			return false
		}
	}
	return true
}

// conflicts reports whether two paths part where one takes a map key and the
// other a list index.
func (p Path) conflicts(q Path) bool {
	for i := range min(len(p), len(q)) {
		if p[i].IsIndex() != q[i].IsIndex() {
			return true
		}
		if !p[i].same(q[i]) {
			return false
		}
	}
	return false
}

// An Operand is what a comparison or an assignment works on: a [Path], a
// [*Placeholder], a [*Call] or, in an update, an [*Arithmetic].
type Operand interface {
	operand()
	String() string
}

// A Placeholder is a :value.
type Placeholder struct {
	Name string // with its colon
}

// A Call is a function with its operands: in a condition attribute_exists,
// attribute_not_exists, attribute_type, begins_with and contains, as an operand
// of one size; in an update if_not_exists and list_append.
type Call struct {
	Func string
	Args []Operand

	offset int // in the text
}

// An Arithmetic is a sum or a difference in a SET action.
type Arithmetic struct {
	Op          string // "+" or "-"
	Left, Right Operand
}

func (Path) operand()         {}
func (*Placeholder) operand() {}
func (*Call) operand()        {}
func (*Arithmetic) operand()  {}

// A Condition is true or false of an item: a [*Logical], [*Not], [*Compare],
// [*Between], [*In] or [*Call].
type Condition interface {
	condition()
	String() string
}

// A Logical joins two conditions. Both AND and OR associate to the left, and
// AND binds tighter.
type Logical struct {
	Op          string // "AND" or "OR"
	Left, Right Condition
}

// A Not is the opposite of a condition.
type Not struct {
	X Condition
}

// A Compare compares two operands.
type Compare struct {
	Op          string // = <> < <= > >=
	Left, Right Operand
}

// A Between is X >= Low AND X <= High.
type Between struct {
	X, Low, High Operand
}

// An In is true if X equals one of List.
type In struct {
	X    Operand
	List []Operand
}

func (*Logical) condition() {}
func (*Not) condition()     {}
func (*Compare) condition() {}
func (*Between) condition() {}
func (*In) condition()      {}
func (*Call) condition()    {}

// operators counts what the service limits to 300: operators and functions,
// wherever they are.
func operators(c Condition) int {
	switch c := c.(type) {
	case *Logical:
		return 1 + operators(c.Left) + operators(c.Right)
	case *Not:
		return 1 + operators(c.X)
	case *Compare:
		return 1 + calls(c.Left, c.Right)
	case *Between:
		return 1 + calls(c.X, c.Low, c.High)
	case *In:
		return 1 + calls(c.X) + calls(c.List...)
	case *Call:
		return calls(c)
	}
	return 0
}

func calls(operands ...Operand) int {
	n := 0
	for _, o := range operands {
		if call, ok := o.(*Call); ok {
			n += 1 + calls(call.Args...)
		}
	}
	return n
}

// A Clause is one of the four sections of an update expression.
type Clause string

// The clauses.
const (
	Set    Clause = "SET"
	Remove Clause = "REMOVE"
	Add    Clause = "ADD"
	Delete Clause = "DELETE"
)

// An Action is one step of an update.
type Action struct {
	Clause Clause
	Path   Path
	Value  Operand // nil for Remove, a *Placeholder for Add and Delete
}

// An Update is an update expression: its actions in the order of the text.
type Update struct {
	Actions []Action

	repeated Clause // the first clause that came twice
}
