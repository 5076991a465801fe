package link

import (
	"path/filepath"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
)

// NeedKind says why a test needs another one.
type NeedKind uint8

// The kinds of needs. NeedValue uses a value of the other test, which therefore must have one; the others ask only for
// their turn.
const (
	NeedValue    NeedKind = iota
	NeedDepends           // `depends` names the other test's alias
	NeedScenario          // the tests of a scenario run in order
)

// Need is one edge: a test and one that must have run before it.
type Need struct {
	Kind NeedKind
	To   *Place
	// Name is the alias or saved name used; empty for NeedScenario.
	Name string
	// At is where the file says so, absolute; zero for NeedScenario.
	At text.Span
}

// Needs are the edges of one test: the names in its templates and in those of the file's `target` and `defaults`, its
// `depends`, and the order of a scenario. A test never needs itself. Names and aliases that nothing provides give no
// edge; the checker reports them.
func (n *Names) Needs(p *Place) []Need {
	var needs []Need
	add := func(kind NeedKind, to *Place, name string, at text.Span) {
		if to != nil && to.Key() != p.Key() {
			needs = append(needs, Need{kind, to, name, at})
		}
	}
	use := func(u Use, base int) {
		if k := u.Ref.Kind; k == template.Name || k == template.Prev {
			r := n.Lookup(p, u.Ref)
			add(NeedValue, r.To, r.Name, u.Root().Shift(base))
		}
	}
	for _, u := range Uses(p.Test) {
		use(u, p.Base)
	}
	for _, at := range p.Spec.Templates {
		if inForce(p.Spec, p.Test, at.Path) {
			for _, ref := range at.Template.Refs() {
				use(Use{at, ref}, 0)
			}
		}
	}
	for _, d := range p.Depends {
		add(NeedDepends, n.alias(p, d.Value), d.Value, p.Abs(d.Span()))
	}
	if p.Spec.Mode.Value == "scenario" {
		add(NeedScenario, n.Before(p), "", text.Span{})
	}
	return needs
}

// inForce reports whether a test uses a templated place of its file: the target only if it has none of its own, and of
// the aliases the one that it names.
func inForce(s *spec.Spec, t *spec.Test, place string) bool {
	switch place {
	case "target":
		return t.Target.Value == ""
	case "defaults.timeout":
		return t.Timeout.Value == ""
	}
	if alias, ok := strings.CutPrefix(place, "targets."); ok {
		target, _ := TargetText(s, t)
		return target.Value == alias
	}
	return true
}

// FileNeed is one path of a spec's `depends`.
type FileNeed struct {
	Path spec.Text
	// URI is the file meant, whether it exists or not.
	URI string
	// Doc is the spec there; nil where the snapshot knows none.
	Doc *engine.Document
}

// FileNeeds are the specs that must have run before the tests of a spec.
func FileNeeds(snap *engine.Snapshot, doc *engine.Document, s *spec.Spec) []FileNeed {
	var needs []FileNeed
	for _, p := range s.Depends {
		need := FileNeed{Path: p}
		if dir := filepath.Dir(doc.Path()); doc.Path() != "" {
			target := filepath.FromSlash(p.Value)
			if !filepath.IsAbs(target) {
				target = filepath.Join(dir, target)
			}
			need.URI = engine.URIFromPath(target)
			if d := snap.Document(need.URI); d != nil && d.Kind == engine.KindSpec {
				need.Doc = d
			}
		}
		needs = append(needs, need)
	}
	return needs
}
