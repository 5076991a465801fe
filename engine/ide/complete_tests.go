package ide

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// draft is one or more tests to begin with.
type draft struct {
	// prefix is what is typed for it.
	prefix, title, doc, plugin string
	// head are keys of the file that it brings, each with its lines; it is then a whole file.
	head []headKey
	// tests are items of a list at column 0; oneLine says that it is text, which has no place for a target of its own.
	tests   sketch
	oneLine bool
}

type headKey struct {
	name  string
	lines sketch
}

// drafts are those for a plugin: first an example of a test, alone or in one line, then the others that the language has around
// such examples, and those that the plugin declares. Where no plugin is known there is no more than the example.
func (c *completer) drafts(p *schema.PluginSchema) (first, others []draft) {
	first = []draft{{prefix: "test", title: "a test in full", tests: c.test(p, "", "what it shows")}}
	if p == nil {
		return first, nil
	}
	if len(p.Methods) > 0 && len(p.Statuses) > 0 {
		var line sketch
		line.text("- ")
		line.stop("method", methodsOf(p)...)
		line.text(" ")
		line.stop("resource", "/")
		line.text(" -> ")
		line.stop("status", p.Statuses[0].Name)
		first = append(first, draft{prefix: "one line", title: "a test in one line", tests: line, oneLine: true})
	}
	others = []draft{
		{prefix: "matrix", title: "a test for each row", tests: c.matrixTest(p)},
		{prefix: "load-profile", title: "a load that grows, with limits", head: loadProfile(), tests: c.aliased(p, "1", "visit")},
		{
			prefix: "load-scenarios", title: "a load of several kinds of users", head: loadScenarios(),
			tests: append(c.aliased(p, "1", "read"), c.aliased(p, "2", "write")...),
		},
		{
			prefix: "scenario", title: "tests one after the other", head: []headKey{{"mode", sketch{{Text: "mode: scenario\n"}}}},
			tests: append(c.test(p, "1", "first this"), c.test(p, "2", "then that")...),
		},
	}
	for _, s := range p.Snippets {
		if parts, err := s.Parts(); err == nil && sound(parts) {
			others = append(others, draft{prefix: s.Prefix, title: s.Title, doc: foreignMarkdown(s.Description), plugin: p.Name, tests: parts})
		}
	}
	return first, others
}

// sound reports whether the tests of a plugin's snippet are a list of maps, with their places as they are at first.
func sound(tests sketch) bool {
	tree := syntax.Parse(text.New(tests.fill().plain), syntax.Options{})
	if len(tree.Findings()) > 0 || len(tree.Documents()) != 1 {
		return false
	}
	root := tree.Documents()[0].Root
	return root.Kind() == syntax.Sequence && !slices.ContainsFunc(root.Items(), func(n syntax.Node) bool { return n.Kind() != syntax.Mapping })
}

// test is an example of a test for a plugin, as an item of a list; the keys of its places begin with a prefix. Where no
// plugin is known it has what every test may have.
func (c *completer) test(p *schema.PluginSchema, prefix, name string, more ...func(k *sketch)) sketch {
	var k sketch
	k.text("- name: ")
	k.stop(prefix+"name", name)
	for _, add := range more {
		add(&k)
	}
	if p != nil {
		if len(p.Methods) > 0 {
			k.text("\n  method: ")
			k.stop(prefix+"method", methodsOf(p)...)
		}
		if takesResource(p) {
			k.text("\n  resource: ")
			k.stop(prefix+"resource", "/")
		}
		for _, field := range required(p) {
			k.text("\n  " + field + ":")
			var value sketch
			value.value(prefix+field, p.Fields[field], 0)
			k.below(value, "  ")
		}
	}
	k.text("\n  expect:")
	k.below(expectation(p, prefix), "  ")
	k.text("\n")
	return k
}

// aliased is an example of a test that others may name.
func (c *completer) aliased(p *schema.PluginSchema, prefix, alias string) sketch {
	return c.test(p, prefix, alias+" something", func(k *sketch) {
		k.text("\n  alias: ")
		k.freeName(alias)
	})
}

// expectation is what may follow the colon of `expect` at column 0: a status that the plugin declares, else one of its events,
// else a limit of the time that a test may take.
func expectation(p *schema.PluginSchema, prefix string) sketch {
	var k sketch
	switch {
	case p != nil && len(p.Statuses) > 0:
		k.text("\n  status: ")
		k.stop(prefix+"status", statusText(p.Statuses[0].Name, write.Place{}))
	case p != nil && len(p.Events) > 0:
		k.text("\n  events:\n    - kind: ")
		k.stop(prefix+"kind", sortedKeys(p.Events)...)
	default:
		k.text("\n  duration: \"")
		k.stop(prefix+"duration", "< 5s")
		k.text("\"")
	}
	return k
}

