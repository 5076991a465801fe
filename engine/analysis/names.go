package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
)

// CodeUnknownName is the code of a template whose name nothing has.
const CodeUnknownName = "template.unknown-name"

// namesOfTest checks the names in a test's templates: variables, aliases, saved values, keys of the matrix, and `prev`.
func namesOfTest(n *nameCheck, at *link.Place) []Diagnostic {
	var found []Diagnostic
	for _, use := range link.Uses(at.Test) {
		if d, wrong := n.use(at, use); wrong {
			d.Source = SourceCheck
			found = append(found, d)
		}
	}
	return found
}

// namesOfFile checks the names in the target and the defaults at the top of a file.
func namesOfFile(p *pass) []Diagnostic {
	n := nameCheck{pass: p}
	var found []Diagnostic
	for i, s := range p.doc.Spec().Specs {
		for _, at := range s.Templates {
			for _, ref := range at.Template.Refs() {
				if d, wrong := n.inFile(i, s, link.Use{At: at, Ref: ref}); wrong {
					d.Source = SourceCheck
					found = append(found, d)
				}
			}
		}
	}
	return found
}

type nameCheck struct {
	*pass
	vars map[string]engine.EnvVar
}

// use checks one name in a template of a test; the span of the finding counts from where the test does.
func (n *nameCheck) use(at *link.Place, u link.Use) (Diagnostic, bool) {
	if !u.Ref.Expr.Closed {
		return Diagnostic{}, false // it is still being typed, and an error anyway
	}
	switch u.Ref.Kind {
	case template.Env:
		return n.variable(u)
	case template.Matrix:
		return n.matrix(at, u)
	case template.Prev:
		return n.prev(at, u)
	case template.Name:
		return n.name(at, u)
	}
	return Diagnostic{}, false
}

// inFile checks one name in the file's target or defaults, which every test of the file resolves for itself.
func (n *nameCheck) inFile(number int, s *spec.Spec, u link.Use) (Diagnostic, bool) {
	switch {
	case u.Ref.Kind == template.Env:
		return n.variable(u)
	case s.Tests.Len() == 0:
		return Diagnostic{}, false
	case u.Ref.Kind == template.Name:
		// A test that is not the one that provides the name stands for all of them.
		first := n.doc.Spec().Starts()[number]
		for i := range s.Tests.Len() {
			at := n.index().At(n.doc.URI, first+i)
			if at == nil || n.index().Lookup(at, u.Ref).Kind != link.RefUnknown {
				return Diagnostic{}, false
			}
		}
		return n.unknown(n.index().At(n.doc.URI, first), u), true
	}
	return Diagnostic{}, false
}

// variable checks `env.NAME`. Which variables exist depends on where the test runs, so an unknown one is a warning unless the
// user wants to be told strictly.
func (n *nameCheck) variable(u link.Use) (Diagnostic, bool) {
	name := u.Ref.Name
	if n.vars == nil {
		n.vars = n.snap.Env(n.doc.URI)
	}
	if _, known := n.vars[name]; known || name == "" || u.Ref.Optional || n.snap.Settings().ProcessEnv {
		return Diagnostic{}, false
	}
	d := Diagnostic{Span: u.Span(), Severity: SeverityWarning, Code: "env.unknown"}
	if n.snap.Settings().Strict {
		d.Severity = SeverityError
	}
	if others := n.environmentsWith(name); len(others) > 0 {
		d.Message = fmt.Sprintf("the variable `%s` exists in the environment %s only; choose one that has it", name, spec.List(others, "and"))
		return d, true
	}
	var known []string
	for k := range n.vars {
		known = append(known, k)
	}
	slices.Sort(known)
	if near := spec.Nearest(name, known); near != "" {
		d.Message = fmt.Sprintf("unknown variable `%s`; did you mean `%s`?", name, near)
		d.Fixes = replace(d.Span, near)
		return d, true
	}
	d.Message = fmt.Sprintf("unknown variable `%s`: neither the chosen environment, nor `.env`, nor `env` of the configuration has it", name)
	d.Message += brokenEnv(n.snap.EnvFile(n.doc.URI))
	if !n.snap.Trusted() {
		d.Message += "; `.env` is not read as long as the workspace is not trusted"
	}
	return d, true
}

func (n *nameCheck) environmentsWith(name string) []string {
	conf := n.snap.Config(n.doc.URI)
	if conf == nil {
		return nil
	}
	var list []string
	for _, e := range conf.Environments {
		if slices.ContainsFunc(e.Env, func(p spec.Pair) bool { return p.Key.Value == name }) {
			list = append(list, e.Name.Value)
		}
	}
	return list
}

