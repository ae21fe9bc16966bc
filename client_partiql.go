package ddbenc

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// This file keeps PartiQL away from encrypted tables. It does not read statements
// further than it takes to tell their table, and refuses what is not written in one
// of the few forms that DynamoDB has. Spec: Before the request, "PartiQL table
// extraction".

// partiQL refuses statements on encrypted tables, or on tables that can't be
// told, and passes the others.
func (e *clientEncryption) partiQL(x *exchange, op string, statements ...*string) error {
	var errs []error
	for i, s := range statements {
		if err := e.checkStatement(op, deref(s)); err != nil {
			if len(statements) > 1 {
				err = fmt.Errorf("statement %d: %w", i, err)
			}
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return x.pass()
}

func (e *clientEncryption) checkStatement(op, statement string) error {
	name, ok := statementTable(statement)
	if !ok {
		return &opError{op: op, err: refusalf("the table of a PartiQL statement can't be told, so it may be an encrypted one: " +
			"use a client without ddbenc.Encrypted")}
	}
	encrypted, err := e.tables.namesFold(name)
	switch {
	case err != nil:
		return &opError{op: op, table: name, err: refusedName(name, err.Error())}
	case encrypted:
		return &opError{op: op, table: name, err: refusalf("PartiQL would store plaintext in, or return ciphertext from, an encrypted table: " +
			"use PutItem, GetItem, Query, or a Table")}
	}
	return nil
}

// batchStatements and transactStatements return the statements of a request.
func batchStatements(in *dynamodb.BatchExecuteStatementInput) []*string {
	all := make([]*string, len(in.Statements))
	for i := range in.Statements {
		all[i] = in.Statements[i].Statement
	}
	return all
}

func transactStatements(in *dynamodb.ExecuteTransactionInput) []*string {
	all := make([]*string, len(in.TransactStatements))
	for i := range in.TransactStatements {
		all[i] = in.TransactStatements[i].Statement
	}
	return all
}

// statementTable returns the name of the only table of a statement in one of
// these forms, where the dots are anything but another of the words that a table
// stands behind:
//
//	SELECT ... FROM table[.index] [WHERE ... | ORDER ...]
//	EXISTS ( SELECT ... FROM table[.index] WHERE ... )
//	INSERT INTO table VALUE ...
//	UPDATE table[.index] SET ... | REMOVE ...
//	DELETE FROM table [WHERE ...]
func statementTable(statement string) (name string, ok bool) {
	tokens, ok := partiQLTokens(statement)
	if !ok {
		return "", false
	}
	tokens = append(tokens, partiQLToken{}, partiQLToken{}) // so that the next two can be looked at
	word := func(i int, w string) bool { return tokens[i].kind == 'w' && strings.EqualFold(tokens[i].text, w) }
	start := 0
	if word(0, "EXISTS") && tokens[1].kind == '(' {
		start = 2
	}
	at := -1 // of the table
	switch {
	case word(start, "SELECT"):
		for i := start; i < len(tokens)-2 && at < 0; i++ {
			if word(i, "FROM") {
				at = i + 1
			}
		}
	case start > 0:
		return "", false
	case word(0, "INSERT") && word(1, "INTO"), word(0, "DELETE") && word(1, "FROM"):
		at = 2
	case word(0, "UPDATE"):
		at = 1
	}
	if at < 0 || at >= len(tokens)-2 || tokens[at].kind != 'w' && tokens[at].kind != '"' {
		return "", false
	}
	next := at + 1
	if tokens[next].kind == '.' && (tokens[next+1].kind == 'w' || tokens[next+1].kind == '"') {
		next += 2
	}
	if next < len(tokens)-2 {
		follows := false
		for _, w := range []string{"WHERE", "ORDER", "VALUE", "SET", "REMOVE"} {
			follows = follows || word(next, w)
		}
		if !follows && tokens[next].kind != ')' {
			return "", false
		}
	}
	// Another table could only stand behind one of these.
	for i := next; i < len(tokens); i++ {
		for _, w := range []string{"SELECT", "FROM", "INTO", "UPDATE", "INSERT", "DELETE", "JOIN"} {
			if word(i, w) {
				return "", false
			}
		}
	}
	return tokens[at].text, true
}

// A partiQLToken is a word ('w'), a quoted name ('"'), a string or Ion literal
// ('\”), or one other character.
type partiQLToken struct {
	kind byte
	text string
}

// partiQLTokens takes a statement apart. Comments and quotes without an end make
// it not ok.
func partiQLTokens(s string) (tokens []partiQLToken, ok bool) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c <= ' ':
			i++
		case c == '"' || c == '\'' || c == '`':
			text, end := partiQLQuoted(s, i)
			if end < 0 {
				return nil, false
			}
			if c == '`' {
				c = '\''
			}
			tokens = append(tokens, partiQLToken{c, text})
			i = end
		case strings.HasPrefix(s[i:], "--"), strings.HasPrefix(s[i:], "/*"), c >= 0x80, c == ';':
			return nil, false
		case partiQLWord(c):
			end := i
			for end < len(s) && partiQLWord(s[end]) {
				end++
			}
			tokens = append(tokens, partiQLToken{'w', s[i:end]})
			i = end
		default:
			tokens = append(tokens, partiQLToken{c, s[i : i+1]})
			i++
		}
	}
	return tokens, true
}

// partiQLQuoted returns what is between the quote at s[i] and its end, where two
// quotes stand for one, and the offset behind it, or -1.
func partiQLQuoted(s string, i int) (text string, end int) {
	quote := s[i : i+1]
	for j := i + 1; j < len(s); j++ {
		if s[j] != quote[0] {
			continue
		}
		if j+1 < len(s) && s[j+1] == quote[0] {
			j++
			continue
		}
		return strings.ReplaceAll(s[i+1:j], quote+quote, quote), j + 1
	}
	return "", -1
}

// partiQLWord reports whether c can be part of a word or a number. A hyphen can't:
// outside quotes it is a minus.
func partiQLWord(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
