package interchange

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// OpenAPIOptions say which operations of a document become tests, and how.
type OpenAPIOptions struct {
	// Name is the document's name in messages, and the name of its file where Dir is set.
	Name string
	// Dir is the folder of the document, below which references may name other files; nil where there is none. It must
	// refuse to leave the folder, through links too.
	Dir fs.FS
	// Tags and ExcludeTags choose operations by their tags, and Paths by patterns in which * stands for text without a
	// slash and ** for any text. Empty means all.
	Tags, ExcludeTags, Paths []string
	// Target takes the place of the document's server.
	Target string
	// Optional asks for optional parameters and properties too.
	Optional bool
	// Split asks for a file for each tag.
	Split bool
}

// OpenAPIFile is a spec made of a document. Its name has no folder.
type OpenAPIFile struct{ Name, Text string }

// OpenAPIError lists everything that keeps a document from being read, each as "file:line:column: message".
type OpenAPIError struct{ Problems []string }

// Error is all problems, one a line.
func (e *OpenAPIError) Error() string { return strings.Join(e.Problems, "\n") }

// ParseOpenAPI turns an OpenAPI 3 document, JSON or YAML, into specs: a test for each operation, with what a resource's
// tests need from each other saved and used. The notes are what a spec cannot say, and what the user has to fill in; each
// begins with its place. Nothing is fetched. An error is an *OpenAPIError where places are known.
func ParseOpenAPI(text string, o OpenAPIOptions) (files []OpenAPIFile, notes []string, err error) {
	sources, err := readSources(text, o)
	if err != nil {
		return nil, nil, err
	}
	doc, err := loadOpenAPI(sources)
	if err != nil {
		return nil, nil, err
	}
	im := &openAPIImport{sources: sources, doc: doc, options: o, notes: sources.notes}
	im.findings()
	if err := im.collect(); err != nil {
		return nil, nil, err
	}
	im.plan()
	for _, op := range im.ops {
		im.fill(op)
	}
	im.order()
	files = im.write()
	return files, im.notes, nil
}

// note says something about a place of the document.
func (im *openAPIImport) note(at place, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if where := im.sources.where(at); where != "" {
		text = where + ": " + text
	} else {
		text = im.sources.name + ": " + text
	}
	if !slices.Contains(im.notes, text) {
		im.notes = append(im.notes, text)
	}
}

// chosen reports whether the options ask for an operation.
func (o OpenAPIOptions) chosen(path string, tags []string) bool {
	has := func(list []string) bool {
		return slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(list, t) })
	}
	if len(o.Tags) > 0 && !has(o.Tags) || has(o.ExcludeTags) {
		return false
	}
	return len(o.Paths) == 0 || slices.ContainsFunc(o.Paths, func(p string) bool { return pathPattern(p).MatchString(path) })
}

var stars = regexp.MustCompile(`\*+`)

// pathPattern is the pattern of --path as a regular expression.
func pathPattern(p string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`^`)
	last := 0
	for _, m := range stars.FindAllStringIndex(p, -1) {
		b.WriteString(regexp.QuoteMeta(p[last:m[0]]))
		if m[1]-m[0] > 1 {
			b.WriteString(`.*`)
		} else {
			b.WriteString(`[^/]*`)
		}
		last = m[1]
	}
	b.WriteString(regexp.QuoteMeta(p[last:]) + `$`)
	return regexp.MustCompile(b.String())
}

var errNoOperation = errors.New("no operation of the document is chosen; look at --tags, --exclude-tags and --path")
