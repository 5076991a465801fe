package analysis

import "github.com/speclens/speclens/engine/link"

// dependsOfTest checks that `depends` of a test names aliases.
func dependsOfTest(n *nameCheck, at *link.Place) []Diagnostic {
	var found []Diagnostic
	for _, f := range n.index().UnknownDepends(at) {
		found = append(found, breach(f))
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
	if need.Doc == p.doc {
		return Diagnostic{
			Span: need.Path.Span(), Severity: SeverityWarning, Source: SourceCheck, Code: "depends.self",
			Message: "a file that depends on itself waits for nothing",
		}, true
	}
	f, wrong := need.Breach(p.snap, p.doc)
	if !wrong {
		return Diagnostic{}, false
	}
	return breach(f), true
}
