package syntax

import (
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// directives reads the lines of directives at the position, and reports whether there are any. In a chunk that begins
// with --- they are too late. The rules are those of YAML 1.2, section 6.8.
func (p *parser) directives(begun bool) bool {
	found, versions := false, 0
	for p.next() >= 0 && p.src[p.pos] == '%' && p.col() == 0 {
		e := p.contentEnd(p.pos)
		words := strings.Fields(p.src[p.pos:e])
		if words[0] == "%YAML" {
			versions++
		}
		switch {
		case begun:
			p.errorf(p.pos, e, CodeSyntax,
				"%q looks like a directive, and directives stand before the --- of a document. Put ... on the line above it, or put the text in quotes.",
				clip(p.src[p.pos:e]))
		case words[0] == "%YAML" && versions > 1:
			p.errorf(p.pos, e, CodeSyntax, "The version of YAML is given twice for this document. Keep one of the two.")
		case words[0] == "%YAML" && !(len(words) == 2 && isVersion(words[1])):
			p.errorf(p.pos, e, CodeSyntax, "Only a version may follow %%YAML. Write %%YAML 1.2, or remove the line.")
		}
		found = true
		p.pos = lineEnd(p.src, e)
		if c := skipBlanks(p.src, e); c < p.pos {
			p.pos = c
		}
	}
	return found
}

// isVersion reports whether a word is a version as YAML has them, as 1.2.
func isVersion(s string) bool {
	major := digits(s)
	rest, ok := strings.CutPrefix(s[major:], ".")
	return ok && major > 0 && rest != "" && digits(rest) == len(rest)
}

// looseDirectives reports directives that no document follows; src is the chunk that holds them.
func looseDirectives(src string) Finding {
	start := strings.IndexByte(src, '%')
	return Finding{
		Span: text.Span{Start: start, End: lineEnd(src, start)}, Severity: SeverityError, Code: CodeSyntax,
		Message: "A document with directives has to begin with ---. Write --- below them, or remove this line.",
	}
}

// halfMarker reports whether a text ends with a line that is going to be ---.
func halfMarker(src string) bool {
	last := strings.TrimRight(src, "\r\n")
	last = last[strings.LastIndexByte(last, '\n')+1:]
	return last == "-" || last == "--"
}

// behindEnd reports what stands on the line of a ... that ends a document, at the position.
func (p *parser) behindEnd() {
	i := skipBlanks(p.src, p.pos)
	if e := p.contentEnd(i); i < e {
		p.errorf(i, e, CodeSyntax, "Nothing but a comment may follow the ... that ends a document. Begin a new line after it.")
	}
}

// besideMarker reports a map or list in block layout that begins on the line of ---, the line at begun; its columns
// would say nothing (YAML 1.2, production l-bare-document).
func (p *parser) besideMarker(begun int, root *node) {
	if begun < 0 || root.style != Block || root.kind != Mapping && root.kind != Sequence {
		return
	}
	start := int(root.start)
	if lastLineStart(p.src, begun, start) != begun {
		return
	}
	p.errorf(start, p.contentEnd(start), CodeSyntax, "The content of a document cannot begin on the line of its ---. Begin a new line before it.")
}
