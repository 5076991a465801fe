package analysis

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
)

// dependsOfTest checks that `depends` of a test names aliases.
func dependsOfTest(n *nameCheck, at *link.Place) []Diagnostic {
	var found []Diagnostic
	for _, dep := range at.Depends {
		if strings.TrimSpace(dep.Value) == "" || n.index().FirstAliased(dep.Value) != nil {
			continue
		}
		d := Diagnostic{
			Span: dep.Span(), Severity: SeverityError, Source: SourceCheck, Code: "depends.unknown", Fatal: true,
			Message: fmt.Sprintf("no test has the alias `%s`", dep.Value),
		}
		if near := spec.Nearest(dep.Value, n.index().AliasNames()); near != "" {
			d.Message += fmt.Sprintf("; did you mean `%s`?", near)
			d.Fixes = replace(d.Span, near)
		} else if n.index().HasTestNamed(dep.Value) {
			d.Message += "; the test of that name needs an `alias`"
		}
		found = append(found, d)
	}
	return found
}

// dependsOfFile checks that `depends` of a file names specs.
func dependsOfFile(p *pass) []Diagnostic {
	var found []Diagnostic
	for _, s := range p.doc.Spec().Specs {
		for _, need := range link.FileNeeds(p.snap, p.doc, s) {
			if d, wrong := p.fileNeed(need); wrong {
				found = append(found, d)
			}
		}
	}
	return found
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
