package link

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// The stable codes of Faults.
const (
	CodeDuplicateAlias = "alias.duplicate"      // an alias that another test has too
	CodeUnknownDepends = "depends.unknown"      // `depends` of a test names no alias
	CodeUnknownFile    = "depends.unknown-file" // `depends` of a file names no spec
	CodeOutsideFile    = "depends.outside"      // `depends` of a file leads out of the project
	CodeCycle          = "depends.cycle"        // tests that need each other
	CodeLoadNeeded     = "load.needed"          // a test that needs one test of a load, which has no single result
)

// Breach is something wrong between tests, which keeps their files from being run. The checker and the runner both say
// it, in the same words.
type Breach struct {
	// Span counts from the beginning of the file, but where a function below says otherwise.
	Span          text.Span
	Code, Message string
	// TestID is the test that it is about; empty for a file.
	TestID string
	// Instead is a name that was probably meant; empty where there is none.
	Instead string
	Related []Related
}

// Related is another place that a Breach is about. Its span is absolute.
type Related struct {
	URI     string
	Span    text.Span
	Message string
}

// mostRelated is how many other places a Breach names: of thousands of tests with the same alias each would name all.
const mostRelated = 10

// Duplicate says that a test's alias is taken by others, of which it names the first. The test itself may be among them. The span counts from the test.
func Duplicate(p *Place, others []*Place) Breach {
	f := Breach{
		Span: p.Alias.Span(), Code: CodeDuplicateAlias, TestID: p.ID,
		Message: fmt.Sprintf("the alias `%s` is taken; an alias is unique over the whole run", p.Alias.Value),
	}
	for _, o := range others {
		if len(f.Related) == mostRelated {
			break
		}
		if o.Key() != p.Key() {
			f.Related = append(f.Related, Related{URI: o.Doc.URI, Span: o.Abs(o.Alias.Span()), Message: "the same alias"})
		}
	}
	return f
}

// UnknownDepends are the names in a test's `depends` that no test has as its alias. The spans count from the test.
func (n *Names) UnknownDepends(p *Place) []Breach {
	var found []Breach
	for _, dep := range p.Depends {
		if strings.TrimSpace(dep.Value) == "" || n.FirstAliased(dep.Value) != nil {
			continue
		}
		guess := spec.NewGuess(dep.Value)
		n.GuessAlias(guess)
		f := Breach{
			Span: dep.Span(), Code: CodeUnknownDepends, TestID: p.ID,
			Message: fmt.Sprintf("no test has the alias `%s`", dep.Value), Instead: guess.Best(),
		}
		switch {
		case f.Instead != "":
			f.Message += fmt.Sprintf("; did you mean `%s`?", f.Instead)
		case n.HasTestNamed(dep.Value):
			f.Message += "; the test of that name needs an `alias`"
		}
		found = append(found, f)
	}
	return found
}

// NeededOfLoads are the tests of loads that a test outside of the load needs: they have as many results as there are
// iterations, so nobody else can mean one of them. The spans are absolute.
func (n *Names) NeededOfLoads(p *Place) []Breach {
	if !n.HasLoads() {
		return nil
	}
	var found []Breach
	for _, need := range n.Needs(p) {
		if need.To.Spec == p.Spec || need.To.Spec.Mode.Value != "load" {
			continue
		}
		at := need.At
		if at.IsEmpty() {
			at = p.Abs(p.Head)
		}
		found = append(found, Breach{
			Span: at, Code: CodeLoadNeeded, TestID: p.ID,
			Message: fmt.Sprintf("`%s` runs many times, as part of a load, so no test outside of that load can need it; put what both need into "+
				"a file of its own", node{test: need.To}.name()),
			Related: []Related{{URI: need.To.Doc.URI, Span: need.To.Abs(need.To.Head), Message: "the test of a load"}},
		})
	}
	return found
}

// Breach says that a file's `depends` leads to no spec; it is false where it does, and where nobody can tell.
func (need FileNeed) Breach(snap *engine.Snapshot, doc *engine.Document) (Breach, bool) {
	if need.Doc != nil || need.URI == "" {
		return Breach{}, false
	}
	if need.Outside {
		return Breach{
			Span: need.Path.Span(), Code: CodeOutsideFile,
			Message: fmt.Sprintf("`%s` leads out of the project, so it is not read; write a path below its folder, or widen the project with --project-root "+
				"or by opening the folder above", need.Path.Value),
		}, true
	}
	f := Breach{
		Span: need.Path.Span(), Code: CodeUnknownFile,
		Message: fmt.Sprintf("`%s` is no spec of this run; the path counts from this file's folder", need.Path.Value),
	}
	var others []string
	for other := range snap.Documents() {
		if rel, err := filepath.Rel(filepath.Dir(doc.Path()), other.Path()); err == nil && other.Kind == engine.KindSpec && other != doc {
			others = append(others, filepath.ToSlash(rel))
		}
	}
	if f.Instead = spec.Nearest(need.Path.Value, others); f.Instead != "" {
		f.Message += fmt.Sprintf("; did you mean `%s`?", f.Instead)
	}
	return f, true
}

// Deadlocks says of each cycle that a file has a part in that nothing of it can begin, at the file's first edge of it.
func Deadlocks(cycles [][]Edge, uri string) []Breach {
	var found []Breach
	for _, c := range cycles {
		var f *Breach
		var names []string
		for _, e := range c {
			names = append(names, "`"+e.FromName()+"`")
			if e.URI() == uri && f == nil {
				f = &Breach{Span: e.Span(), Code: CodeCycle, TestID: e.TestID()}
			}
		}
		if f == nil {
			continue
		}
		f.Message = "these wait for each other, so none can begin: " + strings.Join(append(names, names[0]), " needs ")
		for _, e := range c {
			if e.URI() != uri || e.Span() != f.Span {
				f.Related = append(f.Related, Related{URI: e.URI(), Span: e.Span(), Message: e.FromName() + " needs " + e.ToName()})
			}
		}
		found = append(found, *f)
	}
	return found
}
