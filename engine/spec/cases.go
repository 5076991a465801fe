package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/write"
)

// lowerTest reads one item of `tests`.
func lowerTest(item syntax.Node, unit *syntax.Unit) *Test {
	l := &testReader{t: &Test{Unit: unit, node: item, Head: item.Span()}}
	if unit != nil {
		l.source = unit.Source
	}
	if item.Omitted() && unit != nil {
		l.t.Head = unit.Span // an empty item has its dash
	}
	n := item.Resolve()
	switch n.Kind() {
	case syntax.Mapping:
		l.mapping(item, n)
	case syntax.Scalar, syntax.Absent:
		l.line(item, n)
	default:
		l.fatal(l.t.Head, CodeBadForm, "a test is a line such as `GET /health -> 200`, or a map, but this is "+Describe(item))
	}
	l.t.Templates, l.t.Problems = l.templates, l.problems.list
	l.t.path = stablePath(l.t)
	return l.t
}

// testReader reads one test.
type testReader struct {
	reader
	t *Test
}

// line reads the form `METHOD RESOURCE -> EXPECTED`.
func (l *testReader) line(item, n syntax.Node) {
	s := n.Value()
	if strings.TrimSpace(s) == "" || n.Tag() == syntax.TagNull {
		l.fatal(l.t.Head, CodeBadForm, "this test is empty; write a line such as `GET /health -> 200`, or a map")
		return
	}
	c, ok := splitCall(s, true)
	method := partOf(item, c.method)
	if !ok || !isLooseMethod(method.Value) {
		l.fatal(item.Span(), CodeBadForm,
			"a one-line test is `METHOD RESOURCE -> EXPECTED`, such as `GET /health -> 200`; "+lineFault(s, c))
		return
	}
	l.t.Form = FormLine
	l.call(item, c)
	if c.arrow.IsEmpty() {
		l.fatal(item.Span(), CodeBadForm, "the expected status is missing; add it after an arrow, such as `-> 2xx`",
			l.append(item, n, " -> 2xx", "Expect any status of 2xx")...)
	} else if c.expected.IsEmpty() {
		l.fatal(item.Span(), CodeBadForm, "the arrow leads to nothing; write the expected status behind it, such as `-> 200`",
			l.append(item, n, " 2xx", "Expect any status of 2xx")...)
	} else {
		l.t.Expect = l.lineExpect(item, c.expected)
	}
	if i := blankOutside(l.t.Resource.Value); i >= 0 {
		l.fatal(l.t.Resource.Span(), CodeBadForm, "the resource of a one-line test holds a blank outside of `{{ … }}`; "+
			"write it as %20, or write the test as a map")
	}
}

// lineFault says which part of a one-line test is missing.
func lineFault(s string, c call) string {
	word := s[c.method.Start:c.method.End]
	switch {
	case c.method.IsEmpty():
		return "the method is missing"
	case !isLooseMethod(word):
		return fmt.Sprintf("%s is no method", quote(shorten(word)))
	}
	return "the resource is missing"
}

// append is the fix that adds to the end of a scalar, inside its quotes.
func (l *testReader) append(item, n syntax.Node, more, title string) []Fix {
	if item.Kind() == syntax.Alias || n.Style() > syntax.DoubleQuoted {
		return nil
	}
	s := n.Value()
	end := n.ValueOffset(trimmed(s, 0, len(s)).End)
	return []Fix{{Title: title, Edits: []text.Edit{{Span: text.Span{Start: end, End: end}, New: more}}}}
}

// call takes over method and resource from a short form, and checks the method's case.
func (l *testReader) call(n syntax.Node, c call) {
	t := l.t
	t.Method, t.Resource = partOf(n, c.method), partOf(n, c.resource)
	t.Head = t.Method.Span().Union(t.Resource.Span())
	if upper := strings.ToUpper(t.Method.Value); upper != t.Method.Value {
		span := t.Method.Span()
		l.fatal(span, CodeBadForm, fmt.Sprintf("in a short form the method is upper case: write %s for %s", quote(upper),
			quote(t.Method.Value)),
			Fix{Title: "Replace with " + quote(upper), Edits: []text.Edit{{Span: span, New: upper}}})
		t.Method.Value = upper
	}
	l.template(&t.Resource, "resource")
}

