package analysis

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// Check is one thing that the checker looks for.
type Check struct {
	// Name is for messages and tests.
	Name string
	// Config says that the check looks at configurations; all others look at specs.
	Config bool
	// Over says that the check looks at other files too, so that it has nothing to say of a document without any.
	Over bool
	// Test looks at one test by itself. It may use nothing but what the test's scope holds, since its findings are kept
	// for as long as that stays the same; spans count from where the test does.
	Test func(s *testScope) []Diagnostic
	// Linked looks at one test among those whose names it can use, and at where it goes. What it finds is kept as long as
	// neither changes; spans are absolute, as if the test began at 0 — see placed.
	Linked func(n *nameCheck, at *link.Place) []Diagnostic
	// Document looks at a whole document; spans are absolute.
	Document func(p *pass) []Diagnostic
}

// All are the checks, in the order in which they run.
var All = []Check{
	{Name: "syntax", Document: syntaxFindings},
	{Name: "structure", Document: structureOfFile, Test: structureOfTest},
	{Name: "targets", Over: true, Document: targetsOfFile, Linked: targetOfTest},
	{Name: "fields", Test: fieldsOfTest},
	{Name: "values", Document: valuesOfFile, Test: valuesOfTest},
	{Name: "templates", Document: templatesOfFile, Test: templatesOfTest},
	{Name: "names", Over: true, Document: namesOfFile, Linked: namesOfTest},
	{Name: "conditions", Test: conditions},
	{Name: "assertions", Test: assertions},
	{Name: "save", Test: saves},
	{Name: "retry", Test: retries},
	{Name: "matrix", Test: matrix},
	{Name: "aliases", Test: aliasName, Linked: aliasOfTest},
	{Name: "depends", Over: true, Document: dependsOfFile, Linked: dependsOfTest},
	{Name: "cycles", Over: true, Document: cycles},
	{Name: "needed of loads", Linked: neededOfLoads},
	{Name: "load", Over: true, Document: loads},

	{Name: "syntax", Config: true, Document: syntaxFindings},
	{Name: "configuration", Config: true, Document: configuration},
}

// pass is one look at one document.
type pass struct {
	ctx  context.Context
	snap *engine.Snapshot
	doc  *engine.Document
	// names is the index of the document's project; use index.
	names *link.Names
	// targets are the targets resolved so far; use target.
	targets map[targetKey]link.Destination
	now     *given // use context
	// most is how many findings of one kind are wanted, and more how many there are beyond those.
	most, more int
}

// targetKey is all that the way of a target depends on within a document.
type targetKey struct {
	spec *spec.Spec
	text string
}

// target is where a test goes. Most tests of a file go to the same place, so it is looked up once.
func (p *pass) target(s *spec.Spec, t *spec.Test) link.Destination {
	written, fromTest := link.TargetText(s, t)
	key := targetKey{s, written.Value}
	to, known := p.targets[key]
	if !known {
		to = link.Resolve(p.snap, p.doc.URI, s, written.Value)
		if p.targets == nil {
			p.targets = map[targetKey]link.Destination{}
		}
		p.targets[key] = to
	}
	to.Text, to.FromTest = written, fromTest
	return to
}

func (p *pass) index() *link.Names {
	if p.names == nil {
		p.names = link.NamesOf(p.snap, p.doc.URI)
	}
	return p.names
}

// testScope is all that a check of a single test may look at.
type testScope struct {
	*spec.Test
	fields   *schema.Composition
	protocol schema.Protocol
	strict   bool
	entries  []syntax.Entry // use Entries
	free     []string       // use freeFields
}

// Entries are those of the test.
func (s *testScope) Entries() []syntax.Entry {
	if s.entries == nil {
		s.entries = s.Test.Entries()
	}
	return s.entries
}

// remembered are the findings of a test together with what they depend on.
type remembered struct {
	fields      *schema.Composition
	protocol    schema.Protocol
	strict      bool
	diagnostics []Diagnostic
}

type rememberedKey struct{}

