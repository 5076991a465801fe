package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/vector"
	"github.com/speclens/speclens/schema"
)

const retryLevel = schema.LevelRetry

// names are the keys of a level, as the table of core fields lists them.
func names(level schema.Level) []string {
	var list []string
	for _, f := range schema.Core() {
		if f.Level == level {
			list = append(list, f.Name)
		}
	}
	return list
}

// Lower reads the typed model out of a tree. Tests whose text is the same as in the version before are taken over from
// it, by identity; before may be nil.
func Lower(tree *syntax.Tree, before *File) *File {
	f := &File{}
	docs := tree.Documents()
	known := &known{before: before, moved: before != nil && before.docs != len(docs)}
	f.docs = len(docs)
	for i, doc := range docs {
		if s := f.lowerDocument(i, doc, known); s != nil {
			f.Specs = append(f.Specs, s)
		}
	}
	f.list()
	f.identify(before)
	f.share()
	if before != nil {
		f.values.values = before.values.all()
	}
	return f
}

// lowerDocument reads one YAML document; nil where it holds nothing.
func (f *File) lowerDocument(i int, doc syntax.Document, known *known) *Spec {
	if isNull(doc.Root) {
		return nil
	}
	s := &Spec{Doc: i, Span: doc.Span, Keys: map[string]syntax.Node{}}
	l := &fileReader{s: s, doc: doc, known: known}
	switch doc.Root.Resolve().Kind() {
	case syntax.Mapping:
		l.keys()
	case syntax.Sequence:
		start := doc.Root.Span().Start
		l.fatal(doc.Root.Span(), CodeWrongType, "a spec is a map, but this is a list; put the tests under the key `tests`",
			Fix{Title: "Put it under `tests`", Edits: []text.Edit{{Span: text.Span{Start: start, End: start}, New: "tests:\n"}}})
	default:
		l.fatal(doc.Root.Span(), CodeWrongType, "a spec is a map with the key `tests`, but this is "+Describe(doc.Root))
	}
	s.Problems, s.Templates = l.problems.list, l.templates
	return s
}

// fileReader reads the file-level keys of one document.
type fileReader struct {
	reader
	s     *Spec
	doc   syntax.Document
	known *known
}

func (l *fileReader) keys() {
	order := names(schema.LevelFile)
	inTests, inConfig := names(schema.LevelTest), names(schema.LevelConfig)
	entries := l.doc.Root.Merged()
	for _, e := range entries {
		name := e.Key.Resolve().Value()
		if _, twice := l.s.Keys[name]; twice {
			continue
		}
		if l.coreKey(name, e) {
			l.s.Keys[name] = e.Key
			continue
		}
		if strings.HasPrefix(name, freePrefix) {
			continue
		}
		l.s.Unknown = append(l.s.Unknown, Field{Key: l.text(e.Key, "a key", false), Value: e.Value})
		if slices.Contains(inTests, name) && !slices.Contains(order, name) {
			l.fatal(e.Key.Span(), CodeUnknownKey, quote(name)+" belongs in a test, below `tests`, and not at the top of the file")
			continue
		}
		if slices.Contains(inConfig, name) {
			l.fatal(e.Key.Span(), CodeUnknownKey, quote(name)+" belongs in the project's configuration, `.qube.yaml`, and not in a spec")
			continue
		}
		l.unknownKey(e.Key, "a spec", order, entries)
	}
	if l.s.TestsKey.IsZero() && len(l.s.Unknown) == 0 {
		l.warn(firstKey(l.doc), CodeMissingKey, "this spec has no `tests`, so nothing of it runs")
	}
}

// freePrefix begins the keys of a file that mean nothing: a place for anchors.
const freePrefix = "x-"

// firstKey is where to point when a whole document lacks something.
func firstKey(doc syntax.Document) text.Span {
	if entries := doc.Root.Merged(); len(entries) > 0 {
		return entries[0].Key.Span()
	}
	return doc.Root.Span()
}

// coreKey reads one file-level key; it is false for one that the language does not have.
func (l *fileReader) coreKey(name string, e syntax.Entry) bool {
	s, v := l.s, e.Value
	switch name {
	case "target":
		s.Target = l.text(v, name, true)
	case "targets":
		s.Targets = l.pairs(v, name, true)
	case "mode":
		s.Mode = l.oneOf(v, name, schema.LevelFile, CodeBadMode)
	case "defaults":
		s.Defaults = l.defaults(v)
	case "parallel":
		s.Parallel = l.boolean(v, name)
	case "depends":
		s.Depends = l.texts(v, name)
	case "load":
		s.Load = l.load(v)
	case "tests":
		s.TestsKey = e.Key
		l.tests(v)
	default:
		return false
	}
	return true
}

