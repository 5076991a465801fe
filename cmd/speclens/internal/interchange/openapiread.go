package interchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// Bounds on what references bring in.
const (
	maxOpenAPIFiles = 500
	maxOpenAPIBytes = 64 << 20
)

// sources are the document and the files that it refers to, by their names below the document's folder.
type sources struct {
	name  string // of the document, in messages
	root  string // of the document, in files
	files map[string]*source
	size  int
	// notes are about values of a wrong type that were left out.
	notes []string
}

// source is one file, beside its tree: the library has neither the exact values nor the order of keys, the tree does.
type source struct {
	content string
	text    *text.Text
	tree    *syntax.Tree
	// keys is the value of the key that begins at a line and column, both from 1, the column in characters.
	keys map[[2]int]syntax.Node
}

// place is where something is written; its zero value is nowhere. Columns count characters, as the library does.
type place struct {
	file         string
	line, column int
}

func placeOf(o *openapi3.Origin) place {
	if o == nil || o.Key == nil {
		return place{}
	}
	return place{file: o.Key.File, line: o.Key.Line, column: o.Key.Column}
}

// placeIn is the place of a field of an object.
func placeIn(o *openapi3.Origin, field string) place {
	if o == nil {
		return place{}
	}
	if l, ok := o.Fields.Lookup(field); ok {
		return place{file: l.File, line: l.Line, column: l.Column}
	}
	return placeOf(o)
}

// compare orders places as they follow each other; nowhere comes last.
func (p place) compare(q place) int {
	if (p.line == 0) != (q.line == 0) {
		return q.line - p.line
	}
	if c := strings.Compare(p.file, q.file); c != 0 {
		return c
	}
	if p.line != q.line {
		return p.line - q.line
	}
	return p.column - q.column
}