// Run finds what is wrong in a document, without calling a plugin: what a keystroke needs. The findings of tests that did
// not change since an earlier snapshot are reused. It returns what it has when ctx ends; a document that the snapshot
// does not know, and one that is neither a spec nor a configuration, has no findings. The order is that of Sort.
func Run(ctx context.Context, snap *engine.Snapshot, uri string) []Diagnostic {
	found, _ := RunFirst(ctx, snap, uri, math.MaxInt)
	return found
}

// RunFirst are the first findings of Run, at most as many as are asked for, and how many there are more. In a file in which
// every test is wrong it costs much less than all of them. What is not among the first is counted without regard to its cause.
func RunFirst(ctx context.Context, snap *engine.Snapshot, uri string, most int) (found []Diagnostic, more int) {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind == engine.KindOther {
		return nil, 0
	}
	p := &pass{ctx: ctx, snap: snap, doc: doc, most: most}
	if doc.Kind == engine.KindSpec {
		found = p.eachTest()
	}
	for i := range All {
		if ctx.Err() != nil {
			break
		}
		if c := &All[i]; c.Document != nil && c.Config == (doc.Kind == engine.KindConfig) && (!c.Over || engine.Runnable(uri)) {
			found = append(found, c.Document(p)...)
		}
	}
	Sort(found)
	found = oneEach(doc.Text, found)
	if len(found) > most {
		found, p.more = found[:most], p.more+len(found)-most
	}
	return found, p.more
}

// eachTest runs the checks of single tests. Where it finds more than are asked for, it gives those of the first tests, and
// counts the others: no finding stands before those of an earlier test.
func (p *pass) eachTest() []Diagnostic {
	var found []Diagnostic
	file := p.doc.Spec()
	kinds := []*spec.Findings[[]Diagnostic]{p.alone()}
	if engine.Runnable(p.doc.URI) {
		kinds = append(kinds, p.linked())
	}
	for _, findings := range kinds {
		if p.ctx.Err() != nil {
			// What an interrupted look leaves may be of an earlier version, whose numbers mean other tests.
			return found
		}
		before := len(found)
		for i, list := range findings.All() {
			if len(found)-before >= p.most {
				p.more += len(list)
				continue
			}
			_, t := file.At(i)
			for _, d := range list {
				found = append(found, d.in(t))
			}
		}
	}
	return found
}

// check runs the checks of single tests on one, or remembers what they said.
func (s *testScope) check() []Diagnostic {
	fits := func(v any) bool {
		r := v.(remembered)
		return r.fields == s.fields && r.protocol == s.protocol && r.strict == s.strict
	}
	v := s.Remember(rememberedKey{}, fits, func() any {
		var found []Diagnostic
		for _, c := range All {
			if c.Test != nil {
				found = append(found, c.Test(s)...)
			}
		}
		return remembered{s.fields, s.protocol, s.strict, found}
	})
	return v.(remembered).diagnostics
}

// in places a finding of a test in the test's file. What it is related to is placed already.
func (d Diagnostic) in(t spec.TestAt) Diagnostic {
	d.Test = t.ID
	if t.Base == 0 {
		return d
	}
	d.Span = d.Span.Shift(t.Base)
	d.Fixes = slices.Clone(d.Fixes)
	for i, f := range d.Fixes {
		d.Fixes[i].Edits = slices.Clone(f.Edits)
		for j := range f.Edits {
			d.Fixes[i].Edits[j].Span = d.Fixes[i].Edits[j].Span.Shift(t.Base)
		}
	}
	return d
}

// Sort puts findings in the order of their places, the worse first at the same place.
func Sort(found []Diagnostic) {
	slices.SortStableFunc(found, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Span.End, b.Span.End), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message),
		)
	})
}

// replace is the fix that puts a text in place of a span.
func replace(s text.Span, with string) []Fix { return replaceBy(s, with, with) }

// replaceBy is the fix that puts a name or value in place of a key or value; written is how that is written there.
func replaceBy(s text.Span, with, written string) []Fix {
	return []Fix{{Title: "Replace with `" + with + "`", Preferred: true, Edits: []text.Edit{{Span: s, New: written}}}}
}
