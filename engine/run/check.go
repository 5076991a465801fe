package run

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

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
	aliases := map[string][]*planned{}
	for _, t := range p.tests {
		if a := t.at.Alias.Value; a != "" && files[t.key.URI] != nil {
			aliases[a] = append(aliases[a], t)
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
	for p.checkCycles(in, broken) {
		// Without the files of one cycle there may be another left.
	}
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
		for _, t := range s.Tests {
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
			if need.Doc == nil {
				p.problem(doc.URI, need.Path.Span(), CodeUnknownFileNeed, "`depends` names %q, which is no spec of this run (looked for %s)",
					need.Path.Value, engine.PathFromURI(need.URI))
			}
		}
	}
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
func (p *planner) checkTest(t *planned, aliases map[string][]*planned) {
	if a := t.at.Alias.Value; len(aliases[a]) > 1 {
		other := aliases[a][0]
		if other == t {
			other = aliases[a][1]
		}
		p.problem(t.key.URI, t.at.Abs(t.at.Alias.Span()), CodeDuplicateAlias,
			"the alias `%s` is taken by the test at %s; an alias is unique over the whole run", a, where(other))
	}
	for _, d := range t.at.Depends {
		if d.Value == t.at.Alias.Value {
			continue
		}
		if !slices.ContainsFunc(p.names, func(n *link.Names) bool { return len(n.Aliased(d.Value)) > 0 && n.Test(t.key) != nil }) {
			var known []string
			for _, n := range p.names {
				known = append(known, n.AliasNames()...)
			}
			hint := ""
			if near := spec.Nearest(d.Value, known); near != "" {
				hint = fmt.Sprintf("; did you mean `%s`?", near)
			}
			p.problem(t.key.URI, t.at.Abs(d.Span()), CodeUnknownDepends, "`depends` names `%s`, but no test has that alias%s", d.Value, hint)
		}
	}
}

// checkCycles names the cycles among the tests that are to run, and reports whether there were any.
func (p *planner) checkCycles(in []bool, broken map[string]bool) bool {
	sub, nodes := p.subgraph(func(node int) bool {
		return node < len(in) && in[node] && (node >= len(p.tests) || !broken[p.tests[node].key.URI])
	})
	cycles := sub.cycles()
	for _, cycle := range cycles {
		var tests []*planned
		var parts []string
		for _, i := range cycle {
			if node := nodes[i]; node < len(p.tests) {
				tests = append(tests, p.tests[node])
				parts = append(parts, p.label(p.tests[node]))
			} else {
				parts = append(parts, "all of "+p.gateName(node))
			}
		}
		parts = append(parts, parts[0])
		first := tests[0]
		span := p.needAt(first, tests[1%len(tests)])
		message := "these tests need each other, so none of them can be the first: " + strings.Join(parts, " → ")
		seen := map[string]bool{}
		for _, t := range tests {
			if broken[t.key.URI] = true; !seen[t.key.URI] {
				seen[t.key.URI] = true
				if t != first {
					span = t.at.Abs(t.at.Head)
				}
				p.problem(t.key.URI, span, CodeCycle, "%s", message)
			}
		}
	}
	return len(cycles) > 0
}

// needAt is where a test says that it needs another one, or the test's head where it says so nowhere.
func (p *planner) needAt(t, to *planned) text.Span {
	for _, names := range p.names {
		if names.Test(t.key) == nil {
			continue
		}
		for _, need := range names.Needs(t.place) {
			if need.To == to.place && need.At != (text.Span{}) {
				return need.At
			}
		}
	}
	return t.at.Abs(t.at.Head)
}

// label names a test in a cycle.
func (p *planner) label(t *planned) string {
	name := t.at.Alias.Value
	if name == "" {
		name = t.at.Label()
	}
	return fmt.Sprintf("`%s` (%s)", name, where(t))
}

func (p *planner) gateName(node int) string {
	for uri, g := range p.gates {
		if g == node {
			return fileName(uri)
		}
	}
	return "a file"
}

// where is the file and line of a test, for messages.
func where(t *planned) string {
	return fmt.Sprintf("%s:%d", fileName(t.key.URI), t.file.doc.Text.LineAt(t.at.Abs(t.at.Head).Start)+1)
}

func fileName(uri string) string {
	if path := engine.PathFromURI(uri); path != "" {
		return filepath.Base(path)
	}
	return uri
}
