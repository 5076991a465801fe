package analysis

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
)

// depends checks that `depends` of tests names aliases, and that of files names specs.
func depends(p *pass) []Diagnostic {
	var found []Diagnostic
	p.tests(func(_ *spec.Spec, t spec.TestAt) {
		for _, dep := range t.Depends {
			if len(p.index().Aliased(dep.Value)) > 0 || strings.TrimSpace(dep.Value) == "" {
				continue
			}
			d := Diagnostic{
				Span: t.Abs(dep.Span()), Severity: SeverityError, Source: SourceCheck, Code: "depends.unknown", Fatal: true, Test: t.ID,
				Message: fmt.Sprintf("no test has the alias `%s`", dep.Value),
			}
			if near := spec.Nearest(dep.Value, p.index().AliasNames()); near != "" {
				d.Message += fmt.Sprintf("; did you mean `%s`?", near)
				d.Fixes = replace(d.Span, near)
			} else if p.named(dep.Value) {
				d.Message += "; the test of that name needs an `alias`"
			}
			found = append(found, d)
		}
	})
	for _, s := range p.doc.Spec().Specs {
		for _, need := range link.FileNeeds(p.snap, p.doc, s) {
			if d, wrong := p.fileNeed(need); wrong {
				found = append(found, d)
			}
		}
	}
	return found
}

// named reports whether some test has a name.
func (p *pass) named(name string) bool {
	return slices.ContainsFunc(p.index().Tests(), func(o *link.Place) bool { return o.Name.Value == name })
}

// fileNeed checks one path of the file's `depends`. An editor may not have read the file that is meant, so a path below
// the workspace that the snapshot does not know is looked for by the session, not here.
func (p *pass) fileNeed(need link.FileNeed) (Diagnostic, bool) {
	d := Diagnostic{Span: need.Path.Span(), Severity: SeverityError, Source: SourceCheck, Code: "depends.unknown-file", Fatal: true}
	switch {
	case need.Doc == p.doc:
		d.Code, d.Severity, d.Fatal = "depends.self", SeverityWarning, false
		d.Message = "a file that depends on itself waits for nothing"
		return d, true
	case need.Doc != nil || need.URI == "":
		return Diagnostic{}, false
	}
	d.Message = fmt.Sprintf("`%s` is no spec of this run; the path counts from this file's folder", need.Path.Value)
	var others []string
	for doc := range p.snap.Documents() {
		if rel, err := filepath.Rel(filepath.Dir(p.doc.Path()), doc.Path()); err == nil && doc.Kind == engine.KindSpec && doc != p.doc {
			others = append(others, filepath.ToSlash(rel))
		}
	}
	if near := spec.Nearest(need.Path.Value, others); near != "" {
		d.Message += fmt.Sprintf("; did you mean `%s`?", near)
		d.Fixes = replace(d.Span, near)
	}
	return d, true
}