// mapping reads the compact form and the full form.
func (l *testReader) mapping(item, n syntax.Node) {
	entries := n.Merged()
	if len(entries) == 0 {
		l.fatal(item.Span(), CodeBadForm,
			"this test is empty; write at least its `method` and `resource`, or a line such as `GET /health -> 200`")
		return
	}
	if len(entries) == 1 && l.cutCall(entries[0]) {
		return
	}
	compact := slices.IndexFunc(entries, func(e syntax.Entry) bool {
		return isCompactKey(e.Key.Resolve().Value(), len(entries) == 1)
	})
	if compact < 0 {
		l.t.Form = FormFull
		l.keys(entries)
		return
	}
	e := entries[compact]
	l.t.Form = FormCompact
	key := e.Key.Resolve()
	c, _ := splitCall(key.Value(), false)
	l.call(e.Key, c)
	if i := blankOutside(l.t.Resource.Value); i >= 0 {
		l.compactBlank(e, key)
	}
	inner := l.inside(e, key)
	if len(entries) > 1 {
		others := slices.Delete(slices.Clone(entries), compact, compact+1)
		l.beside(item, e, others)
		inner = append(slices.Clone(inner), others...)
	}
	l.keys(inner)
}

// cutCall reports a test such as `DELETE: /users/1`, where a colon stands between method and resource, and reads it as a
// one-line test.
func (l *testReader) cutCall(e syntax.Entry) bool {
	key, value := e.Key.Resolve(), e.Value.Resolve()
	if !isMethod(key.Value()) || value.Kind() != syntax.Scalar || value.Tag() != syntax.TagStr {
		return false
	}
	l.t.Form = FormLine
	l.t.Method = l.text(e.Key, "method", false)
	l.t.Resource = l.text(e.Value, "resource", true)
	l.t.Head = e.Key.Span().Union(e.Value.Span())
	var fixes []Fix
	if key.Style() == syntax.Plain && value.Style() == syntax.Plain && e.Key.Kind() == syntax.Scalar && e.Value.Kind() == syntax.Scalar {
		end := e.Value.Span().End
		edits := []text.Edit{{Span: text.Span{Start: e.Key.Span().End, End: e.Value.Span().Start}, New: " "}}
		if !strings.Contains(value.Value(), "->") {
			edits = append(edits, text.Edit{Span: text.Span{Start: end, End: end}, New: " -> 2xx"})
		}
		fixes = append(fixes, Fix{Title: "Make it a one-line test", Edits: edits})
	}
	l.fatal(l.t.Head, CodeBadForm, "no colon stands between method and resource: write a line such as "+
		quote(shorten(key.Value()+" "+value.Value())+" -> 200"), fixes...)
	return true
}

// compactBlank reports a compact key with more than method and resource.
func (l *testReader) compactBlank(e syntax.Entry, key syntax.Node) {
	if c, ok := splitCall(key.Value(), true); ok && !c.arrow.IsEmpty() {
		l.t.Resource = partOf(e.Key, c.resource)
		l.fatal(e.Key.Span(), CodeBadForm, "a compact test has no arrow; put the status under `expect`, or drop the colon for a one-line test")
		return
	}
	l.fatal(l.t.Resource.Span(), CodeBadForm,
		"a compact test's key is `METHOD RESOURCE`, with no blank in the resource outside of `{{ … }}`")
}

// inside are the entries under a compact key.
func (l *testReader) inside(e syntax.Entry, key syntax.Node) []syntax.Entry {
	v := e.Value.Resolve()
	switch {
	case v.Kind() == syntax.Mapping:
		return v.Merged()
	case isNull(e.Value):
		return nil
	}
	var fixes []Fix
	if v.Kind() == syntax.Scalar && e.Value.Kind() == syntax.Scalar && e.Key.Kind() == syntax.Scalar && v.Style() == syntax.Plain &&
		key.Style() == syntax.Plain {
		fixes = append(fixes, Fix{Title: "Make it a one-line test", Edits: []text.Edit{
			{Span: text.Span{Start: e.Key.Span().End, End: e.Value.Span().Start}, New: " -> "},
		}})
	}
	l.fatal(e.Value.Span(), CodeBadForm, "under a compact key stands the rest of the test, a map, but this is "+Describe(e.Value), fixes...)
	return nil
}

