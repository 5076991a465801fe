package spec

import (
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// reader takes typed values out of nodes. What does not fit is reported and left out, never the whole around it.
type reader struct {
	problems
	templates []TemplateAt
	visited   int    // nodes that nested has looked at
	source    string // what the nodes' spans count in; empty where that is not known
}

// maxNested bounds the walk for templates: aliases inside aliases can make a small file huge, and the syntax layer
// reports such a file.
const maxNested = 20_000

// isNull reports whether a value is left out or null: the user has yet to write it.
func isNull(n syntax.Node) bool {
	r := n.Resolve()
	return r.IsZero() || r.Kind() == syntax.Scalar && r.Tag() == syntax.TagNull
}

// text reads a scalar of any kind as its text; place is where it stands, dotted, for messages and templates.
func (r *reader) text(n syntax.Node, place string, templated bool) Text {
	v := n.Resolve()
	t := Text{Node: n}
	switch {
	case v.Kind() == syntax.Scalar && v.Tag() != syntax.TagNull:
		t.Value = v.Value()
	case v.Kind() == syntax.Scalar:
	case v.IsZero():
		// An alias without an anchor: the syntax layer has said so.
	default:
		r.fatal(n.Span(), CodeWrongType, quote(place)+" must be text, but this is "+Describe(n)+textHint(v))
	}
	if templated {
		r.template(&t, place)
	}
	return t
}

// plain is the text of a scalar of which there is nothing to say; ok is false for all others.
func plain(n syntax.Node, templated bool) (t Text, ok bool) {
	if n.Kind() != syntax.Scalar || n.Tag() == syntax.TagNull || templated && strings.Contains(n.Value(), "{{") {
		return Text{}, false
	}
	return Text{Value: n.Value(), Node: n}, true
}

// textHint is the next step for somebody who wrote a collection where text is wanted.
func textHint(v syntax.Node) string {
	if items := v.Items(); v.Kind() == syntax.Sequence && len(items) == 1 && items[0].Kind() == syntax.Scalar {
		return "; write its one item without the list"
	}
	return "; write a single value, in quotes if it holds `: ` or begins with `[` or `{`"
}

// template parses the text of a templated place.
func (r *reader) template(t *Text, place string) {
	if !strings.Contains(t.Value, "{{") {
		return
	}
	t.Template = template.Parse(t.Value)
	r.templates = append(r.templates, TemplateAt{Path: place, Node: t.Node, Template: t.Template, offset: t.offset()})
}

// nested finds the templates inside a value of any shape.
func (r *reader) nested(n syntax.Node, place string) {
	if r.mayHoldTemplate(n) {
		r.nestedIn(n, place, 0)
	}
}

// mayHoldTemplate reports whether a look at the source cannot rule out that a template stands inside a value. Aliases
// bring in text from elsewhere, and escapes spell braces otherwise.
func (r *reader) mayHoldTemplate(n syntax.Node) bool {
	s := n.Span()
	if n.Foreign() || s.End > len(r.source) {
		return true
	}
	src := r.source[s.Start:s.End]
	return strings.Contains(src, "{{") || strings.IndexByte(src, '*') >= 0 || strings.IndexByte(src, '\\') >= 0
}

func (r *reader) nestedIn(n syntax.Node, place string, depth int) {
	const deepest = 200 // as deep as the syntax layer reads
	if r.visited++; r.visited > maxNested || depth > deepest {
		return
	}
	v := n.Resolve()
	switch v.Kind() {
	case syntax.Scalar:
		if v.Tag() == syntax.TagStr && strings.Contains(v.Value(), "{{") {
			r.template(&Text{Value: v.Value(), Node: n}, place)
		}
	case syntax.Mapping:
		for _, e := range v.Merged() {
			r.nestedIn(e.Value, place+"."+e.Key.Resolve().Value(), depth+1)
		}
	case syntax.Sequence:
		for i, item := range v.Items() {
			r.nestedIn(item, place+"."+strconv.Itoa(i), depth+1)
		}
	}
}

// boolean reads a bool. A text such as "yes" is not one, and says so.
func (r *reader) boolean(n syntax.Node, place string) Bool {
	v := n.Resolve()
	b := Bool{Node: n}
	switch {
	case v.Kind() == syntax.Scalar && v.Tag() == syntax.TagBool:
		b.Value = strings.EqualFold(v.Value(), "true")
	case isNull(n):
	default:
		var fixes []Fix
		if word, ok := boolWord(v); ok {
			b.Value = word == "true"
			fixes = append(fixes, Fix{Title: "Replace with " + quote(word), Edits: []text.Edit{{Span: n.Span(), New: word}}})
		}
		r.fatal(n.Span(), CodeWrongType, quote(place)+" must be `true` or `false`, but this is "+Describe(n), fixes...)
	}
	return b
}

// boolWord guesses which bool a user of older YAML meant.
func boolWord(v syntax.Node) (string, bool) {
	switch strings.ToLower(v.Value()) {
	case "true", "yes", "on", "y", "1":
		return "true", v.Kind() == syntax.Scalar
	case "false", "no", "off", "n", "0":
		return "false", v.Kind() == syntax.Scalar
	}
	return "", false
}

// entries reads a map; anything else is reported.
func (r *reader) entries(n syntax.Node, place string) []syntax.Entry {
	v := n.Resolve()
	if v.Kind() == syntax.Mapping {
		return v.Merged()
	}
	if !isNull(n) {
		r.fatal(n.Span(), CodeWrongType, quote(place)+" must be a map, but this is "+Describe(n))
	}
	return nil
}

// pairs reads a map of texts.
func (r *reader) pairs(n syntax.Node, place string, templated bool) []Pair {
	var pairs []Pair
	for _, e := range r.entries(n, place) {
		key, ok := plain(e.Key, false)
		if !ok {
			key = r.text(e.Key, "a key of "+place, false)
		}
		value, ok := plain(e.Value, templated)
		if !ok {
			value = r.text(e.Value, place+"."+key.Value, templated)
		}
		pairs = append(pairs, Pair{key, value})
	}
	return pairs
}

// texts reads a list of texts; a lone text is reported with the fix that makes a list of it, and read as one.
func (r *reader) texts(n syntax.Node, place string) []Text {
	v := n.Resolve()
	switch {
	case v.Kind() == syntax.Sequence:
		var list []Text
		for i, item := range v.Items() {
			if t := r.text(item, place+"."+strconv.Itoa(i), false); t.Value != "" {
				list = append(list, t)
			}
		}
		return list
	case isNull(n):
		return nil
	case v.Kind() == syntax.Scalar:
		var fixes []Fix
		if !n.Foreign() && v.Style() <= syntax.DoubleQuoted {
			fixes = append(fixes, Fix{Title: "Make it a list", Edits: []text.Edit{
				{Span: text.Span{Start: n.Span().Start, End: n.Span().Start}, New: "["},
				{Span: text.Span{Start: n.Span().End, End: n.Span().End}, New: "]"},
			}})
		}
		r.fatal(n.Span(), CodeWrongType, quote(place)+" must be a list, but this is "+Describe(n)+"; put it in brackets", fixes...)
		return []Text{r.text(n, place, false)}
	}
	r.fatal(n.Span(), CodeWrongType, quote(place)+" must be a list, but this is "+Describe(n))
	return nil
}

// items reads a list; anything else is reported.
func (r *reader) items(n syntax.Node, place string) []syntax.Node {
	v := n.Resolve()
	if v.Kind() == syntax.Sequence {
		return v.Items()
	}
	if !isNull(n) {
		r.fatal(n.Span(), CodeWrongType, quote(place)+" must be a list, but this is "+Describe(n))
	}
	return nil
}

// object reads a map with known keys: each key has its reader, any other one is reported.
func (r *reader) object(n syntax.Node, place string, known map[string]func(e syntax.Entry), order []string) {
	entries := r.entries(n, place)
	for _, e := range entries {
		read := known[e.Key.Resolve().Value()]
		if read == nil {
			r.unknownKey(e.Key, quote(place), order, entries)
			continue
		}
		read(e)
	}
}