// required are the names of the fields that a plugin's tests must have.
func required(p *schema.PluginSchema) []string {
	var names []string
	for _, name := range sortedKeys(p.Fields) {
		if p.Fields[name].Required {
			names = append(names, name)
		}
	}
	return names
}

// takesResource reports whether the tests of a plugin have a resource, as far as it says.
func takesResource(p *schema.PluginSchema) bool { return !unused(p, "resource") }

// matrixTest is a test with rows: what goes out and, where the plugin declares statuses, what comes back.
func (c *completer) matrixTest(p *schema.PluginSchema) sketch {
	key, values := "case", []string{"one", "two"}
	switch names := required(p); {
	case takesResource(p):
		key, values = "resource", []string{"/", "/other"}
	case len(names) > 0:
		// A row has values that stand on one line.
		if some := proposed(p.Fields[names[0]], write.Place{}); len(some) > 0 {
			key, values = names[0], some
		}
	}
	var k sketch
	k.text("- name: \"")
	k.stop("name", "what it shows")
	k.text(" ({{ " + key + " }})\"\n")
	k.text("  matrix:")
	for i := range 2 {
		k.text("\n    - " + key + ": ")
		k.stop("row"+strconv.Itoa(i), values[i%len(values)])
		if len(p.Statuses) > 0 {
			k.text("\n      status: ")
			k.stop("status"+strconv.Itoa(i), statusText(p.Statuses[0].Name, write.Place{}))
		}
	}
	rest := c.test(p, "", "")[2:] // without its name
	k.below(withRow(rest, key, len(p.Statuses) > 0), "")
	return k
}

// withRow puts the values of a row in place of those of a test.
func withRow(test sketch, key string, status bool) sketch {
	out := slices.Clone(test)
	for i, part := range out {
		if part.Kind == schema.PartStop && (part.Key == key || status && part.Key == "status") {
			out[i] = schema.SnippetPart{Text: `"{{ ` + part.Key + ` }}"`}
		}
	}
	return out
}

// loadProfile is a load by stages.
func loadProfile() []headKey {
	var k sketch
	k.text("load:\n  stages:\n    - duration: ")
	k.stop("up", "10s")
	k.text("\n      users: ")
	k.stop("users", "10")
	k.text("\n    - duration: ")
	k.stop("steady", "30s")
	k.text("\n      users: ")
	k.stop("users")
	k.text("\n  thresholds:\n    ")
	for i, m := range spec.Metrics()[:2] {
		if i > 0 {
			k.text("\n    ")
		}
		k.text(m.Name + ":\n      " + m.Stats[0] + ": \"")
		k.stop(m.Name, limitsOf(m, m.Stats[0])[0])
		k.text("\"")
	}
	k.text("\n")
	return []headKey{{"mode", sketch{{Text: "mode: load\n"}}}, {"load", k}}
}

// loadScenarios is a load by scenarios.
func loadScenarios() []headKey {
	var k sketch
	k.text("load:\n  users: ")
	k.stop("users", "10")
	k.text("\n  duration: ")
	k.stop("duration", "30s")
	k.text("\n  scenarios:")
	for i, alias := range []string{"read", "write"} {
		k.text("\n    ")
		k.stop("scenario"+alias, []string{"readers", "writers"}[i])
		k.text(":\n      weight: ")
		k.stop("weight"+alias, []string{"4", "1"}[i])
		k.text("\n      tests: [\"")
		k.freeName(alias)
		k.text("\"]")
	}
	k.text("\n")
	return []headKey{{"mode", sketch{{Text: "mode: load\n"}}}, {"load", k}}
}

// served describes the plugin of a test that would be written here, and whether the file says where it goes.
func (c *completer) served() (p *schema.PluginSchema, hasTarget bool) {
	to := link.Target(c.snap, c.doc, c.scope.spec, nil)
	if strings.TrimSpace(to.Text.Value) == "" {
		return c.firstPlugin(), false
	}
	if to.Protocol != "" {
		return c.snap.Fields().Plugin(to.Protocol), true
	}
	return c.firstPlugin(), true
}