func (n *nameCheck) matrix(at *link.Place, u link.Use) (Diagnostic, bool) {
	keys := link.MatrixKeys(at.Test)
	if u.Ref.Name == "" || slices.Contains(keys, u.Ref.Name) {
		return Diagnostic{}, false
	}
	d := Diagnostic{Span: u.Span(), Severity: SeverityError, Code: "matrix.unknown"}
	switch near := spec.Nearest(u.Ref.Name, keys); {
	case len(at.Matrix) == 0:
		d.Message = fmt.Sprintf("this test has no `matrix`, so there is no `matrix.%s`", u.Ref.Name)
	case near != "":
		d.Message = fmt.Sprintf("no row of the matrix has the key `%s`; did you mean `%s`?", u.Ref.Name, near)
		d.Fixes = replace(d.Span, near)
	default:
		d.Message = fmt.Sprintf("no row of the matrix has the key `%s`; its keys are %s", u.Ref.Name, spec.List(keys, "and"))
	}
	return d, true
}

// prev checks that there is a test before, and that the path begins with something that a test has.
func (n *nameCheck) prev(at *link.Place, u link.Use) (Diagnostic, bool) {
	d := Diagnostic{Span: u.Root(), Severity: SeverityError, Code: "template.prev"}
	switch {
	case at.Spec.Mode.Value != "scenario":
		d.Message = "`prev` exists in `mode: scenario` only; give the test before an `alias` and use that"
		return d, true
	case at.Index == 0:
		d.Message = "`prev` has no meaning here: this is the first test of the file"
		return d, true
	}
	return n.record(u, "prev", u.Ref.Path)
}

// name checks an alias, a saved name or a key of the matrix.
func (n *nameCheck) name(at *link.Place, u link.Use) (Diagnostic, bool) {
	r := n.index().Lookup(at, u.Ref)
	switch {
	case u.Ref.Name == "":
		return Diagnostic{}, false // the template's own problem
	case r.Kind == link.RefAlias && r.To.Key() == at.Key():
		return Diagnostic{
			Span: u.Span(), Severity: SeverityError, Code: "template.self",
			Message: fmt.Sprintf("`%s` is this test itself, which has no answer yet when it is sent", r.Name),
		}, true
	case r.Kind == link.RefAlias:
		return n.record(u, r.Name, r.Path)
	case r.Kind != link.RefUnknown || u.Ref.Optional:
		return Diagnostic{}, false
	}
	return n.unknown(at, u), true
}

// unknown words the finding for a name that nothing provides.
func (n *nameCheck) unknown(at *link.Place, u link.Use) Diagnostic {
	name := u.Ref.Name
	d := Diagnostic{
		Span: u.Span(), Severity: SeverityError, Code: CodeUnknownName,
		Message: fmt.Sprintf("unknown name `%s`: no test has this alias, and none saves it", name),
	}
	guess := spec.NewGuess(name)
	guess.Among(link.MatrixKeys(at.Test))
	n.index().GuessAlias(guess)
	n.index().GuessSaved(guess)
	guess.Among(roots())
	switch near := guess.Best(); {
	case slices.ContainsFunc(at.Save, func(s spec.Save) bool { return s.Name.Value == name }):
		d.Message = fmt.Sprintf("`%s` is saved by this test itself, which has no answer yet when it is sent", name)
		d.Code = "template.self"
	case n.isVariable(name):
		d.Message = fmt.Sprintf("unknown name `%s`; the variable of that name is written `env.%s`", name, name)
		d.Fixes = replace(d.Span, "env."+name)
	case near != "":
		d.Message = fmt.Sprintf("unknown name `%s`; did you mean `%s`?", name, near)
		d.Fixes = replace(d.Span, near)
	}
	return d
}

func (n *nameCheck) isVariable(name string) bool {
	if n.vars == nil {
		n.vars = n.snap.Env(n.doc.URI)
	}
	_, ok := n.vars[name]
	return ok
}

// roots are the words that a template may begin with.
func roots() []string {
	var list []string
	for _, r := range template.Roots {
		if r.Name != "" {
			list = append(list, r.Name)
		}
	}
	return list
}

// What a test has, and what its response has, as templates see them.
var (
	recordKeys   = []string{"response", "events", "name"}
	responseKeys = spec.ResponseKeys
)

// record checks the first steps of a path into a test.
func (n *nameCheck) record(u link.Use, name string, p path.Path) (Diagnostic, bool) {
	if len(p.Segments) == 0 {
		return Diagnostic{}, false
	}
	first := p.Segments[0]
	if !slices.Contains(recordKeys, first.Text) {
		return n.part(u, first, name, recordKeys), true
	}
	if first.Text == "response" && len(p.Segments) > 1 && !slices.Contains(responseKeys, p.Segments[1].Text) {
		return n.part(u, p.Segments[1], name+".response", responseKeys), true
	}
	return Diagnostic{}, false
}

func (n *nameCheck) part(u link.Use, s path.Segment, of string, known []string) Diagnostic {
	d := Diagnostic{
		Span: u.At.SpanOf(s.TextSpan), Severity: SeverityError, Code: "template.unknown-path",
		Message: fmt.Sprintf("`%s` has no `%s`; it has %s", of, s.Text, spec.List(known, "and")),
	}
	if near := spec.Nearest(s.Text, known); near != "" && !strings.EqualFold(near, s.Text) {
		d.Message = fmt.Sprintf("`%s` has no `%s`; did you mean `%s`?", of, s.Text, near)
		d.Fixes = replace(d.Span, near)
	}
	return d
}
