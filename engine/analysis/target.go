package analysis

import (
	"fmt"
	"strings"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// targetOfTest checks that a test's target leads to a plugin. A file's target is reported once, and not at each test that
// it counts for.
func targetOfTest(n *nameCheck, at *link.Place) []Diagnostic {
	if at.Form == spec.FormBroken {
		return nil
	}
	to := n.target(at.Spec, at.Test)
	switch {
	case to.Fault == link.FaultNone, !to.FromTest && to.Fault != link.FaultNoTarget:
		return nil
	case to.Fault == link.FaultNoTarget:
		return []Diagnostic{n.targetFault(at.Spec, to, at.Head)}
	}
	return []Diagnostic{n.targetFault(at.Spec, to, to.Text.Span())}
}

// targetsOfFile checks the targets at the top of a file, as far as tests go there.
func targetsOfFile(p *pass) []Diagnostic {
	var found []Diagnostic
	for _, s := range p.doc.Spec().Specs {
		t := goesAlong(s)
		if t == nil {
			continue
		}
		if to := p.target(s, t); to.Fault != link.FaultNone && to.Fault != link.FaultNoTarget {
			found = append(found, p.targetFault(s, to, to.Text.Span()))
		}
	}
	return found
}

// goesAlong is a test that goes where its spec does; nil where each goes its own way.
func goesAlong(s *spec.Spec) *spec.Test {
	for _, t := range s.Tests.All() {
		if _, fromTest := link.TargetText(s, t.Test); t.Form != spec.FormBroken && !fromTest {
			return t.Test
		}
	}
	return nil
}

func (p *pass) targetFault(s *spec.Spec, to link.Destination, at text.Span) Diagnostic {
	d := Diagnostic{Span: at, Severity: SeverityError, Source: SourceCheck, Code: targetCode(to.Fault), Message: to.Message}
	if to.Fault == link.FaultOtherAlias {
		// Which environment is used is decided when the test is run.
		d.Severity = SeverityWarning
	}
	switch {
	case to.Fault != link.FaultNoAlias:
	case link.LooksLikeHost(strings.TrimSpace(to.Text.Value)):
		d.Fixes = replace(d.Span, "http://"+strings.TrimSpace(to.Text.Value))
	default:
		if near := spec.Nearest(strings.TrimSpace(to.Text.Value), link.AliasNames(p.snap, p.doc.URI, s)); near != "" {
			d.Fixes = replace(d.Span, near)
		}
	}
	if to.Alias != "" {
		d.Related = append(d.Related, Related{
			URI: to.AliasURI, Span: to.AliasAt, Message: fmt.Sprintf("`%s` of %s is %s", to.Alias, to.AliasFrom, quote(to.URL)),
		})
	}
	return d
}

func targetCode(f link.Fault) string {
	switch f {
	case link.FaultNoTarget:
		return "target.missing"
	case link.FaultNoScheme:
		return "target.no-scheme"
	case link.FaultNoPlugin:
		return "target.no-plugin"
	case link.FaultOtherAlias:
		return "target.environment"
	}
	return "target.unknown"
}
