package k6

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/template"
)

//go:embed runtime.js
var runtime string

// Write writes a script for k6 1.x, an ES module that needs no other file.
func Write(s Script) string {
	w := &writer{script: s, taken: reserved()}
	w.names()
	w.header()
	w.options()
	w.targets()
	for i := range s.Tests {
		w.test(i)
	}
	w.entryPoints()
	w.line("// Patterns of the specs, as JavaScript writes them.")
	w.line("const patterns = %s;", w.object(w.patterns, 0))
	w.line("")
	w.line("%s", w.parts())
	return w.out.String()
}

// Losses are what a load loses in k6.
func Losses(l *Load) []Loss {
	_, losses := thresholdsOf(l, nil)
	if l.Profile.RPS > 0 && len(l.Profile.Stages) > 0 {
		losses = append(losses, Loss{Message: "with `rps`, k6 keeps as many users as the largest of the `stages` all the time"})
	}
	if _, exact := turnsOf(l.Flows); !exact {
		losses = append(losses, Loss{Message: fmt.Sprintf("the weights of the scenarios are rounded to shares of %d iterations", maxTurns)})
	}
	return losses
}

// writer writes one script.
type writer struct {
	script Script
	out    strings.Builder
	taken  map[string]bool
	// idents and ids are those of the tests: names in the script, and tags.
	idents, ids []string
	patterns    []entry // of the pattern table, in order of appearance
	fakes       bool    // generated data is used
	methods     bool
	variables   []string
	scope       *Test // whose templates are being written
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(&w.out, format, args...)
	w.out.WriteByte('\n')
}

// comment makes a text safe and short enough for a comment of one line.
func comment(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' || r == '\u200b' || r >= 0x202a && r <= 0x202e || r >= 0x2066 &&
			r <= 0x2069 {
			return ' '
		}
		return r
	}, s)
	return strings.NewReplacer("</", "<\\/", "<!--", "<\\!--", "*/", "*\\/").Replace(s)
}

// names gives every test a name in the script and a tag.
func (w *writer) names() {
	tags := map[string]bool{}
	for i := range w.script.Tests {
		t := &w.script.Tests[i]
		called := t.Alias
		if called == "" {
			called = t.Name
		}
		w.idents = append(w.idents, unique(identifier(called), "", w.taken))
		w.ids = append(w.ids, unique(tag(called), "-", tags))
	}
}

// unique adds a number to a name that is taken.
func unique(name, joint string, taken map[string]bool) string {
	free := name
	for n := 2; taken[free]; n++ {
		free = name + joint + strconv.Itoa(n)
	}
	taken[free] = true
	return free
}

// tag makes a tag's value of a name: k6 takes a threshold on `metric{tag:value}` apart at commas, colons and braces.
func tag(name string) string {
	var b strings.Builder
	for _, r := range name {
		if r == '.' || r == '-' || r == '_' || isWordRune(r) {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	if tag := strings.Trim(b.String(), "-"); tag != "" {
		return tag
	}
	return "test"
}

func isWordRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// identifier makes a name of JavaScript: the words of a text, each but the first with a capital.
func identifier(name string) string {
	var out string
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return !isWordRune(r) }) {
		if strings.ToUpper(part) == part {
			part = strings.ToLower(part) // the method of a one-line test
		}
		if out == "" {
			out = strings.ToLower(part[:1]) + part[1:]
		} else if len(out) < 40 {
			out += strings.ToUpper(part[:1]) + part[1:]
		}
	}
	if out == "" || out[0] >= '0' && out[0] <= '9' {
		return "test" + out
	}
	return out
}

func (w *writer) header() {
	w.line("// This script was written by `speclens export k6` from")
	for _, source := range w.script.Sources {
		w.line("//   %s", comment(source))
	}
	w.line("// for k6 1.x: a test is a function and a group, an assertion a check, and the script needs no other file.")
	// The variables are known when everything is written, so that templates are looked through once more here.
	for i := range w.script.Tests {
		w.collect(&w.script.Tests[i])
	}
	for _, t := range w.script.Targets {
		w.look(t.URL)
	}
	if slices.Sort(w.variables); len(w.variables) > 0 {
		w.line("// It reads these variables from its environment, as in `k6 run -e NAME=value`:")
		for _, name := range slices.Compact(w.variables) {
			w.line("//   %s", comment(name))
		}
	}
	if len(w.script.Notes) > 0 {
		w.line("// What is otherwise here than where speclens runs these specs:")
		for _, note := range w.script.Notes {
			w.line("//   %s", comment(note))
		}
	}
	w.line("import { check, group, sleep } from \"k6\";")
	w.line("import encoding from \"k6/encoding\";")
	w.line("import exec from \"k6/execution\";")
	w.line("import http from \"k6/http\";")
	w.line("import { Counter, Rate } from \"k6/metrics\";")
	w.line("")
}

