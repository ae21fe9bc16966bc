package expr

import (
	"math"
	"strconv"
)

// A parser reads one expression by recursive descent. A syntax error or redundant
// parentheses end it. Other trouble is remembered, since the service speaks of it
// only when the whole text parses, and of the leftmost first.
type parser struct {
	kind   Kind
	text   string
	tokens []token
	at     int

	problem string // the leftmost problem, and where it is
	offset  int

	calls    int  // how many functions' operands are being read
	groups   int  // how many parentheses are open where conditions may stand
	deferred bool // redundant parentheses among the operands of a function
}

func (p *parser) peek() token { return p.tokens[p.at] }

// take consumes and returns the next token. The end is never consumed.
func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != eof {
		p.at++
	}
	return t
}

// is reports whether the next token is the symbol or keyword text.
func (p *parser) is(text string) bool {
	t := p.peek()
	return t.text == text && (t.kind == symbol || t.kind == keyword)
}

// accept consumes the symbol or keyword text if it is next.
func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return p.unexpected()
	}
	return nil
}

// unexpected returns the syntax error for the next token. The service quotes it
// with its neighbours on both sides and the space between them.
func (p *parser) unexpected() error {
	t := p.tokens[p.at]
	start, end := 0, len(p.text)
	if p.at > 0 {
		start = p.tokens[p.at-1].start
	}
	if t.kind != eof && p.tokens[p.at+1].kind != eof {
		end = p.tokens[p.at+1].end
	}
	text := t.text
	if t.kind != eof {
		text = p.text[t.start:t.end] // a keyword as it was written
	}
	return &Error{p.kind, `Syntax error; token: "` + text + `", near: "` + p.text[start:end] + `"`}
}

// report remembers a problem that begins at offset.
func (p *parser) report(offset int, problem string) {
	if p.problem == "" || offset < p.offset {
		p.problem, p.offset = problem, offset
	}
}

// end checks that the text ends here and returns what was remembered.
func (p *parser) end() error {
	if p.peek().kind != eof {
		return p.unexpected()
	}
	if p.problem != "" {
		return &Error{p.kind, p.problem}
	}
	return nil
}

// path reads a document path.
func (p *parser) path() (Path, error) {
	first, err := p.name()
	if err != nil {
		return nil, err
	}
	path := Path{first}
	for {
		switch {
		case p.accept("."):
			e, err := p.name()
			if err != nil {
				return nil, err
			}
			path = append(path, e)
		case p.accept("["):
			t := p.peek()
			if t.kind != integer {
				return nil, p.unexpected()
			}
			p.at++
			index, err := strconv.Atoi(t.text)
			if err != nil || index > math.MaxInt32 {
				p.report(t.start, "List index is not within the allowable range; index: ["+t.text+"]")
			}
			if err := p.expect("]"); err != nil {
				return nil, err
			}
			path = append(path, Element{Index: index})
		default:
			return path, nil
		}
	}
}

// name reads one name of a path.
func (p *parser) name() (Element, error) {
	t := p.peek()
	switch t.kind {
	case nameRef:
		p.at++
		return Element{Placeholder: t.text}, nil
	case word:
		p.at++
		if isReserved(t.text) {
			p.report(t.start, "Attribute name is a reserved keyword; reserved keyword: "+t.text)
		}
		return Element{Name: t.text}, nil
	}
	return Element{}, p.unexpected()
}

// atCall reports whether a function's name and its parenthesis are next.
func (p *parser) atCall() bool {
	return p.peek().kind == word && p.tokens[p.at+1].text == "(" && p.tokens[p.at+1].kind == symbol
}

// call reads a function with its operands. A function that does not exist, or
// not in this kind of expression, is reported where it begins.
func (p *parser) call() (*Call, error) {
	t := p.take()
	f := &Call{Func: t.text, offset: t.start}
	switch in, ok := functions[f.Func]; {
	case !ok:
		p.report(t.start, "Invalid function name; function: "+f.Func)
	case in == inCondition && p.kind == UpdateExpression:
		p.report(t.start, "The function is not allowed in an update expression; function: "+f.Func)
	case in == inUpdate && p.kind != UpdateExpression:
		p.report(t.start, "The function is not allowed in a condition expression; function: "+f.Func)
	}
	p.calls++
	var err error
	f.Args, err = p.operandList()
	p.calls--
	if err == nil {
		err = p.undeferred()
	}
	if err != nil {
		return nil, err
	}
	for _, arg := range f.Args {
		p.operandOnly(arg)
	}
	return f, nil
}

type allowed uint8

const (
	inCondition allowed = iota
	inUpdate
)

var functions = map[string]allowed{
	"attribute_exists":     inCondition,
	"attribute_not_exists": inCondition,
	"attribute_type":       inCondition,
	"begins_with":          inCondition,
	"contains":             inCondition,
	"size":                 inCondition,
	"if_not_exists":        inUpdate,
	"list_append":          inUpdate,
}

// operandOnly reports an operand that is a function whose result cannot be one:
// all but size in conditions and if_not_exists in updates.
func (p *parser) operandOnly(o Operand) {
	if f, ok := o.(*Call); ok && f.Func != "size" && f.Func != "if_not_exists" {
		p.misused(f)
	}
}

func (p *parser) misused(f *Call) {
	p.report(f.offset, "The function is not allowed to be used this way in an expression; function: "+f.Func)
}

// close reads the parenthesis that closes a pair, and refuses the pair if what it
// holds is in parentheses already.
func (p *parser) close(twice bool) error {
	if err := p.expect(")"); err != nil {
		return err
	}
	switch {
	case twice && p.calls > 0:
		p.deferred = true
	case twice:
		return p.redundant()
	}
	return nil
}

// undeferred returns the error for redundant parentheses in a function, which the
// service speaks of once the function ends, and the parentheses around it.
func (p *parser) undeferred() error {
	if p.deferred && p.calls == 0 && p.groups == 0 {
		return p.redundant()
	}
	return nil
}

func (p *parser) redundant() error {
	return &Error{p.kind, "The expression has redundant parentheses;"}
}

// operandList reads operands in parentheses, separated by commas.
func (p *parser) operandList() ([]Operand, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var list []Operand
	for {
		o, _, err := p.operand()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
		if !p.accept(",") {
			return list, p.expect(")")
		}
	}
}

// operand reads an operand, which may stand in parentheses, and reports whether
// it did.
func (p *parser) operand() (o Operand, parenthesized bool, err error) {
	if p.accept("(") {
		o, inner, err := p.operand()
		if err != nil {
			return nil, false, err
		}
		return o, true, p.close(inner)
	}
	o, err = p.bareOperand()
	return o, false, err
}

func (p *parser) bareOperand() (Operand, error) {
	switch {
	case p.peek().kind == valueRef:
		return &Placeholder{p.take().text}, nil
	case p.atCall():
		return p.call()
	}
	return p.path()
}
