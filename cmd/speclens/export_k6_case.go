package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/cmd/speclens/internal/interchange/k6"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/path"
	httpplugin "github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/run"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
)

// k6Test is a test on its way into the script.
type k6Test struct {
	*k6Export
	unit *run.UnitTest
	conf *spec.Config
	out  k6.Test
}

// test puts a test into the script, once for all of its rows, and says how to run it.
func (x *k6Export) test(u *run.UnitTest) k6.Run {
	at := k6.Run{Test: x.index[u.Key], Row: u.Row}
	if x.script.Tests[at.Test].Where != "" {
		return at
	}
	t := &k6Test{k6Export: x, unit: u, conf: x.snap.Config(u.Doc.URI)}
	t.out.Where = place(x.source, u.Doc, u.Test.Abs(u.Test.Head).Start)
	t.out.Alias, t.out.Name = u.Test.Alias.Value, u.Test.Label()
	for _, row := range u.Test.Matrix {
		values := map[string]any{}
		for _, v := range row.Values {
			values[v.Key.Value] = v.Value.Any()
		}
		t.out.Matrix = append(t.out.Matrix, values)
	}
	t.out.Names = run.RowNames(u.Test.Test)
	if u.Test.Skip.Value {
		t.out.Skip = "the test says `skip: true`"
	}
	t.out.When = u.Test.When.Value
	t.flow()
	t.request()
	t.target()
	t.expectations()
	t.retry()
	t.saves()
	t.templates()
	x.script.Tests[at.Test] = t.out
	return at
}

// cannot says that k6 cannot do what the test asks for: then it is not exported.
func (t *k6Test) cannot(span text.Span, format string, args ...any) {
	t.lose(t.unit.Doc, span, true, format, args...)
	if t.out.Skip == "" {
		t.out.Skip = "not exported: " + fmt.Sprintf(format, args...)
	}
}

func (t *k6Test) warn(span text.Span, format string, args ...any) {
	t.lose(t.unit.Doc, t.unit.Test.Abs(span), false, format, args...)
}

func (t *k6Test) flow() {
	u := t.unit
	for name, feed := range u.Feeds {
		i, known := t.index[feed.Key]
		if !known {
			continue
		}
		if t.out.Feeds == nil {
			t.out.Feeds = map[string]k6.Feed{}
		}
		t.out.Feeds[name] = k6.Feed{Test: i, Saved: feed.Saved}
	}
	for _, name := range u.Wants {
		if _, known := t.out.Feeds[name]; known {
			t.out.Needs = append(t.out.Needs, name)
		}
	}
	if u.UsesPrev {
		t.out.Slot, t.out.NeedsPrev = t.source.Path(u.Doc.URI)+"#"+strconv.Itoa(u.Spec.Doc), u.WantsPrev
	}
}

func (t *k6Test) request() {
	test := t.unit.Test.Test
	t.out.Method, t.out.Resource = test.Method.Value, test.Resource.Value
	layers, timeouts := [][]spec.Pair{test.Headers, t.unit.Spec.Defaults.Headers}, []spec.Text{test.Timeout, t.unit.Spec.Defaults.Timeout}
	if t.conf != nil {
		layers, timeouts = append(layers, t.conf.Defaults.Headers), append(timeouts, t.conf.Defaults.Timeout)
	}
	known := map[string]bool{}
	for _, layer := range layers {
		for _, p := range layer {
			if folded := strings.ToLower(p.Key.Value); !known[folded] {
				known[folded] = true
				t.out.Headers = append(t.out.Headers, k6.Header{Name: p.Key.Value, Value: p.Value.Value})
			}
		}
	}
	for _, timeout := range timeouts {
		if timeout.Value == "" {
			continue
		}
		t.out.Timeouts = append(t.out.Timeouts, timeout.Value)
		if d, err := spec.ParseDuration(timeout.Value); timeout.Template == nil && (err != nil || d > 0) {
			break
		}
	}
	for _, f := range test.Fields {
		name := f.Key.Value
		if !slices.Contains([]string{"url", "query", "body", "followRedirects", "maxRedirects"}, name) {
			t.warn(f.Key.Span(), "the http plugin has no field `%s`, so it is left out", name)
			continue
		}
		if t.out.Fields == nil {
			t.out.Fields = map[string]any{}
		}
		t.out.Fields[name] = f.Value.Any()
	}
}

