package analysis

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/schema"
)

// PluginInput is what to ask a plugin about one test.
type PluginInput struct {
	// Test is the test's id.
	Test   string
	Plugin plugin.Plugin
	Input  plugin.TestInput
	// Key stands for the whole question: as long as it is the same, so is the answer.
	Key string
}

// PluginInputs lists the tests of a spec whose plugin may have something to say, with the input that its Validate gets:
// defaults are applied, the target's alias is resolved, and templates stay as they are written, listed in Templated.
func PluginInputs(snap *engine.Snapshot, uri string) []PluginInput {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind != engine.KindSpec {
		return nil
	}
	conf := snap.Config(doc.URI)
	registry := snap.Registry()
	p := &pass{snap: snap, doc: doc}
	var inputs []PluginInput
	for _, s := range doc.Spec().Specs {
		for _, t := range s.Tests.All() {
			if t.Form == spec.FormBroken {
				continue
			}
			to := p.target(s, t.Test)
			served := registry.Lookup(to.Protocol)
			if to.Protocol == "" || served == nil {
				continue
			}
			in := input(s.Input(t.Test, conf), to.URL)
			inputs = append(inputs, PluginInput{Test: t.ID, Plugin: served, Input: in, Key: keyOf(in).of(served)})
		}
	}
	return inputs
}

// signature is a text that is the same for the same defaults.
func signature(d spec.Defaults) string {
	var b strings.Builder
	for _, p := range d.Headers {
		fmt.Fprintf(&b, "%q%q", p.Key.Value, p.Value.Value)
	}
	fmt.Fprintf(&b, "|%q", d.Timeout.Value)
	return b.String()
}

// input is the plugin's view of a test.
func input(in spec.Input, target string) plugin.TestInput {
	out := plugin.TestInput{
		Method: in.Method, Resource: in.Resource, Target: target, Headers: in.Headers, Timeout: in.Timeout, Fields: in.Fields,
		Templated: in.Templated,
	}
	if strings.Contains(target, "{{") {
		out.Templated = append(slices.Clone(out.Templated), "target")
	}
	return out
}

// PluginDiagnostics turns what plugins said about the tests of a spec, by test id, into findings: each stands at the field
// that it names, or at the nearest place above it that the user wrote. What a plugin says about a value that still holds a
// template is dropped, unless the plugin understands templates; so is what it says where Run reports that the field does
// not fit the plugin's own description. Tests that no longer exist are left out.
func PluginDiagnostics(snap *engine.Snapshot, uri string, said map[string][]plugin.FieldError) []Diagnostic {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind != engine.KindSpec || len(said) == 0 {
		return nil
	}
	file := doc.Spec()
	return PluginFindings(snap, uri, func(yield func(int, []plugin.FieldError) bool) {
		for i := range file.Tests().Len() {
			if _, t := file.At(i); len(said[t.ID]) > 0 && !yield(i, said[t.ID]) {
				return
			}
		}
	})
}

// PluginFindings is PluginDiagnostics for whoever knows the numbers of the tests in this version of the file.
func PluginFindings(snap *engine.Snapshot, uri string, said iter.Seq2[int, []plugin.FieldError]) []Diagnostic {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind != engine.KindSpec {
		return nil
	}
	conf := snap.Config(doc.URI)
	p := &pass{snap: snap, doc: doc}
	var found []Diagnostic
	for i, errors := range said {
		s, t := doc.Spec().At(i)
		to := p.target(s, t.Test)
		info := snap.Fields().Plugin(to.Protocol)
		in := input(s.Input(t.Test, conf), to.URL)
		own := p.fieldErrors(t, to)
		for _, e := range errors {
			if info != nil && !info.Templates && concerns(in.Templated, e.Field) {
				continue
			}
			d := pluginDiagnostic(s, t, to, e)
			if own.cover(e.Field, d.Span) {
				continue // the plugin's own description has said so
			}
			if info != nil && d.Code == "" {
				d.Code = info.Name + ".validate"
			}
			found = append(found, d)
		}
	}
	return found
}

