package interchange

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// write makes the files, in the order of their first tests.
func (im *openAPIImport) write() []OpenAPIFile {
	var names []string
	byFile := map[string][]*operation{}
	for _, op := range im.ops {
		if byFile[op.file] == nil {
			names = append(names, op.file)
		}
		byFile[op.file] = append(byFile[op.file], op)
	}
	var files []OpenAPIFile
	for _, name := range names {
		file := name
		if file == "" {
			title := ""
			if im.doc.Info != nil {
				title = im.doc.Info.Title
			}
			file = slug(title, "api")
		}
		files = append(files, OpenAPIFile{Name: file + ".qube.yaml", Text: im.file(byFile[name])})
	}
	return files
}

func (im *openAPIImport) file(ops []*operation) string {
	w := &specWriter{}
	title := im.sources.name
	if im.doc.Info != nil && im.doc.Info.Title != "" {
		title = strings.TrimSpace(im.doc.Info.Title + " " + im.doc.Info.Version)
	}
	w.comment(0, "Made of "+title+" by speclens import openapi.")
	body := &specWriter{}
	shared := sharedHeaders(ops)
	body.line(0, "tests:")
	for i, op := range ops {
		if i > 0 {
			body.line(0, "")
		}
		op.auth = slices.DeleteFunc(op.auth, func(h member) bool { return slices.Contains(shared, h) })
		body.operation(op)
	}
	for _, v := range im.variables {
		if strings.Contains(body.b.String(), "env."+v.name) || slices.ContainsFunc(shared, func(h member) bool {
			return strings.Contains(h.value.(string), "env."+v.name)
		}) {
			w.comment(0, "Set "+v.name+" in .env or in an environment: "+v.what+".")
		}
	}
	im.fileTarget(w)
	if len(shared) > 0 {
		w.line(0, "defaults:")
		w.line(1, "headers:")
		for _, h := range shared {
			w.line(2, "%s: %s", scalar(h.key), scalar(h.value.(string)))
		}
	}
	w.line(0, "")
	return w.b.String() + body.b.String()
}

// sharedHeaders are the credentials that every test of a file sends.
func sharedHeaders(ops []*operation) []member {
	var shared []member
	if len(ops) < 2 {
		return nil
	}
	for _, h := range ops[0].auth {
		if !slices.ContainsFunc(ops, func(op *operation) bool { return !slices.Contains(op.auth, h) }) {
			shared = append(shared, h)
		}
	}
	return shared
}

// comment writes a comment line; nothing in it ends it.
func (w *specWriter) comment(indent int, text string) {
	text = strings.Map(func(r rune) rune {
		if steers(r) || r == '\uFFFD' || r == '\uFEFF' {
			return ' '
		}
		return r
	}, text)
	w.line(indent, "# %s", strings.Join(strings.Fields(text), " "))
}

