package engine

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// Kind says what a document is to speclens.
type Kind uint8

// The kinds of documents. KindOther is YAML that is none of ours: it gets no feature at all.
const (
	KindOther Kind = iota
	KindSpec
	KindConfig
)

// Document is one version of one file. Tree, Spec and Config are derived once, on first use, and share every unchanged
// part with the version before. Immutable and safe for concurrent use.
type Document struct {
	URI        string
	LanguageID string
	Version    int32
	Kind       Kind
	// Open says that an editor owns the text: it wins over the disk.
	Open bool
	Text *text.Text

	// malformed is where the file has a byte that is no UTF-8, -1 where it has none. The text has U+FFFD in its place.
	malformed int
	limits    syntax.Options
	// base is the last computed version before this one, until this one is computed itself; edits lead from it to here.
	base  atomic.Pointer[derivation]
	edits []text.Edit
	self  derivation
}

// derivation is what was computed from one version.
type derivation struct {
	once sync.Once
	done atomic.Bool
	tree *syntax.Tree
	spec *spec.File
	conf *spec.Config
}

// newDocument starts a document from a whole text.
func newDocument(uri, languageID string, version int32, kind Kind, open bool, t *text.Text, limits syntax.Options) *Document {
	return &Document{
		URI: uri, LanguageID: languageID, Version: version, Kind: kind, Open: open, Text: t, malformed: -1, limits: limits,
	}
}

// fromDisk makes a document of a file's content.
func fromDisk(uri string, kind Kind, content string, limits syntax.Options) *Document {
	d := newDocument(uri, "", 0, kind, false, text.New(content), limits)
	for i, r := range content {
		if r == utf8.RuneError && !strings.HasPrefix(content[i:], "\uFFFD") {
			d.malformed = i
			break
		}
	}
	return d
}

// edited is the next version: edits apply one after the other. A burst of edits that nobody looked at in between is
// handed to the parser as one update.
func (d *Document) edited(version int32, edits []text.Edit) *Document {
	next := newDocument(d.URI, d.LanguageID, version, d.Kind, d.Open, d.Text.Apply(edits...), d.limits)
	base := d.base.Load()
	switch {
	case d.self.done.Load():
		next.base.Store(&d.self)
		next.edits = edits
	case base != nil:
		next.base.Store(base)
		next.edits = slices.Concat(d.edits, edits)
	}
	return next
}

// says reports whether a document of the disk has a text, all of it as UTF-8.
func (d *Document) says(content string) bool {
	return d.malformed < 0 && d.Text.Len() == len(content) && d.Text.String() == content
}

// opened is the document of the disk as an editor opens it, with the same text: what was computed from it is not computed
// again.
func (d *Document) opened(languageID string, version int32) *Document {
	return d.handed(newDocument(d.URI, languageID, version, d.Kind, true, d.Text, d.limits))
}

// closed is the document of an editor as it is on the disk, with the same text, likewise.
func (d *Document) closed() *Document {
	return d.handed(newDocument(d.URI, "", 0, d.Kind, false, d.Text, d.limits))
}

// handed is a document of the same text, which takes over what was computed from it.
func (d *Document) handed(next *Document) *Document {
	if d.self.done.Load() {
		next.base.Store(&d.self)
	}
	return next
}

func (d *Document) derive() *derivation {
	d.self.once.Do(func() {
		var before *spec.File
		if base := d.base.Load(); base != nil {
			d.self.tree = base.tree.Update(d.Text, d.edits)
			before = base.spec
		} else {
			d.self.tree = syntax.Parse(d.Text, d.limits)
		}
		switch d.Kind {
		case KindSpec:
			d.self.spec = spec.Lower(d.self.tree, before)
		case KindConfig:
			d.self.conf = spec.LowerConfig(d.self.tree)
		}
		d.self.done.Store(true)
		// The version before is no longer needed; letting go of it keeps the chain one link long.
		d.base.Store(nil)
	})
	return &d.self
}

// Tree is the document's syntax.
func (d *Document) Tree() *syntax.Tree { return d.derive().tree }

// CodeEncoding is the code of the finding that a file is not UTF-8.
const CodeEncoding = "file.encoding"

// Findings are what is wrong with the document before its meaning counts: its encoding and its syntax, ordered by place.
func (d *Document) Findings() []syntax.Finding {
	all, _ := d.FirstFindings(math.MaxInt)
	return all
}

// FirstFindings are the first ones of Findings, about as many as are asked for, and how many there are more.
func (d *Document) FirstFindings(most int) (first []syntax.Finding, more int) {
	findings, more := d.Tree().FirstFindings(most)
	if d.malformed < 0 {
		return findings, more
	}
	encoding := syntax.Finding{
		Span: text.Span{Start: d.malformed, End: min(d.malformed+len("\uFFFD"), d.Text.Len())}, Severity: syntax.SeverityError,
		Code: CodeEncoding, Message: "This byte is not UTF-8. Save the file as UTF-8.",
	}
	return append([]syntax.Finding{encoding}, findings...), more
}

// Spec is the document's typed model; nil unless the document is a spec.
func (d *Document) Spec() *spec.File { return d.derive().spec }

// Config is the document's typed model; nil unless the document is the project's configuration.
func (d *Document) Config() *spec.Config { return d.derive().conf }

// Path is the document's file path; empty for a URI that is not of the scheme file.
func (d *Document) Path() string { return PathFromURI(d.URI) }

// KindOf decides by language id and name what a document is. Globs of configurations are the session's business.
func KindOf(uri, languageID string) Kind {
	name := strings.ToLower(uri[strings.LastIndexAny(uri, `/\`)+1:])
	switch {
	case name == ".qube.yaml" || name == ".qube.yml":
		return KindConfig
	case strings.HasSuffix(name, ".qube.yaml") || strings.HasSuffix(name, ".qube.yml"):
		return KindSpec
	case languageID == "qube" || strings.HasSuffix(languageID, ".qube"):
		return KindSpec
	}
	return KindOther
}

// isYAML reports whether a path names YAML by its extension, in any case.
func isYAML(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".yaml" || ext == ".yml"
}