// wholeTests offers tests to begin with as an item of the list at the cursor, behind the dash.
func (c *completer) wholeTests(p *schema.PluginSchema, hasTarget bool, drafts []draft) {
	before := c.lineBefore()
	dash := strings.LastIndexByte(before, '-')
	if dash < 0 {
		dash = c.at.Indent - len("- ") // whoever calls puts it there
	}
	for _, d := range drafts {
		fits := c.at.Quote == 0 && len(c.at.Siblings) == 0 && c.aloneInLine("-") && !c.at.Flow && (hasTarget || !d.oneLine)
		if len(d.head) > 0 || !fits {
			continue
		}
		tests := d.tests
		if !hasTarget && p != nil && len(p.Protocols) > 0 {
			tests = c.withTarget(p, tests)
		}
		c.draft(d, c.resolve(tests).fill(), func(lines string, indent func(int) string) string {
			return placeItems(lines, dash, c.at.Indent, indent)
		})
	}
}

// placeItems puts the lines of a list at column 0 behind the dash of an item, where that has its dash at one column and its keys
// at another.
func placeItems(lines string, dash, content int, indent func(int) string) string {
	var b strings.Builder
	inFirst := true
	for i, line := range strings.Split(strings.TrimRight(lines, " \n"), "\n") {
		if i == 0 {
			b.WriteString(strings.TrimPrefix(line, "- "))
			continue
		}
		inFirst = inFirst && !strings.HasPrefix(line, "- ")
		if inFirst {
			b.WriteString("\n" + indent(content) + strings.TrimPrefix(line, "  "))
		} else {
			b.WriteString("\n" + indent(dash) + line)
		}
	}
	return b.String()
}

// wholeFiles offers files to begin with where the document has no tests yet: those of the plugin at hand, and where nothing
// says which that is, what the other plugins declare too.
func (c *completer) wholeFiles() {
	atRoot := len(c.at.Path) == 0 && !c.at.Flow && c.at.Quote == 0 && c.aloneInLine("")
	switch {
	case atRoot && c.place.level == schema.LevelConfig:
		c.projectFile()
		return
	case !atRoot || c.place.level != schema.LevelFile || slices.Contains(c.at.Siblings, "tests"):
		return
	}
	p, hasTarget := c.served()
	first, others := c.drafts(p)
	if p != nil {
		c.files(p, hasTarget, append(first[:1], others...))
	}
	if hasTarget {
		return
	}
	for _, other := range c.snap.Plugins() {
		if p == nil || other.Name == p.Name {
			continue
		}
		_, others := c.drafts(&other)
		c.files(&other, hasTarget, slices.DeleteFunc(others, func(d draft) bool { return d.plugin == "" }))
	}
}

// files offers files with the tests of drafts.
func (c *completer) files(p *schema.PluginSchema, hasTarget bool, drafts []draft) {
	if len(p.Protocols) == 0 {
		return
	}
	for _, d := range drafts {
		if slices.ContainsFunc(d.head, func(k headKey) bool { return slices.Contains(c.at.Siblings, k.name) }) {
			continue
		}
		var k sketch
		if !hasTarget {
			k.text("target: ")
			k = append(k, c.targetStop(p))
			k.text("\n")
		}
		for _, key := range d.head {
			k = append(k, key.lines...)
		}
		k.text("tests:\n  ")
		k.below(d.tests, "  ")
		c.draft(d, c.resolve(k).fill(), c.placeLines)
	}
}

// projectFile offers the project's configuration to begin with.
func (c *completer) projectFile() {
	p := c.firstPlugin()
	keys := []string{"targets", "defaults", "env", "environments", "runner"}
	taken := slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(c.at.Siblings, k) })
	if p == nil || len(p.Protocols) == 0 || taken {
		return
	}
	scheme := string(p.Protocols[0]) + "://"
	var k sketch
	for _, part := range []struct{ text, key, stop string }{
		{"targets:\n  ", "alias", "api"},
		{": ", "url", scheme + exampleHost},
		{"\ndefaults:\n  timeout: ", "timeout", "10s"},
		{"\nenv:\n  ", "variable", "NAME"},
		{": ", "value", "value"},
		{"\nenvironments:\n  ", "environment", "staging"},
		{":\n    targets:\n      ", "alias", ""},
		{": ", "other", scheme + "staging.example.com"},
		{"\nrunner:\n  maxConcurrent: ", "concurrent", "4"},
	} {
		k.text(part.text)
		if part.stop == "" {
			k.stop(part.key)
		} else {
			k.stop(part.key, part.stop)
		}
	}
	k.text("\n")
	c.draft(draft{prefix: "project", title: "targets, environments and defaults of a project"}, k.fill(), c.placeLines)
}

