package ide

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/schema"
)

// Hover explains what stands at an offset: a key, a template, an operator, a target or a test's last result. It is nil
// where there is nothing to say.
func Hover(ctx context.Context, snap *engine.Snapshot, uri string, offset int) *HoverInfo {
	doc := snap.Document(uri)
	if doc == nil || doc.Kind == engine.KindOther || ctx.Err() != nil {
		return nil
	}
	h := hoverer{snap: snap, doc: doc, offset: offset}
	if info := anchorHover(doc, offset); info != nil {
		return info
	}
	h.find()
	for _, explain := range []func() *HoverInfo{h.template, h.target, h.key, h.operator, h.method, h.test} {
		if info := explain(); info != nil {
			return info
		}
	}
	return nil
}

type hoverer struct {
	snap   *engine.Snapshot
	doc    *engine.Document
	offset int

	scope scope
	// node is the scalar at the offset, isKey whether it is a key; path leads to it, ending with the key.
	node  syntax.Node
	isKey bool
	path  []syntax.Step
	root  schema.Level
}

// find looks up the scalar at the offset and the way to it.
func (h *hoverer) find() {
	h.root = schema.LevelFile
	if h.doc.Kind == engine.KindConfig {
		h.root = schema.LevelConfig
	}
	found := locate(h.doc.Tree(), h.offset)
	h.node, h.isKey, h.path = found.node, found.isKey, found.path
	h.scope = scopeAt(h.snap, h.doc, found.doc, h.offset)
}

// key explains the key at the offset.
func (h *hoverer) key() *HoverInfo {
	if !h.isKey || len(h.path) == 0 {
		return nil
	}
	name := h.path[len(h.path)-1].Key
	parent := placeAt(h.snap, h.root, h.scope.protocol, h.path[:len(h.path)-1])
	switch {
	case !parent.known:
		return nil
	case parent.expect == expectMatcher:
		if op := expect.OperatorNamed(name); op != nil {
			return h.info(operatorMarkdown(op))
		}
		return h.recorded(append(slices.Clone(parent.path), name), parent.about)
	case parent.expect == expectPaths:
		if info := h.recorded([]string{name}, parent.about); info != nil || parent.about != "headers" {
			return info
		}
		return h.header(name)
	case parent.field.Name == "headers" && parent.spec.Type == schema.TypeMap && h.headerDoc(name) != "":
		return h.header(name)
	case parent.level == schema.LevelTest && compactKey.MatchString(name):
		return h.result()
	case parent.level != "":
		f, ok := h.snap.Fields().Find(parent.level, h.scope.protocol, name)
		if !ok {
			return nil
		}
		md := fieldMarkdown(f)
		if parent.level == schema.LevelTest {
			switch name {
			case "name":
				if r := h.result(); r != nil {
					md = r.Markdown + "\n\n---\n\n" + md
				}
			case "method":
				md += methodList(h.snap.Fields().Plugin(h.scope.protocol))
			}
		}
		return h.info(md)
	}
	if spec, ok := parent.spec.Member(name); ok {
		return h.info(specMarkdown(name, spec, parent.field))
	}
	return nil
}

func (h *hoverer) info(markdown string) *HoverInfo {
	return &HoverInfo{Markdown: markdown, Span: h.node.Span()}
}

// test explains a test where it is named, or all of it where it is one line: by its last result, or by how to run it.
func (h *hoverer) test() *HoverInfo {
	if h.isKey || h.node.IsZero() || len(h.path) == 0 {
		return nil
	}
	last := len(h.path) - 1
	named := h.path[last].Key == "name" && placeAt(h.snap, h.root, h.scope.protocol, h.path[:last]).level == schema.LevelTest
	here := placeAt(h.snap, h.root, h.scope.protocol, h.path)
	oneLine := h.path[last].Index >= 0 && here.test && here.level == schema.LevelTest
	if !named && !oneLine {
		return nil
	}
	return h.result()
}

// result is the last result of the test at the offset, and how to run it.
func (h *hoverer) result() *HoverInfo {
	if h.scope.test == nil {
		return nil
	}
	results := h.snap.Results(keyOf(h.doc, *h.scope.test))
	md := "This test has not been run yet."
	if len(results) > 0 {
		md = resultMarkdown(h.snap, results)
		if !fresh(*h.scope.test, results[0]) {
			md = "*The test was edited since this run.*\n\n" + md
		}
	}
	return h.info(md + "\n\n" + h.howToRun())
}