// readSources reads the document and every file that it refers to, and refuses what it must not read. All problems are
// reported, not the first.
func readSources(document string, o OpenAPIOptions) (*sources, error) {
	s := &sources{name: o.Name, root: path.Base(strings.ReplaceAll(o.Name, `\`, "/")), files: map[string]*source{}}
	if o.Dir == nil {
		s.root = "document"
	}
	var problems []string
	add := func(file string, off int, format string, args ...any) {
		problems = append(problems, s.at(file, off)+": "+fmt.Sprintf(format, args...))
	}
	queue := []string{s.root}
	s.add(s.root, strings.TrimPrefix(document, "\ufeff"))
	for len(queue) > 0 {
		file := queue[0]
		queue = queue[1:]
		f := s.files[file]
		if off, msg, broken := f.brokenJSON(file, o.Name); broken {
			add(file, off, "%s", msg)
			continue
		}
		broken := false
		for _, finding := range f.tree.Findings() {
			if finding.Severity != syntax.SeverityError || finding.Code == syntax.CodeUnquotedTemplate {
				continue
			}
			if json.Valid([]byte(f.content)) && finding.Code != syntax.CodeLimit && finding.Code != syntax.CodeDuplicateKey {
				continue // JSON allows a little that YAML does not
			}
			broken = true
			add(file, finding.Span.Start, "%s", finding.Message)
		}
		if broken {
			continue
		}
		for _, ref := range f.references() {
			name, err := s.fileOf(file, ref.Value())
			if err == nil && name != "" && s.files[name] == nil {
				err = s.read(o.Dir, name)
				if err == nil {
					queue = append(queue, name)
				}
			}
			if err != nil {
				add(file, ref.Span().Start, "%s", err)
			}
		}
	}
	if len(problems) == 0 {
		problems = s.tooDeep()
	}
	if len(problems) > 0 {
		return nil, &OpenAPIError{problems}
	}
	return s, s.version()
}

// brokenJSON is what is wrong with a file that is meant as JSON and is none, and the offset.
func (f *source) brokenJSON(name, shown string) (off int, msg string, broken bool) {
	if !strings.HasSuffix(name, ".json") && !strings.HasSuffix(shown, ".json") {
		return 0, "", false
	}
	var wrong *json.SyntaxError
	var v any
	if err := json.Unmarshal([]byte(f.content), &v); errors.As(err, &wrong) {
		return min(max(int(wrong.Offset)-1, 0), len(f.content)), wrong.Error(), true
	}
	return 0, "", false
}

func (s *sources) add(name, content string) {
	if json.Valid([]byte(content)) {
		content = yamlOfJSON(content)
	}
	t := text.New(content)
	s.files[name] = &source{content: t.String(), text: t, tree: syntax.Parse(t, syntax.Options{Units: []string{}})}
	s.size += len(content)
}

// yamlOfJSON rewrites the strings of a JSON text whose escapes and characters YAML readers refuse. Lines stay what they are.
func yamlOfJSON(content string) string {
	if !strings.Contains(content, `\/`) && !strings.Contains(content, `\u`) && !strings.ContainsFunc(content, unprintable) {
		return content
	}
	var b strings.Builder
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRuneInString(content[i:])
		switch {
		case r == '\\' && content[i+1] == '/':
			b.WriteByte('/')
			size = 2
		case r == '\\' && content[i+1] == 'u':
			size = 6
			unit, _ := strconv.ParseUint(content[i+2:i+6], 16, 32)
			switch r = rune(unit); {
			case !utf16.IsSurrogate(r):
				b.WriteString(content[i : i+6])
			case strings.HasPrefix(content[i+6:], `\u`):
				second, _ := strconv.ParseUint(content[i+8:i+12], 16, 32)
				if r = utf16.DecodeRune(r, rune(second)); r != utf8.RuneError {
					size = 12
				}
				b.WriteRune(r)
			default:
				b.WriteRune(utf8.RuneError)
			}
		case r == '\\':
			size = 2
			b.WriteString(content[i : i+2])
		case unprintable(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(content[i : i+size])
		}
		i += size
	}
	return b.String()
}

// unprintable reports whether a character stands in no YAML text but as an escape.
func unprintable(r rune) bool {
	return 0x7f <= r && r <= 0x9f || r == 0xfeff || r == 0xfffe || r == 0xffff
}

// fileOf is the file that a reference names, "" for one within the same file.
func (s *sources) fileOf(from, ref string) (string, error) {
	name, _, _ := strings.Cut(ref, "#")
	if name == "" {
		return "", nil
	}
	u, err := url.Parse(name)
	switch {
	case err != nil:
		return "", fmt.Errorf("the reference %q is no path: %w", ref, err)
	case u.Scheme != "" || u.Host != "":
		return "", fmt.Errorf("the reference %q would be fetched, and an import fetches nothing; save that file beside this one", ref)
	case s.root == "document":
		return "", fmt.Errorf("the reference %q names a file, but standard input has no folder; give the document as a file", ref)
	case strings.HasPrefix(u.Path, "/") || strings.Contains(u.Path, `\`):
		return "", fmt.Errorf("the reference %q must be a relative path with slashes", ref)
	}
	joined := path.Join(path.Dir(from), u.Path)
	if !fs.ValidPath(joined) {
		return "", fmt.Errorf("the reference %q leaves the folder of the document", ref)
	}
	return joined, nil
}

func (s *sources) read(dir fs.FS, name string) error {
	if len(s.files) >= maxOpenAPIFiles {
		return fmt.Errorf("the document refers to more than %d files", maxOpenAPIFiles)
	}
	f, err := dir.Open(name)
	if err != nil {
		return fmt.Errorf("the file that is referred to cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, int64(maxOpenAPIBytes-s.size)+1))
	if err != nil {
		return fmt.Errorf("the file that is referred to cannot be read: %w", err)
	}
	if len(b) > maxOpenAPIBytes-s.size {
		return fmt.Errorf("the document and its files are larger than %d MiB", maxOpenAPIBytes>>20)
	}
	s.add(name, string(b))
	return nil
}

// version refuses what is no OpenAPI 3.
func (s *sources) version() error {
	root := s.files[s.root].value()
	fail := func(n syntax.Node, format string, args ...any) error {
		return &OpenAPIError{[]string{s.at(s.root, n.Span().Start) + ": " + fmt.Sprintf(format, args...)}}
	}
	if root.Kind() != syntax.Mapping {
		return fail(root, "this is no OpenAPI document: it has no key `openapi`")
	}
	if v, ok := root.Get("swagger"); ok {
		return fail(v.Key, "this is Swagger %s; convert it to OpenAPI 3 first", v.Value.Value())
	}
	v, ok := root.Get("openapi")
	switch {
	case !ok:
		return fail(root, "this is no OpenAPI document: it has no key `openapi`")
	case !strings.HasPrefix(v.Value.Value(), "3."):
		return fail(v.Value, "OpenAPI %q cannot be read; 3.0 and 3.1 can", v.Value.Value())
	}
	return nil
}

// value is the root of the file's first document.
func (f *source) value() syntax.Node {
	docs := f.tree.Documents()
	if len(docs) == 0 {
		return syntax.Node{}
	}
	return docs[0].Root
}

// literalKeys are keys whose values are data, in which `$ref` means nothing.
var literalKeys = []string{"example", "default", "enum", "const", "value"}

// references are the values of all `$ref` of a file.
func (f *source) references() []syntax.Node { return referencesIn(f.value()) }

func referencesIn(root syntax.Node) []syntax.Node {
	var refs []syntax.Node
	var walk func(n syntax.Node)
	walk = func(n syntax.Node) {
		for _, e := range n.Entries() {
			key := e.Key.Value()
			switch {
			case key == "$ref" && e.Value.Kind() == syntax.Scalar:
				refs = append(refs, e.Value)
			case slices.Contains(literalKeys, key) && e.Value.Kind() != syntax.Mapping, strings.HasPrefix(key, "x-"):
			case slices.Contains(literalKeys, key) && !looksLikeSchema(e.Value):
			default:
				walk(e.Value)
			}
		}
		for _, item := range n.Items() {
			walk(item)
		}
	}
	walk(root)
	return refs
}

// maxReferenceDepth is how many references may lead on from each other: the library follows them by recursion, and its time
// grows with the square of their number, to 10 s here.
const maxReferenceDepth = 5000

// tooDeep reports a chain of references that is longer than that, at the reference where it is.
func (s *sources) tooDeep() []string {
	type target struct{ file, name string }
	type link struct {
		to target
		at string
	}
	links := map[target][]link{}
	var starts []target
	for _, file := range slices.Sorted(mapKeys(s.files)) {
		for _, section := range s.files[file].value().Entries() {
			for _, group := range section.Value.Entries() {
				parts := []syntax.Entry{group}
				if section.Key.Value() == "components" {
					parts = group.Value.Entries()
				}
				for _, part := range parts {
					from := target{file, part.Key.Value()}
					starts = append(starts, from)
					for _, ref := range referencesIn(part.Value) {
						name, err := s.fileOf(file, ref.Value())
						if name == "" {
							name = file
						}
						if err == nil {
							links[from] = append(links[from], link{target{name, ref.Value()[lastSlash(ref.Value())+1:]}, s.at(file, ref.Span().Start)})
						}
					}
				}
			}
		}
	}
	// A name stands for all that has it: the depth is then not less than what it is.
	seen := map[target]bool{}
	var follow func(from target, depth int) string
	follow = func(from target, depth int) string {
		seen[from] = true
		for _, l := range links[from] {
			if depth == maxReferenceDepth {
				return l.at
			}
			if !seen[l.to] {
				if at := follow(l.to, depth+1); at != "" {
					return at
				}
			}
		}
		return ""
	}
	for _, from := range starts {
		if !seen[from] {
			if at := follow(from, 1); at != "" {
				return []string{fmt.Sprintf("%s: more than %d references lead on from each other here", at, maxReferenceDepth)}
			}
		}
	}
	return nil
}

// looksLikeSchema tells a property that is called `value` from data.
func looksLikeSchema(n syntax.Node) bool {
	for _, key := range []string{"$ref", "type", "allOf", "oneOf", "anyOf", "properties"} {
		if _, ok := n.Get(key); ok {
			return true
		}
	}
	return false
}

// at is "file:line:column" of a byte offset, the column as editors count: in UTF-16 units from 1.
func (s *sources) at(file string, off int) string {
	t := s.files[file].text
	line := t.LineAt(off)
	before := s.files[file].content[t.LineSpan(line).Start:off]
	return fmt.Sprintf("%s:%d:%d", s.shown(file), line+1, len(utf16.Encode([]rune(before)))+1)
}

// shown is the name of a file in messages.
func (s *sources) shown(file string) string {
	if file == s.root || file == "" {
		return s.name
	}
	return path.Join(path.Dir(strings.ReplaceAll(s.name, `\`, "/")), file)
}

// where is "file:line:column" of a place; empty for nowhere.
func (s *sources) where(p place) string {
	f := s.files[p.file]
	if p.line == 0 || f == nil || p.line > f.text.LineCount() {
		return ""
	}
	span := f.text.LineSpan(p.line - 1)
	runes := []rune(f.content[span.Start:span.End])
	column := len(utf16.Encode(runes[:min(max(p.column-1, 0), len(runes))])) + 1
	return fmt.Sprintf("%s:%d:%d", s.shown(p.file), p.line, column)
}

// node is the value of the key at a place.
func (s *sources) node(p place) (syntax.Node, bool) {
	f := s.files[p.file]
	if f == nil || p.line == 0 {
		return syntax.Node{}, false
	}
	if f.keys == nil {
		f.keys = map[[2]int]syntax.Node{}
		f.indexKeys(f.value())
	}
	n, ok := f.keys[[2]int{p.line, p.column}]
	return n, ok
}

func (f *source) indexKeys(n syntax.Node) {
	for _, e := range n.Entries() {
		off := e.Key.Span().Start
		line := f.text.LineAt(off)
		column := len([]rune(f.content[f.text.LineSpan(line).Start:off])) + 1
		f.keys[[2]int{line + 1, column}] = e.Value
		f.indexKeys(e.Value)
	}
	for _, item := range n.Items() {
		f.indexKeys(item)
	}
}

// asYAML is a text that the library reads as YAML even if it is JSON: for JSON it keeps no places.
const asYAML = "\n# speclens\n"

// loadOpenAPI has the library read the sources and resolve the references. It reads nothing else.
func loadOpenAPI(s *sources) (doc *openapi3.T, err error) {
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, fmt.Errorf("the document cannot be read: %v", p)
		}
	}()
	load := func(suffix string) (*openapi3.T, error) {
		loader := openapi3.NewLoader()
		loader.IncludeOrigin = true
		loader.IsExternalRefsAllowed = true
		loader.ReadFromURIFunc = func(_ *openapi3.Loader, location *url.URL) ([]byte, error) {
			f := s.files[path.Clean(location.Path)]
			if f == nil || location.Scheme != "" || location.Host != "" {
				return nil, fmt.Errorf("%s is not read", location)
			}
			return []byte(f.content + suffix), nil
		}
		return loader.LoadFromURI(&url.URL{Path: s.root})
	}
	doc, err = load(asYAML)
	if err != nil && json.Valid([]byte(s.files[s.root].content)) {
		if plain, plainErr := load(""); plainErr == nil {
			return plain, nil // JSON that YAML is not, such as escaped surrogates: the places are lost
		}
	}
	if problems := s.explain(); err != nil && len(problems) > 0 {
		return nil, &OpenAPIError{problems}
	}
	// A value of a wrong type costs its place and not the document.
	for range maxWrongTypes {
		if err == nil {
			return doc, nil
		}
		wrong := s.wrongTypes()
		if len(wrong) == 0 {
			break
		}
		for _, w := range wrong {
			s.notes = append(s.notes, w.message)
		}
		if s.leaveOut(wrong); s.files[s.root].value().Kind() != syntax.Mapping {
			break
		}
		doc, err = load(asYAML)
	}
	if len(s.notes) > 0 && err != nil {
		return nil, &OpenAPIError{s.notes}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", s.name, libraryMessage(err))
	}
	return doc, nil
}

// maxWrongTypes is how often the rest of a document is tried without what was of a wrong type.
const maxWrongTypes = 8

// leaveOut replaces values of a wrong type: a number or a truth value that should be text by that text, any other by null.
// Lines stay what they are.
func (s *sources) leaveOut(wrong []wrongValue) {
	f := s.files[s.root]
	slices.SortFunc(wrong, func(a, b wrongValue) int { return b.node.Span().Start - a.node.Span().Start })
	content := f.content
	for _, w := range wrong {
		span := w.node.Span()
		old := content[span.Start:span.End]
		value := "null"
		if w.text {
			value = strconv.Quote(w.node.Value())
		}
		content = content[:span.Start] + value + strings.Repeat("\n", strings.Count(old, "\n")) + content[span.End:]
	}
	t := text.New(content)
	s.files[s.root] = &source{content: t.String(), text: t, tree: syntax.Parse(t, syntax.Options{Units: []string{}})}
}