// beside reports keys beside a compact key, which belong under it.
func (l *testReader) beside(item syntax.Node, e syntax.Entry, others []syntax.Entry) {
	call := l.t.Method.Value + " " + l.t.Resource.Value
	msg := fmt.Sprintf("%s beside the compact key %s: the other keys of a compact test stand under it, indented",
		List(keyNames(others), "and"), quote(shorten(call)))
	var fixes []Fix
	if item.Kind() == syntax.Mapping && item.Style() == syntax.Block && e.Key.Kind() == syntax.Scalar && l.t.Unit != nil {
		if f, ok := l.indent(item, e, others); ok {
			fixes = append(fixes, f)
		}
		if isNull(e.Value) {
			fixes = append(fixes, l.spellOut(item, e))
		}
	}
	l.fatal(others[0].Key.Span(), CodeBadForm, msg, fixes...)
}

// indent is the fix that moves the keys beside a compact key under it. It needs them to stand behind the key, each from
// the start of a line.
func (l *testReader) indent(item syntax.Node, e syntax.Entry, others []syntax.Entry) (Fix, bool) {
	src := l.t.Unit.Source
	by := 2
	if inner := e.Value; inner.Kind() == syntax.Mapping && inner.Style() == syntax.Block && inner.Len() > 0 {
		by = columnIn(src, inner.Entries()[0].Key.Span().Start) - l.column(item)
	} else if !isNull(e.Value) {
		return Fix{}, false
	}
	var edits []text.Edit
	for _, o := range others {
		if o.Key.Foreign() || o.Span.Start < e.Span.End || by <= 0 {
			return Fix{}, false
		}
		start := o.Span.Start - columnIn(src, o.Span.Start)
		for start < o.Span.End && start < len(src) {
			end := len(src)
			if i := strings.IndexByte(src[start:], '\n'); i >= 0 {
				end = start + i + 1
			}
			if strings.TrimSpace(src[start:end]) != "" {
				edits = append(edits, text.Edit{Span: text.Span{Start: start, End: start}, New: strings.Repeat(" ", by)})
			}
			start = end
		}
	}
	return Fix{Title: "Move " + List(keyNames(others), "and") + " under the key", Edits: edits}, true
}

// columnIn is the distance of an offset from the start of its line, in bytes.
func columnIn(src string, off int) int {
	return off - 1 - strings.LastIndexByte(src[:min(off, len(src))], '\n')
}

func keyNames(entries []syntax.Entry) []string {
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = e.Key.Resolve().Value()
	}
	return list
}

// spellOut is the fix that writes a compact key as `method` and `resource`.
func (l *testReader) spellOut(item syntax.Node, e syntax.Entry) Fix {
	end := e.Value.Span().End
	if e.Value.Omitted() {
		end = max(e.Key.Span().End+1, e.Value.Span().End)
	}
	return Fix{Title: "Write `method` and `resource`", Edits: []text.Edit{{
		Span: text.Span{Start: e.Key.Span().Start, End: end},
		New:  "method: " + l.t.Method.Value + "\n" + strings.Repeat(" ", l.column(item)) + "resource: " + write.Text(l.t.Resource.Value, write.Place{}),
	}}}
}

// column is the column at which a block map's keys stand.
func (l *testReader) column(item syntax.Node) int {
	if l.t.Unit == nil {
		return 0
	}
	return columnIn(l.t.Unit.Source, item.Span().Start)
}