// howToRun says how the test at the offset is run, with and without an editor that shows lenses.
func (h *hoverer) howToRun() string {
	line := h.doc.Text.LineAt(h.scope.test.Abs(h.scope.test.Head).Start) + 1
	return "Run it by the lens or code action “▶ Run”, or by " + code(fmt.Sprintf("speclens run %s:%d", filepath.Base(h.doc.Path()), line)) + " in its folder."
}

// header explains a header by its name.
func (h *hoverer) header(name string) *HoverInfo {
	doc := h.headerDoc(name)
	if doc == "" {
		return nil
	}
	return h.info("**" + escapeMarkdown(name) + "** — string\n\n" + doc)
}

// headerDoc is what the plugin of the test's protocol says of a header, or, where no target says which that is, any plugin;
// empty for headers that it does not declare.
func (h *hoverer) headerDoc(name string) string {
	plugins := h.snap.Plugins()
	if p := h.snap.Fields().Plugin(h.scope.protocol); p != nil {
		plugins = []schema.PluginSchema{*p}
	}
	for i := range plugins {
		for _, known := range plugins[i].Headers {
			if strings.EqualFold(known.Name, name) {
				return foreignMarkdown(known.Description)
			}
		}
	}
	return ""
}

// methodList lists the methods of a plugin.
func methodList(p *schema.PluginSchema) string {
	if p == nil || len(p.Methods) == 0 {
		return ""
	}
	md := "\n\nMethods of " + escapeMarkdown(p.Name) + ":\n"
	for i, m := range p.Methods {
		if i == maxListed {
			return md + fmt.Sprintf("\n- … %d more", len(p.Methods)-maxListed)
		}
		md += "\n- " + code(m.Name)
		if m.Description != "" {
			md += " — " + foreignMarkdown(m.Description)
		}
	}
	return md
}

// maxListed is how many names a hover lists.
const maxListed = 30

// recorded explains a path of an expectation by what the last response had there.
func (h *hoverer) recorded(at []string, about string) *HoverInfo {
	r := h.scope.lastResult(h.snap, h.doc)
	if r == nil || r.Output == nil {
		return nil
	}
	if about == "headers" {
		for name, v := range r.Output.Headers {
			if strings.EqualFold(name, at[0]) {
				return h.info("In the last response: " + code(v))
			}
		}
		return nil
	}
	v, ok := walkBody(r.Output.Body, at)
	if about != "body" || !ok {
		return nil
	}
	return h.info("In the last response:\n\n" + fence("json", cutBody(bodyText(v))))
}

// method explains the value of `method`.
func (h *hoverer) method() *HoverInfo {
	if h.isKey || len(h.path) == 0 || h.path[len(h.path)-1].Key != "method" {
		return nil
	}
	p := h.snap.Fields().Plugin(h.scope.protocol)
	if p == nil {
		return nil
	}
	for _, m := range p.Methods {
		if strings.EqualFold(m.Name, h.node.Value()) {
			return h.info("**" + escapeMarkdown(m.Name) + "** — " + foreignMarkdown(m.Description) + from(p.Name, p.Version))
		}
	}
	return nil
}

// target explains a target: the URL behind an alias, and which plugin serves it.
func (h *hoverer) target() *HoverInfo {
	if h.isKey || len(h.path) == 0 || h.path[len(h.path)-1].Key != "target" || h.scope.spec == nil || h.node.IsZero() {
		return nil
	}
	target := h.scope.target(h.snap, h.doc)
	if target.URL == "" {
		return nil
	}
	md := code(target.URL)
	if target.Alias != "" {
		md = code(target.Alias) + " is " + md
		if target.AliasFrom != "" {
			md += ", from " + escapeMarkdown(target.AliasFrom)
		}
	}
	if p := h.snap.Fields().Plugin(target.Protocol); p != nil {
		md += fmt.Sprintf("\n\nServed by plugin %s. %s", code(strings.TrimSpace(p.Name+" "+p.Version)), foreignMarkdown(p.Description))
	}
	return h.info(md)
}