// oneOf reads a text that must be one of the values that the table of core fields allows.
func (r *reader) oneOf(v syntax.Node, place string, level schema.Level, code string) Text {
	t := r.text(v, place, false)
	if t.Value == "" {
		return t
	}
	name := place[strings.LastIndexByte(place, '.')+1:]
	var allowed []string
	for _, f := range schema.Core() {
		if f.Level == level && f.Name == name {
			for _, e := range f.Spec.Enum {
				allowed = append(allowed, fmt.Sprint(e))
			}
		}
	}
	if slices.Contains(allowed, t.Value) {
		return t
	}
	msg := fmt.Sprintf("unknown %s %s; it is one of %s", name, quote(shorten(t.Value)), List(allowed, "and"))
	var fixes []Fix
	if near := Nearest(t.Value, allowed); near != "" {
		msg = fmt.Sprintf("unknown %s %s; did you mean %s? It is one of %s", name, quote(shorten(t.Value)), quote(near), List(allowed, "and"))
		fixes = append(fixes, Fix{Title: "Replace with " + quote(near), Edits: []text.Edit{{Span: t.Span(), New: near}}})
	}
	r.fatal(t.Span(), code, msg, fixes...)
	return t
}

// defaults reads `defaults` of a file or of the configuration.
func (r *reader) defaults(v syntax.Node) Defaults {
	d := Defaults{Node: v}
	r.object(v, "defaults", map[string]func(syntax.Entry){
		"headers": func(e syntax.Entry) { d.Headers = r.pairs(e.Value, "defaults.headers", true) },
		"timeout": func(e syntax.Entry) { d.Timeout = r.text(e.Value, "defaults.timeout", true) },
	}, names(schema.LevelDefaults))
	return d
}

// tests reads the list of tests. Items that the syntax layer made units of are read once and kept.
func (l *fileReader) tests(v syntax.Node) {
	if units := l.units(v); units.Len() > 0 {
		l.s.items = units
		l.s.own = l.known.tests(l.s.Doc, units)
		return
	}
	var b vector.Builder[placed]
	for _, item := range l.items(v, "tests") {
		b.Add(placed{Test: lowerTest(item, nil)}, 0)
	}
	l.s.own = b.Vector()
}

// units are the items of a list that was split into units; none where it was not.
func (l *fileReader) units(v syntax.Node) syntax.Items {
	for _, s := range l.doc.Sections {
		if s.Items.Len() > 0 && s.Value.Same(v) {
			return s.Items
		}
	}
	return syntax.Items{}
}

// load reads `load`.
func (l *fileReader) load(v syntax.Node) *Load {
	ld := &Load{Node: v}
	scalar := func(into *Text) func(syntax.Entry) {
		return func(e syntax.Entry) { *into = l.text(e.Value, "load."+e.Key.Resolve().Value(), false) }
	}
	l.object(v, "load", map[string]func(syntax.Entry){
		"users": scalar(&ld.Users), "duration": scalar(&ld.Duration), "rps": scalar(&ld.RPS), "rampUp": scalar(&ld.RampUp),
		"stages":     func(e syntax.Entry) { ld.Stages = l.stages(e.Value) },
		"thresholds": func(e syntax.Entry) { ld.Thresholds = l.thresholds(e.Value) },
		"scenarios":  func(e syntax.Entry) { ld.Scenarios = l.scenarios(e.Value) },
	}, names(schema.LevelLoad))
	return ld
}

func (l *fileReader) stages(v syntax.Node) []Stage {
	var stages []Stage
	for i, item := range l.items(v, "load.stages") {
		place := "load.stages." + strconv.Itoa(i)
		st := Stage{Node: item}
		l.object(item, place, map[string]func(syntax.Entry){
			"duration": func(e syntax.Entry) { st.Duration = l.text(e.Value, place+".duration", false) },
			"users":    func(e syntax.Entry) { st.Users = l.text(e.Value, place+".users", false) },
		}, names(schema.LevelStage))
		var lacks []string
		for _, f := range []struct {
			name string
			is   Text
		}{{"duration", st.Duration}, {"users", st.Users}} {
			if f.is.Value == "" {
				lacks = append(lacks, quote(f.name))
			}
		}
		if len(lacks) > 0 {
			l.fatal(item.Span(), CodeMissingKey, "a stage must have "+strings.Join(lacks, " and ")+"; without it nobody can tell what the stage does")
		}
		stages = append(stages, st)
	}
	return stages
}

func (l *fileReader) thresholds(v syntax.Node) []Threshold {
	var list []Threshold
	for _, m := range l.entries(v, "load.thresholds") {
		metric := l.text(m.Key, "a metric", false)
		place := "load.thresholds." + metric.Value
		for _, p := range l.pairs(m.Value, place, false) {
			list = append(list, Threshold{Metric: metric, Stat: p.Key, Expr: p.Value})
		}
	}
	return list
}

func (l *fileReader) scenarios(v syntax.Node) []LoadScenario {
	var list []LoadScenario
	for _, e := range l.entries(v, "load.scenarios") {
		sc := LoadScenario{Name: l.text(e.Key, "a scenario", false), Node: e.Value}
		place := "load.scenarios." + sc.Name.Value
		l.object(e.Value, place, map[string]func(syntax.Entry){
			"weight": func(e syntax.Entry) { sc.Weight = l.text(e.Value, place+".weight", false) },
			"tests":  func(e syntax.Entry) { sc.Tests = l.texts(e.Value, place+".tests") },
		}, names(schema.LevelLoadScenario))
		list = append(list, sc)
	}
	return list
}
