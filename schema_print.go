package ddbenc

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ddbenc/ddbenc/crypt"
)

// actionWord spells a as a tag does.
func actionWord(a crypt.Action) string {
	for _, word := range actionWords {
		if named, _ := actionNamed(word); named == a {
			return word
		}
	}
	return a.String()
}

// String prints the schema as a table, one attribute a line, with the indexes
// below it. It ends in a newline. Its form may change; to pin a schema in a test
// compare the value.
func (s *Schema) String() string {
	rows := [][]string{{"attribute", "field", "type", "action", "why"}}
	for _, a := range s.Attributes {
		typ := a.GoType
		if a.Type != "" {
			typ += " (" + a.Type + ")"
		}
		rows = append(rows, []string{a.Name, a.Field, typ, actionWord(a.Action), a.Why})
	}
	rows = append(rows, []string{"(any other)", "-", "-", actionWord(s.Default), "default"})

	var b strings.Builder
	fmt.Fprintf(&b, "schema of %s: %s\n", s.Type, keyText(s.PartitionKey, s.SortKey))
	writeTable(&b, rows)
	for _, x := range s.Indexes {
		fmt.Fprintf(&b, "%s index %s: %s\n", kind(x.Global), x.Name, keyText(x.PartitionKey, x.SortKey))
	}
	return b.String()
}

func keyText(partition, sort string) string {
	if sort == "" {
		return "partition key " + partition
	}
	return "partition key " + partition + ", sort key " + sort
}

// writeTable aligns all columns but the last one.
func writeTable(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			b.WriteString(cell)
			if i == len(row)-1 {
				break
			}
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		b.WriteByte('\n')
	}
}