var plainPath = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_-]*)+$`)

// pathScalar writes a path, without quotes where YAML needs none.
func pathScalar(s string) string {
	if plainPath.MatchString(s) {
		return s
	}
	return scalar(s)
}

var spaces = regexp.MustCompile(`\s+`)

// label is a text for people: one line in which {{ begins no template.
func label(s string) string {
	s = strings.TrimSpace(spaces.ReplaceAllString(s, " "))
	for strings.Contains(s, "{{") {
		s = strings.ReplaceAll(s, "{{", "{ {")
	}
	if r := []rune(s); len(r) > 120 {
		s = string(r[:119]) + "…"
	}
	return s
}

func (w *specWriter) operation(op *operation) {
	name := label(op.op.Summary)
	if name == "" {
		name = label(op.method + " " + op.path)
	}
	w.line(1, "- name: %s", scalar(name))
	w.line(2, "alias: %s", op.alias)
	var tags []string
	for _, t := range op.op.Tags {
		if t = label(t); t != "" && !slices.Contains(tags, scalar(t)) {
			tags = append(tags, scalar(t))
		}
	}
	if op.op.Deprecated && !slices.Contains(tags, "deprecated") {
		tags = append(tags, "deprecated")
	}
	if len(tags) > 0 {
		w.line(2, "tags: [%s]", strings.Join(tags, ", "))
	}
	if len(op.depends) > 0 {
		var aliases []string
		for _, d := range op.depends {
			aliases = append(aliases, d.alias)
		}
		w.line(2, "depends: [%s]", strings.Join(aliases, ", "))
	}
	for i, c := range op.comments {
		if !slices.Contains(op.comments[:i], c) {
			w.comment(2, c)
		}
	}
	if op.target != "" {
		w.line(2, "target: %s", scalar(op.target))
	}
	if op.method != "GET" {
		w.line(2, "method: %s", scalar(op.method))
	}
	w.line(2, "resource: %s", scalar(string(op.resource)))
	w.request(op)
	w.expectation(op)
	if len(op.saves) > 0 {
		w.line(2, "save:")
		for _, s := range op.saves {
			w.line(3, "%s: %s", s.key, pathScalar(s.value.(string)))
		}
	}
}

func (w *specWriter) request(op *operation) {
	headers := op.headers
	for i := len(op.auth) - 1; i >= 0; i-- {
		headers = append([]member{{op.auth[i].key, written(op.auth[i].value.(string))}}, headers...)
	}
	seen := map[string]bool{}
	for _, h := range headers {
		folded := strings.ToLower(h.key)
		if seen[folded] {
			continue
		}
		if len(seen) == 0 {
			w.line(2, "headers:")
		}
		seen[folded] = true
		w.line(3, "%s: %s", scalar(h.key), scalar(string(asText(h.value))))
	}
	if len(op.query) > 0 {
		w.b.WriteString("    query:")
		var fields object
		for _, e := range op.query {
			if _, has := fields.get(e.key); !has {
				fields = append(fields, e)
			}
		}
		w.any(fields, 3)
	}
	if op.hasBody {
		w.b.WriteString("    body:")
		w.any(op.body, 3)
	}
	if op.redirects {
		w.line(2, "followRedirects: false")
	}
}

func (w *specWriter) expectation(op *operation) {
	if len(op.expected) == 0 && len(op.expectedHeaders) == 0 {
		w.line(2, "expect: { status: %s }", op.status)
		return
	}
	w.line(2, "expect:")
	w.line(3, "status: %s", op.status)
	for _, part := range []struct {
		name string
		list []member
	}{{"headers", op.expectedHeaders}, {"body", op.expected}} {
		if len(part.list) == 0 {
			continue
		}
		w.line(3, "%s:", part.name)
		for _, e := range part.list {
			w.line(4, "%s: %s", pathScalar(e.key), flow(e.value))
		}
	}
}

// flow is a value on one line.
func flow(v any) string {
	switch v := v.(type) {
	case object:
		var parts []string
		for _, e := range v {
			parts = append(parts, scalar(e.key)+": "+flow(e.value))
		}
		if len(parts) == 0 {
			return "{}"
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = flow(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case string:
		return scalar(escaped(v))
	case written:
		return scalar(string(v))
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

// any writes a value behind a key or a dash.
func (w *specWriter) any(v any, indent int) {
	pad := strings.Repeat("  ", indent)
	switch v := v.(type) {
	case object:
		if len(v) == 0 {
			break
		}
		w.b.WriteString("\n")
		seen := map[string]bool{}
		for _, e := range v {
			if !seen[e.key] {
				seen[e.key] = true
				w.b.WriteString(pad + scalar(e.key) + ":")
				w.any(e.value, indent+1)
			}
		}
		return
	case []any:
		if len(v) == 0 {
			break
		}
		w.b.WriteString("\n")
		for _, e := range v {
			inner := &specWriter{}
			inner.any(e, indent+1)
			item := inner.b.String()
			if lines, ok := strings.CutPrefix(item, "\n"); ok { // the first key stands behind the dash
				item = " " + strings.TrimLeft(lines, " ")
			}
			w.b.WriteString(pad + "-")
			w.b.WriteString(item)
		}
		return
	case json.Number:
		if !json.Valid([]byte(v)) { // a number as YAML writes it, such as +1 or 0x10
			w.b.WriteString(" " + scalar(string(v)) + "\n")
			return
		}
	}
	w.b.WriteString(" " + flow(v) + "\n")
}