// keys reads the keys of a compact or full test. Of a key given twice the first counts, and the syntax layer reports
// the other.
func (l *testReader) keys(entries []syntax.Entry) {
	if l.t.Form != FormFull {
		l.t.entries = entries
	}
	var core []string // the keys of the language so far
	for _, e := range entries {
		name := e.Key.Resolve().Value()
		if slices.Contains(core, name) {
			continue
		}
		if !l.coreKey(name, e) {
			l.t.Fields = append(l.t.Fields, Field{Key: l.text(e.Key, "a key", false), Value: e.Value})
			l.nested(e.Value, name)
			continue
		}
		core = append(core, name)
	}
	if l.t.Form == FormFull && l.t.Name.Value != "" {
		l.t.Head = l.t.Name.Span()
	}
}

// coreKey reads one key of the language; it is false for a plugin's.
func (l *testReader) coreKey(name string, e syntax.Entry) bool {
	t, v := l.t, e.Value
	switch name {
	case "name":
		t.Name = l.text(v, name, true)
		if t.Form == FormCompact && t.Name.Value != "" {
			t.Head = t.Name.Span()
		}
	case "alias":
		t.Alias = l.text(v, name, false)
	case "target":
		t.Target = l.text(v, name, true)
	case "method":
		l.unlessCompact(name, e, &t.Method)
	case "resource":
		l.unlessCompact(name, e, &t.Resource)
	case "headers":
		t.Headers = l.pairs(v, name, true)
	case "timeout":
		t.Timeout = l.text(v, name, true)
	case "skip":
		t.Skip = l.boolean(v, name)
	case "tags":
		t.Tags = l.texts(v, name)
	case "when":
		l.when(v)
	case "matrix":
		t.Matrix = l.matrix(v)
	case "depends":
		t.Depends = l.texts(v, name)
	case "expect":
		t.Expect = l.expect(e, name)
	case "save":
		for _, p := range l.pairs(v, name, false) {
			t.Save = append(t.Save, Save{Name: p.Key, Path: p.Value})
		}
	case "retry":
		t.Retry = l.retry(v)
	default:
		return false
	}
	return true
}

// unlessCompact reads `method` or `resource`, which in a compact test the key says already.
func (l *testReader) unlessCompact(name string, e syntax.Entry, into *Text) {
	if l.t.Form != FormCompact {
		*into = l.text(e.Value, name, true)
		return
	}
	l.warn(e.Key.Span(), CodeShadowedKey, quote(name)+" has no effect here: the compact key says "+quote(shorten(into.Value)))
}

// matrix reads a list of maps.
func (l *testReader) matrix(v syntax.Node) []Row {
	var rows []Row
	items := l.items(v, "matrix")
	for i, item := range items {
		place := "matrix." + strconv.Itoa(i)
		row := Row{Node: item}
		for _, e := range l.entries(item, place) {
			row.Values = append(row.Values, Field{Key: l.text(e.Key, "a key of "+place, false), Value: e.Value})
			l.nested(e.Value, place+"."+e.Key.Resolve().Value())
		}
		rows = append(rows, row)
	}
	if len(items) == 0 && v.Resolve().Kind() == syntax.Sequence {
		l.warn(v.Span(), CodeEmpty, "`matrix` has no row, so the test never runs; add a row such as `- { role: admin }`")
	}
	return rows
}

// retry reads `retry`.
func (l *testReader) retry(v syntax.Node) *Retry {
	r := &Retry{Node: v}
	l.object(v, "retry", map[string]func(syntax.Entry){
		"maxAttempts": func(e syntax.Entry) { r.MaxAttempts = l.text(e.Value, "retry.maxAttempts", false) },
		"interval":    func(e syntax.Entry) { r.Interval = l.text(e.Value, "retry.interval", false) },
		"until":       func(e syntax.Entry) { r.Until = l.expect(e, "retry.until") },
	}, names(retryLevel))
	return r
}

// when reads a condition. One that is not written yet is none; one that is empty text would skip the test whatever happens.
func (l *testReader) when(v syntax.Node) {
	if isNull(v) {
		return
	}
	l.t.When = l.text(v, "when", true)
	if v.Resolve().Kind() == syntax.Scalar && strings.TrimSpace(l.t.When.Value) == "" {
		l.add(Problem{
			Span: v.Span(), Severity: SeverityError, Code: CodeBadValue,
			Message: "the condition is empty, and the test would never run; write one such as `{{ env.STAGE }} != production`, or leave `when` out",
		})
	}
}
