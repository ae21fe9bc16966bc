package expr

import "slices"

// update checks an update. The service looks at its actions from the last to
// the first: at what they write to, and then at what they write.
func (c *checker) update(u *Update) error {
	paths := make([]Path, len(u.Actions))
	for i, a := range u.Actions {
		paths[i] = a.Path
	}
	if err := c.targets(paths); err != nil {
		return err
	}
	for _, a := range slices.Backward(u.Actions) {
		if a.Clause == Remove {
			continue
		}
		if err := c.operands([]Operand{a.Value}); err != nil {
			return err
		}
		if err := c.member(a); err != nil {
			return err
		}
	}
	return nil
}

// targets resolves the paths of an update or a projection, from the last to the
// first, and refuses two that overlap: one being part of the other, or one
// taking for a map what the other takes for a list.
func (c *checker) targets(paths []Path) error {
	for i, p := range slices.Backward(paths) {
		if err := c.path(p); err != nil {
			return err
		}
		for _, q := range paths[i+1:] {
			problem := ""
			switch {
			case p.overlaps(q):
				problem = "overlap"
			case p.conflicts(q):
				problem = "conflict"
			default:
				continue
			}
			return c.fail("Two document paths " + problem + " with each other; must remove or rewrite one of these paths; path one: " +
				p.quoted() + ", path two: " + q.quoted())
		}
	}
	return nil
}

// typeWords are the names of types in the messages about ADD and DELETE.
var typeWords = map[string]string{
	"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "NULL": "NULL", "L": "LIST", "M": "MAP",
}

// member checks the value of an ADD or a DELETE: a set, or for ADD a number.
func (c *checker) member(a Action) error {
	v := c.value(a.Value)
	if v == nil || a.Clause == Set {
		return nil
	}
	name, refused := typeWords[v.Type()]
	if !refused || a.Clause == Add && v.Type() == "N" {
		return nil
	}
	return c.fail("Incorrect operand type for operator or function; operator: " + string(a.Clause) +
		", operand type: " + name + ", typeSet: ALLOWED_FOR_" + string(a.Clause) + "_OPERAND")
}

func (c *checker) arithmetic(a *Arithmetic) error {
	if err := c.operands([]Operand{a.Left, a.Right}); err != nil {
		return err
	}
	return c.types(a.Op, "N", a.Left, a.Right)
}
