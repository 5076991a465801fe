package link

import (
	"path/filepath"
	"slices"
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
	use := func(u Use, base int) {
		if k := u.Ref.Kind; k == template.Name || k == template.Prev {
			if r := n.Lookup(p, u.Ref); r.To != nil && r.To.Key() != p.Key() {
				needs = append(needs, Need{NeedValue, r.To, r.Name, u.Root().Shift(base)})
			}
		}
	}
	for _, u := range Uses(p.Test) {
		use(u, p.Base)
	}
	for _, at := range p.Spec.Templates {
		if InForce(p.Spec, p.Test, at.Path) {
			for _, ref := range at.Template.Refs() {
				use(Use{at, ref}, 0)
			}
		}
	}
	return append(needs, n.Turns(p)...)
}

// Turns are those of Needs that ask for no value: the `depends` of the test, and the order of a scenario.
func (n *Names) Turns(p *Place) []Need {
	var needs []Need
	add := func(kind NeedKind, to *Place, name string, at text.Span) {
		if to != nil && to.Key() != p.Key() {
			needs = append(needs, Need{kind, to, name, at})
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

// InForce reports whether a test uses a templated place of its file: the target and a default only if it has none of its
// own, and of the aliases the one that it names, or any where a template decides.
func InForce(s *spec.Spec, t *spec.Test, place string) bool {
	switch place {
	case "target":
		return t.Target.Value == ""
	case "defaults.timeout":
		return t.Timeout.Value == ""
	}
	if header, ok := strings.CutPrefix(place, "defaults.headers."); ok {
		return !setsHeader(t.Headers, header)
	}
	if alias, ok := strings.CutPrefix(place, "targets."); ok {
		target, _ := TargetText(s, t)
		return names(target, alias)
	}
	return true
}

// ConfigInForce are the templated places of a configuration that a test uses: of the defaults those that neither it nor its
// file sets, and the alias that its target names, in the chosen environment or else outside of all; every alias where a
// template decides. conf may be nil.
func ConfigInForce(conf *spec.Config, environment string, s *spec.Spec, t *spec.Test) []spec.TemplateAt {
	if conf == nil {
		return nil
	}
	target, _ := TargetText(s, t)
	has := func(pairs []spec.Pair, alias string) bool {
		return slices.ContainsFunc(pairs, func(p spec.Pair) bool { return p.Key.Value == alias })
	}
	chosen := func(alias string) bool { // whether the chosen environment has an alias
		return environment != "" && slices.ContainsFunc(conf.Environments, func(e spec.Environment) bool {
			return e.Name.Value == environment && has(e.Targets, alias)
		})
	}
	var list []spec.TemplateAt
	for _, at := range conf.Templates {
		used := false
		if header, ok := strings.CutPrefix(at.Path, "defaults.headers."); ok {
			used = !setsHeader(t.Headers, header) && !setsHeader(s.Defaults.Headers, header)
		} else if at.Path == "defaults.timeout" {
			used = t.Timeout.Value == "" && s.Defaults.Timeout.Value == ""
		} else if alias, ok := strings.CutPrefix(at.Path, "targets."); ok {
			used = names(target, alias) && !has(s.Targets, alias) && !chosen(alias)
		} else if alias, ok := strings.CutPrefix(at.Path, "environments."+environment+".targets."); ok {
			used = names(target, alias) && !has(s.Targets, alias) && chosen(alias)
		}
		if used {
			list = append(list, at)
		}
	}
	return list
}

// names reports whether the text of a target is an alias, or may become one.
func names(target spec.Text, alias string) bool {
	return strings.TrimSpace(target.Value) == alias || strings.Contains(target.Value, "{{")
}

// ConfigNeeds are the edges of a test beside Needs: the names in the templates of its configuration that are in force for it.
// They stand in no spec, so that At is zero.
func (n *Names) ConfigNeeds(snap *engine.Snapshot, p *Place) []Need {
	conf := snap.Config(p.Doc.URI)
	if conf == nil || len(conf.Templates) == 0 {
		return nil
	}
	var needs []Need
	for _, at := range ConfigInForce(conf, snap.EnvironmentName(p.Doc.URI), p.Spec, p.Test) {
		for _, ref := range at.Template.Refs() {
			if ref.Kind != template.Name && ref.Kind != template.Prev {
				continue
			}
			if r := n.Lookup(p, ref); r.To != nil && r.To.Key() != p.Key() {
				needs = append(needs, Need{Kind: NeedValue, To: r.To, Name: r.Name})
			}
		}
	}
	return needs
}

// setsHeader reports whether a header is among some; names are compared without regard to case.
func setsHeader(headers []spec.Pair, name string) bool {
	return slices.ContainsFunc(headers, func(h spec.Pair) bool { return strings.EqualFold(h.Key.Value, name) })
}

// FileNeed is one path of a spec's `depends`.
type FileNeed struct {
	Path spec.Text
	// URI is the file meant, whether it exists or not.
	URI string
	// Doc is the spec there; nil where the snapshot knows none, and where the file is none of the project.
	Doc *engine.Document
	// Outside says that the path leads out of the project, so that nothing is read there.
	Outside bool
}

// FileNeeds are the specs that must have run before the tests of a spec.
func FileNeeds(snap *engine.Snapshot, doc *engine.Document, s *spec.Spec) []FileNeed {
	var needs []FileNeed
	for _, p := range s.Depends {
		need := FileNeed{Path: p}
		if project := snap.Project(doc.URI); project != "" {
			target := filepath.FromSlash(p.Value)
			need.Outside = filepath.IsAbs(target)
			if !need.Outside {
				target = filepath.Join(filepath.Dir(doc.Path()), target)
			}
			need.URI = engine.URIFromPath(target)
			rel, err := filepath.Rel(project, target)
			need.Outside = need.Outside || err != nil || !filepath.IsLocal(rel) || snap.Outside(need.URI)
			if d := snap.Document(need.URI); d != nil && d.Kind == engine.KindSpec && !need.Outside {
				need.Doc = d
			}
		}
		needs = append(needs, need)
	}
	return needs
}
