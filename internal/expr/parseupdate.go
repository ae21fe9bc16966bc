package expr

// wholeProjection reads paths up to the end of the text.
func (p *parser) wholeProjection() ([]Path, error) {
	var paths []Path
	for {
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
		if !p.accept(",") {
			return paths, p.end()
		}
	}
}

// wholeUpdate reads an update up to the end of the text:
//
//	update = clause { clause }
//	clause = SET    path = value { , path = value }
//	       | REMOVE path { , path }
//	       | ADD    path :value { , path :value }
//	       | DELETE path :value { , path :value }
//	value  = operand [ + operand | - operand ], or the same in parentheses
func (p *parser) wholeUpdate() (*Update, error) {
	u := new(Update)
	seen := make(map[Clause]bool)
	for {
		t := p.peek()
		clause := Clause(t.text)
		switch {
		case t.kind == keyword && (clause == Set || clause == Remove || clause == Add || clause == Delete):
		case len(u.Actions) > 0 && t.kind == eof:
			if err := p.end(); err != nil {
				return nil, err
			}
			if u.repeated != "" {
				return nil, &Error{p.kind, `The "` + string(u.repeated) + `" section can only be used once in an update expression;`}
			}
			return u, nil
		default:
			return nil, p.unexpected()
		}
		p.at++
		if seen[clause] && u.repeated == "" {
			u.repeated = clause
		}
		seen[clause] = true
		if err := p.clause(u, clause); err != nil {
			return nil, err
		}
	}
}

// clause reads the actions after a clause's keyword.
func (p *parser) clause(u *Update, clause Clause) error {
	for {
		path, err := p.path()
		if err != nil {
			return err
		}
		a := Action{Clause: clause, Path: path}
		switch clause {
		case Set:
			if err := p.expect("="); err != nil {
				return err
			}
			if a.Value, _, err = p.assigned(); err != nil {
				return err
			}
		case Add, Delete:
			if p.peek().kind != valueRef {
				return p.unexpected()
			}
			a.Value = &Placeholder{p.take().text}
		}
		u.Actions = append(u.Actions, a)
		if !p.accept(",") {
			return nil
		}
	}
}

// assigned reads the right side of a SET action and reports whether it is an
// operand or a sum in parentheses. A sum has no sums in it, so the parentheses
// that open one can stand only around the whole.
func (p *parser) assigned() (o Operand, parenthesized bool, err error) {
	var left Operand
	if p.accept("(") {
		inner, again, err := p.assigned()
		if err != nil {
			return nil, false, err
		}
		if err := p.close(again); err != nil {
			return nil, false, err
		}
		if _, sum := inner.(*Arithmetic); sum {
			return inner, true, nil
		}
		left, parenthesized = inner, true
	} else if left, err = p.bareOperand(); err != nil {
		return nil, false, err
	}
	op := p.peek()
	if !p.accept("+") && !p.accept("-") {
		return left, parenthesized, nil
	}
	right, err := p.right()
	if err != nil {
		return nil, false, err
	}
	p.operandOnly(left)
	return &Arithmetic{op.text, left, right}, false, nil
}
