package ddbenc

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ddbenc/ddbenc/crypt"
	"github.com/ddbenc/ddbenc/internal/suggest"
)

// A rule is what the tags of one struct field say. Its zero value is that of a
// field without tags.
type rule struct {
	name    string   // attribute name; empty for the field's own
	ignored bool     // dynamodbav:"-"
	options avOption // of the dynamodbav tag
	indexes []indexRole

	action        crypt.Action // of the ddbenc tag; zero if there is none
	structDefault crypt.Action // of ddbenc:"default=..."; zero if there is none

	// The tags as they stand in the source, to quote in errors.
	actionText, attrText, indexText string
}

// has reports whether any of the options o is set.
func (r rule) has(o avOption) bool { return r.options&o != 0 }

// A problem is a mistake in the tags of a field whose place is not known yet.
type problem struct {
	tag        string // the tag as it stands in the source; empty if a tag is missing
	reason     string
	suggestion string // what was probably meant; may be empty
}

// parseField reads the tags of one field, strictly: what it can't read, or what
// could have no effect where it stands, is a problem and never a default. With
// problems the rule holds what could be read. It looks at the field alone, so
// what depends on the struct around it, or on the field's type, is left to the
// compiler.
func parseField(f reflect.StructField) (rule, []problem) {
	pairs, err := splitTag(f.Tag)
	var problems []problem
	if err != nil {
		problems = append(problems, problem{
			tag:    "`" + string(f.Tag) + "`",
			reason: "malformed struct tag, which Go would silently ignore from there on: " + err.Error(),
		})
	}

	var r rule
	seen := map[string]bool{}
	for _, p := range pairs {
		if seen[p.key] && (p.key == actionKey || p.key == attrKey || p.key == indexKey) {
			problems = append(problems, problem{tag: p.text, reason: "second " + p.key + " tag, which Go would silently ignore"})
			continue
		}
		seen[p.key] = true
		switch p.key {
		case actionKey:
			r.actionText = p.text
			problems = append(problems, r.parseAction(p)...)
		case attrKey:
			r.attrText = p.text
			problems = append(problems, r.parseAttr(p)...)
		case indexKey:
			r.indexText = p.text
			problems = append(problems, r.parseIndexes(p)...)
		}
	}
	for _, p := range pairs {
		problems = append(problems, checkForeign(p, seen)...)
	}
	return r, append(problems, r.checkPlace(f)...)
}

// parseAction reads ddbenc:"action" and ddbenc:"default=action".
func (r *rule) parseAction(p tagPair) []problem {
	word, isDefault := strings.CutPrefix(p.value, "default=")
	action, ok := actionNamed(word)
	switch {
	case !ok:
		reason, suggestion := explainAction(p.value)
		return []problem{{tag: p.text, reason: reason, suggestion: suggestion}}
	case isDefault:
		r.structDefault = action
	default:
		r.action = action
	}
	return nil
}

// explainAction says what is wrong with the value of a ddbenc tag, and what was
// probably meant.
func explainAction(value string) (reason, suggestion string) {
	if value == "" {
		return "empty tag: say " + strings.Join(actionWords, ", ") + ", or remove it", ""
	}
	if word, rest, list := strings.Cut(value, ","); list {
		if _, ok := avOptionNamed(rest); ok {
			return fmt.Sprintf("%q is a word of another tag", rest), fmt.Sprintf(`ddbenc:"%s" dynamodbav:",%s"`, word, rest)
		}
		return "one action is wanted, not a list", ""
	}
	if _, ok := avOptionNamed(value); ok {
		return fmt.Sprintf("%q is a word of another tag", value), fmt.Sprintf(`dynamodbav:",%s"`, value)
	}
	option, word, isOption := strings.Cut(value, "=")
	if !isOption {
		option, word = "", value
	}
	if s, ok := actionSynonyms[word]; ok {
		suggestion = s
	} else if s, ok := suggest.Nearest(word, actionWords); ok {
		suggestion = s
	}
	if isOption && suggestion != "" {
		if _, ok := suggest.Nearest(option, []string{"default"}); !ok {
			return fmt.Sprintf("unknown option %q", option), ""
		}
		suggestion = "default=" + suggestion
	}
	return fmt.Sprintf("unknown action %q", value), suggestion
}

// actionTags returns the tags in tag that are for ddbenc, or were meant to be.
func actionTags(tag reflect.StructTag) []string {
	pairs, err := splitTag(tag)
	var found []string
	for _, p := range pairs {
		if _, ok := suggest.Nearest(p.key, []string{actionKey}); ok {
			found = append(found, p.text)
		}
	}
	if err != nil && len(found) == 0 && strings.Contains(string(tag), actionKey) {
		found = append(found, "`"+string(tag)+"`")
	}
	return found
}

