package analysis

import (
	"fmt"
	"strings"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/text"
)

// targets checks that every test's target leads to a plugin. A file's target is reported once, and not at each test that
// it counts for.
func targets(p *pass) []Diagnostic {
	var found []Diagnostic
	reported := map[text.Span]bool{}
	p.tests(func(s *spec.Spec, t spec.TestAt) {
		if t.Form == spec.FormBroken {
			return
		}
		to := p.target(s, t.Test)
		if to.Fault == link.FaultNone {
			return
		}
		d := Diagnostic{
			Span: to.Text.Span(), Severity: SeverityError, Source: SourceCheck, Code: targetCode(to.Fault), Message: to.Message,
		}
		switch {
		case to.FromTest:
			d.Span, d.Test = t.Abs(d.Span), t.ID
		case to.Fault == link.FaultNoTarget:
			d.Span, d.Test = t.Abs(t.Head), t.ID
		case reported[d.Span]:
			return
		default:
			reported[d.Span] = true
		}
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
		found = append(found, d)
	})
	return found
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
