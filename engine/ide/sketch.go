package ide

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// sketch is the text of a snippet under way: lines at column 0, with places to fill in whose keys tell them apart.
type sketch []schema.SnippetPart

func (k *sketch) text(s string) { *k = append(*k, schema.SnippetPart{Text: s}) }

// stop is a place to fill in with one of some texts, the first at first.
func (k *sketch) stop(key string, texts ...string) {
	part := schema.SnippetPart{Kind: schema.PartStop, Key: key}
	if len(texts) > 0 {
		part.Text = texts[0]
	}
	if len(texts) > 1 {
		part.Choices = texts
	}
	*k = append(*k, part)
}

// freeName is a name that nothing in the project has yet.
func (k *sketch) freeName(name string) {
	*k = append(*k, schema.SnippetPart{Kind: schema.PartName, Key: name, Text: name})
}

// below puts in another sketch, its lines but the first one further in.
func (k *sketch) below(other sketch, indent string) {
	for _, part := range other {
		if part.Kind == schema.PartText {
			part.Text = strings.ReplaceAll(part.Text, "\n", "\n"+indent)
		}
		*k = append(*k, part)
	}
}

// filled is a sketch as editors take it: as an LSP snippet, whose stops are numbered in the order in which they are read, and
// as plain text with each place as it is at first.
type filled struct{ snippet, plain string }

func (k sketch) fill() filled {
	var snippet, plain strings.Builder
	numbers, texts := map[string]int{}, map[string]string{}
	for _, part := range k {
		if part.Kind == schema.PartText {
			snippet.WriteString(escapeSnippet(part.Text))
			plain.WriteString(part.Text)
			continue
		}
		key := strconv.Itoa(int(part.Kind)) + part.Key
		if n, again := numbers[key]; again {
			fmt.Fprintf(&snippet, "${%d}", n)
			plain.WriteString(texts[key])
			continue
		}
		n := len(numbers) + 1
		numbers[key], texts[key] = n, part.Text
		plain.WriteString(part.Text)
		switch {
		case len(part.Choices) > 1:
			snippet.WriteString(schema.SnippetStop(n, part.Choices...))
		case part.Text == "":
			snippet.WriteString(schema.SnippetStop(n))
		default:
			snippet.WriteString(schema.SnippetStop(n, part.Text))
		}
	}
	return filled{snippet.String(), plain.String()}
}

// The limits of what is made up for a field: nobody reads further.
const (
	maxSketchDepth   = 4
	maxSketchChoices = 30
)

// value puts in what may follow the colon of a field at this column: its description says what it takes, and where that
// leaves something open, it is left to the user. The key tells its places apart from those of other fields.
func (k *sketch) value(key string, s schema.FieldSpec, depth int) {
	switch values := proposed(s, write.Place{}); {
	case len(values) > 0:
		k.text(" ")
		k.stop(key, values...)
	case depth >= maxSketchDepth:
		k.text(" ")
		k.stop(key)
	case s.Type == schema.TypeObject || s.Type == schema.TypeMap:
		k.members(key, s, depth)
	case s.Type == schema.TypeArray:
		k.text("\n  -")
		item := schema.FieldSpec{Type: schema.TypeAny}
		if s.Items != nil {
			item = *s.Items
		}
		var inner sketch
		inner.value(key+"[]", item, depth+1)
		if len(inner) > 0 && strings.HasPrefix(inner[0].Text, "\n  ") { // a map begins behind the dash
			inner[0].Text = " " + strings.TrimPrefix(inner[0].Text, "\n  ")
		}
		k.below(inner, "  ")
	}
}

// members puts in the required members of an object, or an entry of a map.
func (k *sketch) members(key string, s schema.FieldSpec, depth int) {
	var names []string
	for _, name := range sortedKeys(s.Fields) {
		if s.Fields[name].Required {
			names = append(names, name)
		}
	}
	for _, name := range names {
		k.text("\n  " + write.Key(name, write.Place{}) + ":")
		var inner sketch
		inner.value(key+"."+name, s.Fields[name], depth+1)
		k.below(inner, "  ")
	}
	if len(names) > 0 {
		return
	}
	k.text("\n  ")
	k.stop(key+" key", "key")
	k.text(":")
	item := schema.FieldSpec{Type: schema.TypeString}
	if s.Items != nil {
		item = *s.Items
	}
	var inner sketch
	inner.value(key+" value", item, depth+1)
	k.below(inner, "  ")
}

// proposed are values for a field that stand on one line and mean the same in every test, as they are written at a place: those
// of its enum, else its example or default, else some value of its type. There are none for what is a list or map.
func proposed(s schema.FieldSpec, at write.Place) []string {
	if values := onOneLine(s.Enum, at); len(values) > 0 {
		return values[:min(len(values), maxSketchChoices)]
	}
	if values := onOneLine(append(slices.Clone(s.Examples), s.Default), at); len(values) > 0 {
		return values[:1]
	}
	if s.Type == schema.TypeObject || s.Type == schema.TypeMap || s.Type == schema.TypeArray {
		return nil
	}
	if s.Type == schema.TypeNumber || s.Type == schema.TypeBool {
		return []string{scalarOf(s)}
	}
	return []string{write.Text(scalarOf(s), at)}
}

func onOneLine(values []any, at write.Place) []string {
	var list []string
	for _, v := range values {
		if k := value.KindOf(v); v == nil || k == value.KindList || k == value.KindObject {
			continue
		}
		if as, ok := write.Scalar(v, at); ok && as != "" && !strings.Contains(as, "\n") && !strings.Contains(as, "{{") {
			list = append(list, as)
		}
	}
	return list
}

// scalarOf is some value of a field that says no more than its type.
func scalarOf(s schema.FieldSpec) string {
	switch {
	case s.Type == schema.TypeNumber && s.Minimum != nil:
		return s.Minimum.String()
	case s.Type == schema.TypeNumber && s.Maximum != nil:
		return s.Maximum.String()
	case s.Type == schema.TypeNumber:
		return "1"
	case s.Type == schema.TypeBool:
		return "true"
	}
	switch s.Format {
	case schema.FormatDuration:
		return "1s"
	case schema.FormatURL:
		return "https://example.com/"
	case "date-time":
		return "2030-01-31T12:00:00Z"
	}
	return "value"
}