// parseAttr reads dynamodbav:"name,option,...". The name comes first and may be
// empty, as attributevalue has it.
func (r *rule) parseAttr(p tagPair) (problems []problem) {
	refuse := func(suggestion, format string, args ...any) {
		problems = append(problems, problem{tag: p.text, reason: fmt.Sprintf(format, args...), suggestion: suggestion})
	}
	words := strings.Split(p.value, ",")
	name := words[0]
	switch {
	case name == "-":
		r.ignored = true
		if len(words) > 1 {
			refuse("", `the field is ignored because of the "-", so nothing may follow it`)
		}
		return problems
	case strings.TrimSpace(name) != name:
		refuse(strings.TrimSpace(name), "the attribute name %q has spaces around it", name)
	case !utf8.ValidString(name):
		refuse("", "the attribute name is not valid UTF-8")
	}
	r.name = name

	for _, word := range words[1:] {
		option, ok := avOptionNamed(word)
		if !ok {
			refuse(explainAttrWord(word))
			continue
		}
		if r.has(option) {
			refuse("", "option %q twice", word)
		}
		r.options |= option
	}
	for _, clash := range avClashes {
		if r.has(clash[0]) && r.has(clash[1]) {
			both := r.options & (clash[0] | clash[1])
			refuse("", "the options %s exclude each other", strings.ReplaceAll(both.String(), ",", " and "))
		}
	}
	return problems
}

// explainAttrWord says what is wrong with an unknown option of a dynamodbav
// tag, as the arguments of refuse.
func explainAttrWord(word string) (suggestion, format string, arg any) {
	format, arg = "unknown option %q", word
	if s, ok := attrSynonyms[strings.ToLower(word)]; ok {
		return s, format, arg
	}
	if _, ok := actionNamed(word); ok {
		return `ddbenc:"` + word + `"`, "%q is a word of another tag", arg
	}
	// Options of the entity manager may carry arguments behind a bar.
	if option, _, _ := strings.Cut(word, "|"); slices.Contains(entityManagerWords, option) {
		return "", "%q is an option of the SDK's entity manager that would have no effect here", arg
	}
	suggestion, _ = suggest.Nearest(word, avWords)
	return suggestion, format, arg
}

// checkForeign refuses a tag of a key that ddbenc does not read if it was
// probably meant to be read. Keys such as json and yaml are nobody's mistake.
func checkForeign(p tagPair, seen map[string]bool) []problem {
	switch p.key {
	case actionKey, attrKey, indexKey:
		return nil
	case "dynamo", "dynamodb":
		// Of another library, or of a typo. Harmless beside a tag that is read.
		if seen[attrKey] {
			return nil
		}
		return []problem{{tag: p.text, reason: "neither attributevalue nor ddbenc reads this tag", suggestion: attrKey}}
	case "dynamodbgetter", "dynamodbsetter":
		return []problem{{tag: p.text, reason: "a tag of the SDK's entity manager that would have no effect here"}}
	}
	if key, ok := suggest.Nearest(p.key, []string{actionKey, attrKey, indexKey}); ok {
		return []problem{{tag: p.text, reason: "unknown tag " + p.key, suggestion: key}}
	}
	return nil
}

// checkPlace refuses tags that can have no effect on f for what f itself is.
func (r rule) checkPlace(f reflect.StructField) (problems []problem) {
	refuse := func(tag, reason string) {
		if tag != "" {
			problems = append(problems, problem{tag: tag, reason: reason})
		}
	}
	attrText := r.attrText
	if r.ignored {
		attrText = "" // "-" is right on any field
	}
	switch {
	case f.Name == "_":
		refuse(attrText, "a field named _ is never stored")
		refuse(r.indexText, "a field named _ is never stored")
		if r.action != 0 {
			refuse(r.actionText, `a field named _ is never stored: only ddbenc:"default=..." has an effect on it`)
		}
		if r.structDefault != 0 && f.Type != reflect.TypeFor[struct{}]() {
			refuse(r.actionText, "a default belongs on a field _ struct{}")
		}
	case r.structDefault != 0:
		refuse(r.actionText, "a default belongs on a field _ struct{}")
	case !f.IsExported() && !f.Anonymous:
		const reason = "has no effect on an unexported field, which is never stored"
		refuse(r.actionText, reason)
		refuse(attrText, reason)
		refuse(r.indexText, reason)
	case r.ignored:
		const reason = `has no effect on a field that dynamodbav:"-" ignores`
		refuse(r.actionText, reason)
		refuse(r.indexText, reason)
	}
	return problems
}
