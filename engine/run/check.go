package run

import (
	"maps"
	"slices"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// check finds what keeps files from being run. It returns the URIs of the broken ones.
func (p *planner) check(in []bool) map[string]bool {
	broken := map[string]bool{}
	files := map[string]*engine.Document{}
	for uri := range p.selected {
		if len(p.sel.Tests) == 0 {
			files[uri] = p.snap.Document(uri)
		}
	}
	for i, t := range p.tests {
		if in[i] {
			files[t.key.URI] = t.file.doc
		}
	}
	uris := make([]string, 0, len(files))
	for uri := range files {
		uris = append(uris, uri)
	}
	slices.Sort(uris)
	before := len(p.problems)
	aliases := map[string][]*link.Place{}
	for _, t := range p.tests {
		if a := t.at.Alias.Value; a != "" && files[t.key.URI] != nil {
			aliases[a] = append(aliases[a], t.place)
		}
	}
	for _, uri := range uris {
		p.docs = append(p.docs, files[uri])
		p.checkDocument(files[uri])
	}
	for _, t := range p.tests {
		if files[t.key.URI] != nil {
			p.checkTest(t, aliases)
			p.checkLoad(t)
		}
	}
	for _, pr := range p.problems[before:] {
		broken[pr.URI] = true
	}
	p.checkConfigs(files, broken)
	p.checkCycles(in, broken)
	return broken
}

// checkDocument lists what the layers below call fatal.
func (p *planner) checkDocument(doc *engine.Document) {
	for _, f := range doc.Findings() {
		if f.Severity == syntax.SeverityError {
			p.problem(doc.URI, f.Span, f.Code, "%s", f.Message)
		}
	}
	for _, s := range doc.Spec().Specs {
		for _, pr := range s.Problems {
			if pr.Fatal {
				p.problem(doc.URI, pr.Span, pr.Code, "%s", pr.Message)
			}
		}
		for _, t := range s.Tests.All() {
			for _, pr := range t.Problems {
				if pr.Fatal {
					p.problem(doc.URI, t.Abs(pr.Span), pr.Code, "%s", pr.Message)
				}
			}
		}
		if p.loads(s) {
			for _, pr := range p.profile(s).problems {
				p.problem(doc.URI, pr.Span, pr.Code, "%s", pr.Message)
			}
		}
		for _, need := range link.FileNeeds(p.snap, doc, s) {
			if b, broken := need.Breach(p.snap, doc); broken {
				p.breach(doc.URI, b.Span, b)
			}
		}
	}
}

// breach is a problem that the checker words alike.
func (p *planner) breach(uri string, span text.Span, b link.Breach) {
	p.problem(uri, span, b.Code, "%s", b.Message)
	p.problems[len(p.problems)-1].Related = b.Related
}

// checkConfigs lists what is wrong with the configurations. A file whose configuration cannot be read is not run: its
// targets, defaults and environment would be others than the user wrote. An unknown key stops nothing.
func (p *planner) checkConfigs(files map[string]*engine.Document, broken map[string]bool) {
	checked := map[string]bool{} // configuration → whether it is broken
	for uri := range files {
		conf := p.snap.ConfigDocument(uri)
		if conf == nil {
			continue
		}
		bad, known := checked[conf.URI]
		if !known {
			bad = p.checkConfig(conf)
			checked[conf.URI] = bad
		}
		if bad {
			broken[uri] = true
		}
	}
}

func (p *planner) checkConfig(conf *engine.Document) (broken bool) {
	for _, f := range conf.Findings() {
		if f.Severity == syntax.SeverityError {
			p.problem(conf.URI, f.Span, f.Code, "%s", f.Message)
			broken = true
		}
	}
	for _, pr := range conf.Config().Problems {
		if !pr.Fatal {
			continue
		}
		p.problem(conf.URI, pr.Span, pr.Code, "%s", pr.Message)
		if pr.Code == spec.CodeUnknownKey {
			p.problems[len(p.problems)-1].Fatal = false
			continue
		}
		broken = true
	}
	return broken
}

// checkTest lists aliases that are not unique, at each of their tests, and `depends` that lead nowhere.
func (p *planner) checkTest(t *planned, aliases map[string][]*link.Place) {
	if others := aliases[t.at.Alias.Value]; len(others) > 1 {
		b := link.Duplicate(t.place, others)
		p.breach(t.key.URI, t.at.Abs(b.Span), b)
	}
	if len(t.at.Depends) == 0 {
		return
	}
	for _, b := range t.file.names.UnknownDepends(t.place) {
		p.breach(t.key.URI, t.at.Abs(b.Span), b)
	}
}

// checkCycles lists the tests that need each other, in every file that has a part in that.
func (p *planner) checkCycles(in []bool, broken map[string]bool) {
	sub, nodes := p.subgraph(func(node int) bool { return node < len(in) && in[node] })
	stuck := map[string]bool{}
	for _, part := range sub.components(sub.levels()) {
		for _, i := range part {
			if node := nodes[i]; node < len(p.tests) {
				stuck[p.tests[node].key.URI] = true
			}
		}
	}
	for _, uri := range slices.Sorted(maps.Keys(stuck)) {
		broken[uri] = true
		all := link.Cycles(p.snap, link.NamesOf(p.snap, uri), uri)
		ours := slices.DeleteFunc(slices.Clone(all), func(cycle []link.Edge) bool {
			return slices.ContainsFunc(cycle, func(e link.Edge) bool {
				t := p.byKey[engine.TestKey{URI: e.URI(), ID: e.TestID()}]
				return t != nil && !in[t.node]
			})
		})
		if len(ours) == 0 {
			ours = all // the selection is stuck in another cycle of the same knot
		}
		for _, b := range link.Deadlocks(ours, uri) {
			p.breach(uri, b.Span, b)
		}
	}
}