// collect looks for variables and generators in the templates of a test.
func (w *writer) collect(t *Test) {
	w.look(t.When, t.Method, t.Resource, t.Target, t.Fields)
	for _, target := range t.Targets {
		w.look(target.URL)
	}
	for _, h := range t.Headers {
		w.look(h.Value)
	}
	for _, timeout := range t.Timeouts {
		w.look(timeout)
	}
	for _, row := range t.Matrix {
		w.look(row)
	}
	for _, c := range slices.Concat(t.Expect, t.Until) {
		w.look(c.Raw)
	}
}

func (w *writer) look(values ...any) {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			for _, e := range template.Parse(v).Exprs() {
				if e.Root.Kind == template.Env && e.Root.Key != "" {
					w.variables = append(w.variables, e.Root.Key)
				}
				w.fakes = w.fakes || e.Root.Kind == template.Fake || e.Root.Kind == template.Regex
				w.methods = w.methods || len(e.Methods()) > 0
			}
		case []any:
			w.look(v...)
		case map[string]any:
			for _, inner := range v {
				w.look(inner)
			}
		}
	}
}

// runtime is what every script holds, without the parts that this one has no use for.
func (w *writer) parts() string {
	const methods, data = "\n// ---- Methods ----\n", "\n// ---- Generated data ----\n"
	head, rest, _ := strings.Cut(runtime, methods)
	middle, tail, _ := strings.Cut(rest, data)
	out := strings.TrimSpace(head) + "\n"
	if w.methods || w.fakes {
		out += methods + middle
	} else {
		out += "\nconst methods = {};\n"
	}
	if w.fakes {
		out += data + tail
	} else {
		out += "const generators = {};\n"
	}
	return strings.TrimRight(out, "\n")
}

func (w *writer) targets() {
	if len(w.script.Targets) == 0 {
		return
	}
	var list []entry
	for _, t := range w.script.Targets {
		list = append(list, entry{t.Name, w.value(t.URL, 1)})
	}
	w.line("const targets = %s;", w.object(list, 0))
	w.line("")
}

// test writes the table of one test.
func (w *writer) test(i int) {
	t := &w.script.Tests[i]
	w.scope = t
	defer func() { w.scope = nil }()
	list := []entry{{"id", quote(w.ids[i])}, {"at", quote(t.Where)}, {"name", quote(t.Name)}}
	add := func(key, value string) { list = append(list, entry{key, value}) }
	text := func(key, value string) {
		if value != "" {
			add(key, w.value(value, 1))
		}
	}
	if len(t.Matrix) > 0 {
		add("names", quoted(t.Names))
		rows := make([]any, len(t.Matrix))
		for k, row := range t.Matrix {
			rows[k] = row
		}
		add("matrix", w.value(rows, 1))
	}
	if t.Skip != "" {
		add("skip", quote(t.Skip))
	}
	if t.Broken != "" {
		add("broken", quote(t.Broken))
	}
	w.dataFlow(t, add)
	if t.When != "" {
		c := template.Parse(t.When).Condition()
		parts := []string{w.value(c.Left.Source, 1)}
		if c.Rest.Source != "" {
			w.collectPatterns(c.Rest.Source)
			parts = append(parts, w.value(c.Rest.Source, 1))
		}
		add("when", "["+strings.Join(parts, ", ")+"]")
	}
	text("method", t.Method)
	switch {
	case t.ByName:
		add("target", member("targets", t.Target))
	default:
		text("target", t.Target)
	}
	if len(t.Targets) > 0 {
		var entries []entry
		for _, target := range t.Targets {
			entries = append(entries, entry{target.Name, w.value(target.URL, 2)})
		}
		add("targets", w.object(entries, 1))
	}
	text("resource", t.Resource)
	if len(t.Headers) > 0 {
		var entries []entry
		for _, h := range t.Headers {
			entries = append(entries, entry{h.Name, w.value(h.Value, 2)})
		}
		add("headers", w.object(entries, 1))
	}
	if len(t.Timeouts) > 0 {
		add("timeout", w.value(anyList(t.Timeouts), 1))
	}
	for _, name := range []string{"url", "query", "body", "followRedirects", "maxRedirects"} {
		if v, ok := t.Fields[name]; ok {
			add(name, w.value(v, 1))
		}
	}
	if len(t.Expect) > 0 {
		add("expect", w.checks(t.Expect, 1))
	}
	if t.Attempts > 1 {
		retry := []entry{{"most", strconv.Itoa(t.Attempts)}, {"interval", milliseconds(t.Interval)}}
		if len(t.Until) > 0 {
			retry = append(retry, entry{"until", w.checks(t.Until, 2)})
		}
		add("retry", w.object(retry, 1))
	}
	if len(t.Save) > 0 {
		var entries []entry
		for _, s := range t.Save {
			entries = append(entries, entry{s.Name, quote(s.Path)})
		}
		add("save", w.object(entries, 1))
	}
	w.line("const %s = test(%s);", w.idents[i], w.block(list, 0))
	w.line("")
}