func (t *k6Test) target() {
	u := t.unit
	target, own := link.TargetText(u.Spec, u.Test.Test)
	d := link.Resolve(t.snap, u.Doc.URI, u.Spec, target.Value)
	span := target.Span()
	if own {
		span = u.Test.Abs(span)
	}
	if !target.Present() {
		span = u.Test.Abs(u.Test.Head)
	}
	switch p := t.snap.Registry().Lookup(d.Protocol); {
	case d.Fault != link.FaultNone:
		t.out.Broken = d.Message
	case d.Protocol == "" || p == nil:
		// A template decides about it when the script runs, which knows http and https only.
	default:
		if _, isHTTP := p.(*httpplugin.Plugin); !isHTTP {
			info := p.Info()
			t.cannot(span, "the protocol %s is spoken by the plugin %s %s, which k6 does not have", d.Protocol, info.Name, info.Version)
		}
	}
	text := strings.TrimSpace(target.Value)
	switch {
	case strings.Contains(text, "{{"):
		t.out.Target = text
		for _, a := range link.Aliases(t.snap, u.Doc.URI, u.Spec) {
			t.out.Targets = append(t.out.Targets, k6.Target{Name: a.Name, URL: a.URL})
		}
	case d.Alias != "":
		t.out.ByName, t.out.Target = true, t.targetName(d.Alias, d.URL)
	default:
		t.out.Target = text
	}
}

// targetName is the name of a target in the script: two files may call different URLs the same.
func (x *k6Export) targetName(alias, url string) string {
	name := alias
	for n := 2; ; n++ {
		i := slices.IndexFunc(x.script.Targets, func(t k6.Target) bool { return t.Name == name })
		if i < 0 {
			x.script.Targets = append(x.script.Targets, k6.Target{Name: name, URL: url})
			return name
		}
		if x.script.Targets[i].URL == url {
			return name
		}
		name = alias + strconv.Itoa(n)
	}
}

func (t *k6Test) expectations() {
	test := t.unit.Test
	t.out.Expect = t.checks(test.Expect)
	if test.Retry != nil {
		t.out.Until = t.checks(test.Retry.Until)
	}
}

func (t *k6Test) checks(e *spec.Expect) []k6.Check {
	if e == nil {
		return nil
	}
	locate := func(at []string) text.Span {
		value, key := e.Locate(at)
		if !key.IsEmpty() {
			value = key
		}
		return t.unit.Test.Abs(value)
	}
	t.dynamic(e, locate)
	var list []k6.Check
	for _, c := range e.Parsed().Checks() {
		if c.Area == "events" {
			t.lose(t.unit.Doc, locate(c.At), true, "k6 reports no events, so the expectation on them is left out")
			continue
		}
		if c.Area == "headers" && value.KindOf(c.Raw) == value.KindList {
			t.lose(t.unit.Doc, locate(c.At), false,
				"k6 joins the values of a repeated header by `, `, so a value that holds one is taken for several")
		}
		if pattern, ok := templatedPattern(c.Raw); ok {
			t.lose(t.unit.Doc, locate(c.At), false, "a template makes the pattern `%s`, so that k6 reads it as JavaScript writes patterns", pattern)
		}
		list = append(list, k6.Check{Area: c.Area, Name: c.Name, Raw: c.Raw})
	}
	return list
}

// dynamic reports what of an expectation a template decides that a script has to know.
func (t *k6Test) dynamic(e *spec.Expect, locate func([]string) text.Span) {
	entries, ok := value.Entries(e.Raw())
	if !ok {
		if e.Raw() != nil {
			t.cannot(locate(nil), "a template makes the whole `expect`, and k6 has to know what is checked")
		}
		return
	}
	for _, key := range []string{"body", "headers", "events"} {
		if s, isText := value.String(entries[key]); isText && strings.Contains(s, "{{") {
			t.cannot(locate([]string{key}), "a template makes all of `%s`, and k6 has to know what is checked", key)
		}
	}
}

