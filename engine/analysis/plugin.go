package analysis

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/engine/write"
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
	found, _ := pluginFindings(snap, uri, said, math.MaxInt)
	return found
}

// pluginFindings are the findings of the first tests, up to about as many as are asked for, and how many there are more.
func pluginFindings(
	snap *engine.Snapshot, uri string, said iter.Seq2[int, []plugin.FieldError], most int,
) (found []Diagnostic, more int) {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind != engine.KindSpec {
		return nil, 0
	}
	p := &pass{snap: snap, doc: doc}
	conf, defaults := snap.Config(doc.URI), map[*spec.Spec]string{}
	for i, errors := range said {
		s, t := doc.Spec().At(i)
		if _, known := defaults[s]; !known {
			defaults[s] = signature(s.Defaults)
		}
		to := p.target(s, t.Test)
		list := p.about(s, t, to, errors, terms{snap.Fields(), conf, to.Protocol, to.URL, defaults[s]})
		if len(found) >= most {
			more += len(list)
			continue
		}
		for _, d := range list {
			found = append(found, d.in(t))
		}
	}
	return found, more
}

// about is what a plugin said about a test, as findings whose spans count from where the test does. What is said in an
// unchanged test is put into findings once.
func (p *pass) about(s *spec.Spec, t spec.TestAt, to link.Destination, errors []plugin.FieldError, now terms) []Diagnostic {
	compute := func() any {
		return &about{now, p.snap.Settings().Strict, errors, p.findingsAbout(s, t, to, errors, now.conf)}
	}
	for _, e := range errors {
		if _, ofFile := spanOutside(s, t, to, e.Field); ofFile { // it moves when the test does not
			return compute().(*about).found
		}
	}
	v := t.Remember(aboutKey{}, func(v any) bool {
		a := v.(*about)
		return a.terms == now && a.strict == p.snap.Settings().Strict && len(a.errors) == len(errors) &&
			(len(errors) == 0 || &a.errors[0] == &errors[0])
	}, compute)
	return v.(*about).found
}

// about is what a plugin said about a test, with what the findings depend on.
type about struct {
	terms  terms
	strict bool
	errors []plugin.FieldError
	found  []Diagnostic
}

type aboutKey struct{}

func (p *pass) findingsAbout(
	s *spec.Spec, t spec.TestAt, to link.Destination, errors []plugin.FieldError, conf *spec.Config,
) []Diagnostic {
	var found []Diagnostic
	info := p.snap.Fields().Plugin(to.Protocol)
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
		found = append(found, d.in(spec.TestAt{Base: -t.Base}))
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
	if field == "" {
		return t.Abs(t.Head), false
	}
	if at, ok := spanOutside(s, t, to, field); ok {
		return at, false // a fix would change every test of the file
	}
	return t.LocateField(strings.Split(field, "."))
}

// spanOutside is where a plugin's field stands that the test has from the head of its file; ok is false for all others.
func spanOutside(s *spec.Spec, t spec.TestAt, to link.Destination, field string) (at text.Span, ok bool) {
	if field == "target" && !to.FromTest && to.Text.Present() {
		return to.Text.Span(), true
	}
	if strings.HasPrefix(field, "headers.") && !hasHeader(t.Headers, field) {
		for _, p := range s.Defaults.Headers {
			if strings.EqualFold("headers."+p.Key.Value, field) {
				return p.Value.Span(), true
			}
		}
	}
	return text.Span{}, false
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

// scalar writes what a plugin proposes as a value: numbers, true and false as such, since only the plugin knows whether it
// wants text, and anything else as text.
func scalar(s string) string {
	if _, numeric := value.ParseDecimal(s); numeric || s == "true" || s == "false" {
		return s
	}
	return write.Text(s, write.Place{Flow: true})
}