// fieldErrors are the places of a test at which the description of the plugin's fields was found to be broken.
func (p *pass) fieldErrors(t spec.TestAt, to link.Destination) fieldErrors {
	scope := &testScope{Test: t.Test, fields: p.snap.Fields(), protocol: to.Protocol, strict: p.snap.Settings().Strict}
	errs := fieldErrors{places: map[text.Span]bool{}}
	for _, d := range scope.check() {
		if strings.HasPrefix(d.Code, "field.") && d.Severity <= SeverityWarning && d.Span != t.Head {
			errs.places[t.Abs(d.Span)] = true
		}
	}
	for _, f := range scope.fields.At(schema.LevelTest, to.Protocol) {
		if f.Plugin != "" && f.Spec.Required && !scope.has(f.Name) {
			errs.missing = append(errs.missing, f.Name)
		}
	}
	return errs
}

// fieldErrors are places in a file, and required fields that a test does not have.
type fieldErrors struct {
	places  map[text.Span]bool
	missing []string
}

// cover reports whether what a plugin says about a field at a place is known.
func (f fieldErrors) cover(field string, at text.Span) bool {
	return field != "" && (f.places[at] || slices.Contains(f.missing, field))
}

// concerns reports whether a field is at, above or below a path that holds a template.
func concerns(templated []string, field string) bool {
	return slices.ContainsFunc(templated, func(path string) bool {
		return path == field || strings.HasPrefix(path, field+".") || strings.HasPrefix(field, path+".")
	})
}

func pluginDiagnostic(s *spec.Spec, t spec.TestAt, to link.Destination, e plugin.FieldError) Diagnostic {
	d := Diagnostic{
		Severity: pluginSeverity(e.Severity), Source: SourcePlugin, Code: e.Code, CodeURL: e.DocsURL, Message: e.Message, Test: t.ID,
	}
	var exact bool
	d.Span, exact = fieldSpan(s, t, to, e.Field)
	if !exact && e.Field != "" && !strings.Contains(d.Message, e.Field) {
		d.Message = e.Field + ": " + d.Message
	}
	if e.Fix != nil && exact {
		d.Fixes = []Fix{{
			Title: "Replace with `" + *e.Fix + "`", Preferred: true, Edits: []text.Edit{{Span: d.Span, New: scalar(*e.Fix)}},
		}}
	}
	return d
}

// fieldSpan is where a plugin's field stands; exact says that it is the value of the field itself, written in the test.
func fieldSpan(s *spec.Spec, t spec.TestAt, to link.Destination, field string) (at text.Span, exact bool) {
	path := strings.Split(field, ".")
	switch {
	case field == "":
		return t.Abs(t.Head), false
	case field == "target" && !to.FromTest && to.Text.Present():
		return to.Text.Span(), false // a fix would change every test of the file
	case path[0] == "headers" && len(path) > 1 && !hasHeader(t.Headers, field) && hasHeader(s.Defaults.Headers, field):
		for _, p := range s.Defaults.Headers {
			if strings.EqualFold("headers."+p.Key.Value, field) {
				return p.Value.Span(), false
			}
		}
	}
	return t.LocateField(path)
}

func hasHeader(pairs []spec.Pair, field string) bool {
	return slices.ContainsFunc(pairs, func(p spec.Pair) bool { return strings.EqualFold("headers."+p.Key.Value, field) })
}

func pluginSeverity(s string) Severity {
	switch s {
	case "warning":
		return SeverityWarning
	case "info":
		return SeverityInformation
	case "hint":
		return SeverityHint
	}
	return SeverityError
}

// scalar writes a text as a plain YAML scalar, or in quotes where it would mean something else.
func scalar(s string) string {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\n\t\"'#{}[],&*!|>%@`\\") || strings.Contains(s, ": ") ||
		strings.HasSuffix(s, ":") || strings.HasPrefix(s, "- ") || s == "-" || strings.HasPrefix(s, "? ") {
		return value.JSON(s)
	}
	return s
}