// templatedPattern finds a pattern that holds a template.
func templatedPattern(raw any) (pattern string, found bool) {
	switch v := value.Unwrap(raw).(type) {
	case string:
		rest, ok := strings.CutPrefix(strings.TrimSpace(v), "matches ")
		return rest, ok && strings.Contains(rest, "{{")
	case []any:
		for _, item := range v {
			if pattern, found := templatedPattern(item); found {
				return pattern, true
			}
		}
	case map[string]any:
		for _, key := range value.Keys(v) {
			if s, ok := value.String(v[key]); ok && key == "matches" && strings.Contains(s, "{{") {
				return s, true
			}
			if pattern, found := templatedPattern(v[key]); found {
				return pattern, true
			}
		}
	}
	return "", false
}

// retry reads `retry` as the runner does: what is wrong with it makes the test an error.
func (t *k6Test) retry() {
	r := t.unit.Test.Retry
	t.out.Attempts = 1
	if r == nil {
		return
	}
	if s := strings.TrimSpace(r.MaxAttempts.Value); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.out.Broken = fmt.Sprintf("retry.maxAttempts: %q is not a whole number", s)
		}
		t.out.Attempts = max(1, n)
	}
	if r.Interval.Value != "" {
		d, err := spec.ParseDuration(r.Interval.Value)
		if err != nil {
			t.out.Broken = fmt.Sprintf("retry.interval: %v", err)
		}
		t.out.Interval = d
	}
}

func (t *k6Test) saves() {
	for _, s := range t.unit.Test.Save {
		segments := path.Parse(s.Path.Value).Segments
		switch {
		case len(segments) > 0 && segments[0].Text == "response":
			t.out.Save = append(t.out.Save, k6.Save{Name: s.Name.Value, Path: s.Path.Value})
			t.metadata(path.Parse(s.Path.Value), t.unit.Test.Abs(s.Path.Span()))
		case len(segments) > 0 && segments[0].Text == "events":
			t.cannot(t.unit.Test.Abs(s.Path.Span()), "k6 reports no events, so that `%s` cannot be saved", s.Path.Value)
		default:
			t.warn(s.Path.Span(), "the path `%s` begins with neither response. nor events., so nothing is saved", s.Path.Value)
		}
	}
}

// metadata reports what k6 does not know about an exchange.
func (t *k6Test) metadata(p path.Path, at text.Span) {
	if len(p.Segments) < 3 || p.Segments[0].Text != "response" || p.Segments[1].Text != "metadata" {
		return
	}
	if known := []string{"bytes", "proto", "remote", "url", "redirects"}; !slices.Contains(known, p.Segments[2].Text) {
		t.cannot(at, "the script knows %s of the metadata, and not `%s`", spec.List(known, "and"), p.Segments[2].Text)
	}
}

// templates reports templates that ask for what a script does not have.
func (t *k6Test) templates() {
	for _, at := range t.unit.Test.Templates {
		for _, ref := range at.Template.Refs() {
			if ref.Kind != template.Name && ref.Kind != template.Prev {
				continue
			}
			span := t.unit.Test.Abs(at.SpanOf(ref.RootSpan))
			segments := ref.Path.Segments
			if feed, ok := t.out.Feeds[ref.Name]; (ok && !feed.Saved || ref.Kind == template.Prev) && len(segments) > 0 &&
				segments[0].Text == "events" {
				t.cannot(span, "k6 reports no events, so that %s has no value", ref.Expr)
			}
			t.metadata(ref.Path, span)
		}
	}
	if t.unit.Test.When.Present() {
		if strings.TrimSpace(t.unit.Test.When.Value) == "" {
			t.out.Broken = cmp.Or(t.out.Broken, "when: the condition is empty")
			return
		}
		c := template.Parse(t.unit.Test.When.Value).Condition()
		if c.Rest.HasExprs() {
			return
		}
		_, problems := expect.ParseCondition(c.Rest.Source)
		for _, p := range problems {
			if p.Severity != expect.Warning && t.out.Broken == "" {
				t.out.Broken, t.out.When = "when: "+p.Message, ""
			}
		}
	}
}