// operator explains the operator that an expectation begins with.
func (h *hoverer) operator() *HoverInfo {
	if h.isKey || h.node.Kind() != syntax.Scalar {
		return nil
	}
	p := placeAt(h.snap, h.root, h.scope.protocol, h.path)
	if p.expect == notExpecting || p.expect == expectPaths {
		return nil
	}
	written := strings.TrimSpace(h.node.Value())
	var best *expect.Operator
	for i := range expect.Operators {
		op := &expect.Operators[i]
		if op.TextForm != "" && beginsWith(written, op.Symbol) && (best == nil || len(op.Symbol) > len(best.Symbol)) {
			best = op
		}
	}
	if best == nil {
		return nil
	}
	md := operatorMarkdown(best)
	if best.Operand == expect.TypeOperand {
		if t := expect.TypeNamed(strings.TrimSpace(strings.TrimPrefix(written, best.Symbol))); t != nil {
			md = "**is " + t.Name + "** — " + t.Doc + "\n\n" + md
		}
	}
	return h.info(md)
}

func beginsWith(written, symbol string) bool {
	rest, ok := strings.CutPrefix(written, symbol)
	if !ok {
		return false
	}
	last := symbol[len(symbol)-1]
	isWord := 'a' <= last && last <= 'z' || 'A' <= last && last <= 'Z'
	return !isWord || rest == "" || strings.HasPrefix(rest, " ")
}

func operatorMarkdown(op *expect.Operator) string {
	var forms []string
	for _, f := range []string{op.TextForm, op.MapForm} {
		if f != "" {
			forms = append(forms, code(f))
		}
	}
	md := "**" + op.Name + "** — " + strings.Join(forms, " or ") + "\n\n" + op.Doc
	if op.Example != "" {
		md += "\n\n" + fence("yaml", op.Example)
	}
	return md
}

// fieldMarkdown documents a key.
func fieldMarkdown(f schema.Field) string {
	if f.Plugin != "" {
		return specMarkdown(f.Name, f.Spec, f)
	}
	md := "**" + f.Name + "** — " + detail(f.Spec)
	return md + "\n\n" + cmp.Or(f.Doc, f.Spec.Description)
}

// specMarkdown documents a field by its description; in is the plugin's field that it belongs to.
func specMarkdown(name string, s schema.FieldSpec, in schema.Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** — %s", escapeMarkdown(name), detail(s))
	if s.Deprecated != "" {
		fmt.Fprintf(&b, "\n\n**Deprecated:** %s", foreignMarkdown(string(s.Deprecated)))
	}
	if s.Description != "" {
		fmt.Fprintf(&b, "\n\n%s", foreignMarkdown(s.Description))
	}
	for i, v := range s.Enum {
		fmt.Fprintf(&b, "\n- %s", code(scalarText(v)))
		if i < len(s.EnumDescriptions) {
			b.WriteString(" — " + foreignMarkdown(s.EnumDescriptions[i]))
		}
	}
	if s.Minimum != nil || s.Maximum != nil {
		b.WriteString("\n\nRange:")
		if s.Minimum != nil {
			fmt.Fprintf(&b, " at least %s", s.Minimum)
		}
		if s.Maximum != nil {
			fmt.Fprintf(&b, " at most %s", s.Maximum)
		}
	}
	if s.Pattern != "" {
		fmt.Fprintf(&b, "\n\nMatches %s", code(s.Pattern))
	}
	for i, e := range s.Examples {
		if i == 0 {
			b.WriteString("\n\nExamples:")
		}
		fmt.Fprintf(&b, "\n%s", fence("yaml", name+": "+value.JSON(e)))
	}
	if members := sortedKeys(s.Fields); len(members) > 0 {
		b.WriteString("\n\nKeys:")
		for _, m := range members {
			fmt.Fprintf(&b, "\n- %s — %s", code(m), foreignMarkdown(s.Fields[m].Description))
		}
	}
	if strings.HasPrefix(s.DocsURL, "https://") {
		fmt.Fprintf(&b, "\n\n[Documentation](%s)", strings.NewReplacer(")", "%29", " ", "%20", "(", "%28").Replace(s.DocsURL))
	}
	b.WriteString(from(in.Plugin, in.Version))
	return b.String()
}