// dataFlow writes which tests a test gets values of.
func (w *writer) dataFlow(t *Test, add func(key, value string)) {
	if len(t.Feeds) > 0 {
		var names []string
		for name := range t.Feeds {
			names = append(names, name)
		}
		slices.Sort(names)
		var entries []entry
		for _, name := range names {
			feed := []entry{{"test", quote(w.ids[t.Feeds[name].Test])}}
			if t.Feeds[name].Saved {
				feed = append(feed, entry{"saved", "true"})
			}
			entries = append(entries, entry{name, w.object(feed, 2)})
		}
		add("feeds", w.object(entries, 1))
	}
	if len(t.Needs) > 0 {
		add("needs", quoted(t.Needs))
	}
	if t.NeedsPrev {
		add("needsPrev", "true")
	}
	if t.Slot != "" {
		add("slot", quote(t.Slot))
	}
}

func (w *writer) checks(list []Check, indent int) string {
	words := map[string]string{"status": "status", "headers": "header", "body": "body", "duration": "duration"}
	parts := make([]string, len(list))
	for i, c := range list {
		w.collectPatterns(c.Raw)
		args := w.value(c.Raw, indent+1)
		if c.Area == "headers" || c.Area == "body" {
			args = quote(c.Name) + ", " + args
		}
		parts[i] = words[c.Area] + "(" + args + ")"
	}
	return lines("[", parts, "]", indent)
}

// quoted is a list of texts without templates.
func quoted(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = quote(s)
	}
	return lines("[", parts, "]", 1)
}

func anyList(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// call is the call of a test.
func (w *writer) call(r Run) string {
	if r.Row < 0 {
		return w.idents[r.Test] + "(run)"
	}
	return fmt.Sprintf("%s(run, %d)", w.idents[r.Test], r.Row)
}

// entryPoints writes the functions that k6 calls.
func (w *writer) entryPoints() {
	calls := func(runs []Run) {
		for _, r := range runs {
			w.line("  %s;", w.call(r))
		}
	}
	l := w.script.Load
	if l == nil {
		w.line("export default function () {")
		w.line("  const run = start();")
		calls(w.script.Setup)
		w.line("}")
		w.line("")
		return
	}
	given := ""
	if len(w.script.Setup) > 0 {
		given = "given"
		w.line("export function setup() {")
		w.line("  const run = start();")
		calls(w.script.Setup)
		w.line("  return pack(run);")
		w.line("}")
		w.line("")
	}
	w.load(l, given)
	if len(w.script.Teardown) > 0 {
		w.line("export function teardown(%s) {", given)
		w.line("  const run = start(%s);", given)
		calls(w.script.Teardown)
		w.line("}")
		w.line("")
	}
}

func (w *writer) load(l *Load, given string) {
	named := len(l.Flows) > 0 && l.Flows[0].Name != ""
	if named {
		var entries []entry
		for _, f := range l.Flows {
			var runs []string
			for _, r := range f.Runs {
				if r.Row < 0 {
					runs = append(runs, w.idents[r.Test])
				} else {
					runs = append(runs, "(run) => "+w.call(r))
				}
			}
			entries = append(entries, entry{f.Name, "[" + strings.Join(runs, ", ") + "]"})
		}
		w.line("const flows = %s;", w.block(entries, 0))
		w.line("// Whose turn it is, by the weights; iterations are counted over all machines of a distributed run.")
		turns, _ := turnsOf(l.Flows)
		var names []string
		for _, i := range turns {
			names = append(names, quote(l.Flows[i].Name))
		}
		w.line("const turns = %s;", wrapped("[", names, "]"))
		w.line("")
	}
	w.line("export default function (%s) {", given)
	if stagger := stagger(l.Profile); stagger > 0 {
		w.line("  sleep((exec.vu.idInTest - 1) * %s); // rampUp: users come one after the other", numberLiteral(stagger.Seconds()))
	}
	w.line("  const run = start(%s);", given)
	switch {
	case named:
		w.line("  run.flow = turns[exec.scenario.iterationInTest %% turns.length];")
		w.line("  for (const one of flows[run.flow]) one(run);")
	case len(l.Flows) > 0:
		for _, r := range l.Flows[0].Runs {
			w.line("  %s;", w.call(r))
		}
	}
	w.line("  rest(run);")
	w.line("}")
	w.line("")
}
