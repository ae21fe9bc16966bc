package attr

// CheckDepth returns the error for an item that nests deeper than [MaxDepth],
// which an update can bring about from values that do not.
func CheckDepth(item Item) error {
	for _, v := range item {
		if v.deeper(MaxDepth) {
			return Invalid(msgDepth)
		}
	}
	return nil
}

// deeper reports whether v needs more than left levels.
func (v Value) deeper(left int) bool {
	if left == 0 {
		return true
	}
	for _, e := range v.List {
		if e.deeper(left - 1) {
			return true
		}
	}
	for _, e := range v.Map {
		if e.deeper(left - 1) {
			return true
		}
	}
	return false
}