func from(plugin, version string) string {
	if plugin == "" {
		return ""
	}
	return "\n\n*plugin " + escapeMarkdown(strings.TrimSpace(plugin+" "+version)) + "*"
}

// template explains the part of a template at the offset.
func (h *hoverer) template() *HoverInfo {
	if h.node.Kind() != syntax.Scalar || !strings.Contains(h.node.Value(), "{{") {
		return nil
	}
	index, ok := h.node.ValueIndex(h.offset)
	if !ok {
		return nil
	}
	for _, e := range template.Parse(h.node.Value()).Exprs() {
		if e.Span.Start <= index && index <= e.Span.End {
			md := h.expr(e, index)
			if md == "" {
				return nil
			}
			return &HoverInfo{Markdown: md, Span: text.Span{Start: h.node.ValueOffset(e.Span.Start), End: h.node.ValueOffset(e.Span.End)}}
		}
	}
	return nil
}

func (h *hoverer) expr(e *template.Expr, index int) string {
	for _, call := range e.Methods() {
		if call.Span.Contains(index) {
			for _, m := range template.Methods {
				if m.Name == call.Name {
					return code(m.Signature) + "\n\n" + m.Doc + "\n\n" + fence("", m.Example)
				}
			}
		}
	}
	ref := e.Ref()
	switch ref.Kind {
	case template.Fake:
		for _, g := range template.Generators {
			if g.Name == ref.Name {
				return code("fake."+g.Signature) + "\n\n" + g.Doc + "\n\n" + fence("", g.Example)
			}
		}
	case template.Env:
		return h.variable(ref.Name)
	case template.Matrix:
		return h.matrixRow(ref.Name)
	case template.Name, template.Prev:
		return h.reference(e, ref)
	}
	for _, r := range template.Roots {
		if r.Kind == ref.Kind && r.Name != "" {
			return code(r.Signature) + "\n\n" + r.Doc
		}
	}
	return ""
}

// variable explains an environment variable: where it comes from and how long it is, never its value.
func (h *hoverer) variable(name string) string {
	v, ok := h.snap.Env(h.doc.URI)[name]
	if !ok {
		return ""
	}
	length := "empty"
	switch n := len(v.Value); {
	case n > 64:
		length = "more than 64 characters"
	case n > 16:
		length = "17 to 64 characters"
	case n > 0:
		length = "up to 16 characters"
	}
	return fmt.Sprintf("%s — from %s, %s. Its value is masked.", code("env."+name), escapeMarkdown(v.Source), length)
}

func (h *hoverer) matrixRow(key string) string {
	if h.scope.test == nil {
		return ""
	}
	var values []string
	for _, row := range h.scope.test.Matrix {
		for _, f := range row.Values {
			if f.Key.Value == key {
				values = append(values, code(value.Brief(f.Value.Any(), 40)))
			}
		}
	}
	if len(values) == 0 {
		return ""
	}
	return fmt.Sprintf("%s — one of %s", code("matrix."+key), strings.Join(values, ", "))
}

// reference explains an alias or saved value: the test behind it, and what it gave last.
func (h *hoverer) reference(e *template.Expr, ref template.Ref) string {
	if slices.Contains(h.scope.matrixKeys(), ref.Name) && ref.Kind == template.Name {
		return h.matrixRow(ref.Name)
	}
	md := ""
	for _, n := range h.scope.named(h.snap, h.doc, ref.Name) {
		if ref.Kind == template.Prev {
			continue
		}
		md = code(n.name) + " — "
		if !n.alias {
			md += escapeMarkdown(n.detail) + ", "
		}
		md += n.doc
		if doc := h.snap.Document(n.key.URI); doc != nil && doc.URI != h.doc.URI {
			md += " in " + code(filepath.Base(doc.Path()))
		}
		break
	}
	if ref.Kind == template.Prev {
		md = code("prev") + " — the test before this one"
	}
	if md == "" {
		return ""
	}
	r, at, isAlias := h.scope.source(h.snap, h.doc, e.Root, ref.Path.Segments)
	if r == nil {
		return md + "\n\nIt has not been run yet; a run of this test runs it first."
	}
	v, ok := walkSegments(recorded(r, isAlias), at)
	if !ok {
		return md + "\n\nThe last response had nothing there."
	}
	return md + "\n\nLast value:\n\n" + fence("json", cutBody(bodyText(v)))
}
