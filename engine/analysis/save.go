package analysis

import (
	"fmt"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/template"
)

// saves checks the paths of `save`: one that begins with neither `response` nor `events` saves nothing.
func saves(s *testScope) []Diagnostic {
	var found []Diagnostic
	for _, save := range s.Save {
		if d, wrong := savePath(save); wrong {
			d.Source = SourceCheck
			found = append(found, d)
		}
		if d, wrong := saveName(save); wrong {
			d.Source = SourceCheck
			found = append(found, d)
		}
	}
	return found
}

func savePath(save spec.Save) (Diagnostic, bool) {
	written := save.Path.Value
	d := Diagnostic{Span: save.Path.Span(), Severity: SeverityWarning, Code: "save.path"}
	switch {
	case strings.TrimSpace(written) == "":
		d.Span = save.Name.Span()
		d.Message = fmt.Sprintf("`%s` is saved from nowhere; write a path such as `response.body.%s`", save.Name.Value, save.Name.Value)
		return d, true
	case strings.Contains(written, "{{"):
		fix := save.Meant()
		d.Message = fmt.Sprintf("templates are not resolved in `save`; write a path such as `%s`", fix)
		d.Fixes = replace(d.Span, fix)
		return d, true
	}
	p := path.Parse(written)
	if len(p.Problems) > 0 {
		d.Span = save.Path.SpanOf(p.Problems[0].Span)
		d.Code, d.Message = p.Problems[0].Code, p.Problems[0].Message
		return d, true
	}
	if len(p.Segments) == 0 {
		d.Message = "this path saves nothing; it begins with `response.` or `events.`"
		return d, true
	}
	first := p.Segments[0]
	if slices.Contains([]string{"response", "events"}, first.Text) {
		return responsePart(save, p)
	}
	fix := save.Meant()
	d.Message = fmt.Sprintf("the path `%s` saves nothing: it begins with neither `response.` nor `events.`; did you mean `%s`?", written, fix)
	d.Fixes = replace(d.Span, fix)
	return d, true
}

// responsePart checks the second step of a path into the response.
func responsePart(save spec.Save, p path.Path) (Diagnostic, bool) {
	if p.Segments[0].Text != "response" || len(p.Segments) < 2 || slices.Contains(responseKeys, p.Segments[1].Text) {
		return Diagnostic{}, false
	}
	second := p.Segments[1]
	d := Diagnostic{
		Span: save.Path.SpanOf(second.TextSpan), Severity: SeverityWarning, Code: "save.path",
		Message: fmt.Sprintf("a response has no `%s`; it has %s", second.Text, spec.List(responseKeys, "and")),
	}
	if near := spec.Nearest(second.Text, responseKeys); near != "" {
		d.Message = fmt.Sprintf("a response has no `%s`; did you mean `%s`?", second.Text, near)
		d.Fixes = replace(d.Span, near)
	}
	return d, true
}

// saveName checks that templates can use the name at all.
func saveName(save spec.Save) (Diagnostic, bool) {
	name := save.Name.Value
	refs := template.Parse("{{ " + name + " }}").Refs()
	if len(refs) == 1 && refs[0].Kind == template.Name && refs[0].Name == name {
		return Diagnostic{}, false
	}
	d := Diagnostic{Span: save.Name.Span(), Severity: SeverityWarning, Code: "save.name"}
	d.Message = fmt.Sprintf("no template can use the name `%s`; choose one of letters, digits, `_` and `-`", name)
	if slices.Contains(roots(), name) {
		d.Message = fmt.Sprintf("no template can use the name `%s`, which has a meaning of its own; choose another", name)
	}
	return d, true
}