// placeLines puts lines at the column of the cursor.
func (c *completer) placeLines(lines string, indent func(int) string) string {
	return strings.ReplaceAll(strings.TrimRight(lines, " \n"), "\n", "\n"+indent(c.at.Indent))
}

// draft offers a draft, put where it belongs.
func (c *completer) draft(d draft, f filled, place func(lines string, indent func(int) string) string) {
	whole := func(n int) string { return strings.Repeat(" ", n) }
	c.add(CompletionItem{
		Label: d.prefix, Kind: ItemSnippet, Detail: d.title, Description: d.plugin, Filter: d.prefix, Snippet: true,
		Doc:   strings.TrimSpace(d.doc + "\n\n" + fence("yaml", f.plain)),
		Plain: c.spaced(place(f.plain, whole)),
		Edit: text.Edit{Span: c.at.Replace, New: c.spaced(place(f.snippet, func(n int) string {
			return c.lineIndent(whole(n))
		}))},
	})
}

// withTarget gives each test of a list a target of its own, below its name.
func (c *completer) withTarget(p *schema.PluginSchema, tests sketch) sketch {
	var out sketch
	lineStart, inName := true, false
	for _, part := range tests {
		if part.Kind != schema.PartText {
			out = append(out, part)
			lineStart = false
			continue
		}
		for line := range strings.Lines(part.Text) {
			inName = inName || lineStart && strings.HasPrefix(line, "- ")
			out.text(line)
			lineStart = strings.HasSuffix(line, "\n")
			if inName && lineStart {
				inName = false
				out.text("  target: ")
				out = append(out, c.targetStop(p))
				out.text("\n")
			}
		}
	}
	return out
}

// targetStop is where tests of a plugin may go: the names of the project's targets that lead to it, else a URL.
func (c *completer) targetStop(p *schema.PluginSchema) schema.SnippetPart {
	var k sketch
	k.stop("target", c.targetsOf(p)...)
	return k[0]
}

func (c *completer) targetsOf(p *schema.PluginSchema) []string {
	var names []string
	for _, name := range c.targetNames() {
		to := link.Resolve(c.snap, c.doc.URI, c.scope.spec, name)
		serves := func(protocol schema.Protocol) bool { return strings.EqualFold(string(protocol), string(to.Protocol)) }
		if to.Open && to.Protocol == "" || slices.ContainsFunc(p.Protocols, serves) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return []string{string(p.Protocols[0]) + "://" + exampleHost}
	}
	return names
}

// usableName is a name that stands for itself in a template, in quotes or not.
var usableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// resolve puts names and credentials of the project in their places.
func (c *completer) resolve(k sketch) sketch {
	names := link.NamesOf(c.snap, c.doc.URI)
	taken := map[string]bool{}
	chosen := map[string]string{}
	var credentials []string
	out := slices.Clone(k)
	for i := range out {
		part := &out[i]
		switch part.Kind {
		case schema.PartName:
			name, known := chosen[part.Key]
			if !known {
				name = names.Free(part.Text, func(s string) bool { return !taken[s] })
				chosen[part.Key], taken[name] = name, true
			}
			part.Text = name
		case schema.PartCredential:
			if credentials == nil {
				credentials = []string{}
				for _, cred := range c.credentials() {
					if usableName.MatchString(cred.text) && !cred.unset {
						credentials = append(credentials, "{{ "+cred.text+" }}")
					}
				}
			}
			if len(credentials) > 0 {
				part.Text, part.Choices = credentials[0], credentials
			}
		}
	}
	return out
}

// lineBefore is the text of the line in front of the word at the cursor.
func (c *completer) lineBefore() string {
	start := c.doc.Text.LineStart(c.doc.Text.LineAt(c.at.Replace.Start))
	return strings.TrimPrefix(c.doc.Text.Slice(text.Span{Start: start, End: c.at.Replace.Start}), "\ufeff")
}

// aloneInLine reports whether nothing stands beside the word at the cursor but blanks, or one thing in front of it.
func (c *completer) aloneInLine(but string) bool {
	before := strings.Trim(c.lineBefore(), " ")
	rest := c.doc.Text.Slice(text.Span{Start: c.at.Replace.End, End: lineEnd(c.doc.Text, c.at.Replace.End)})
	return (before == "" || before == but) && strings.TrimSpace(rest) == ""
}
