package syntax

import (
	"strings"

	"github.com/speclens/speclens/engine/text"
)

// props are the anchor and the tag before a value.
type props struct {
	start, end int
	anchor     string
	anchorSpan text.Span
	tag        string
}

func (p *parser) isProp() bool {
	c := p.peek(0)
	return c == '&' || c == '!'
}

// prop reads one anchor or tag at the position.
func (p *parser) prop(pr *props) {
	start, flow := p.pos, p.flow.depth > 0
	p.pos++
	verbatim := p.src[start] == '!' && p.peek(0) == '<'
	for !p.blankAt(0) {
		if c := p.peek(0); flow && !verbatim && (c == ',' || c == '[' || c == ']' || c == '{' || c == '}') {
			break
		}
		if p.src[start] == '&' && p.peek(0) == ':' && p.blankAt(1) {
			break
		}
		p.pos++
	}
	if pr.start == pr.end {
		pr.start = start
	}
	pr.end = p.pos
	word := p.src[start:p.pos]
	span := text.Span{Start: start, End: p.pos}
	if word[0] == '!' {
		if i := strings.IndexAny(word, ",[]{}"); i >= 0 && !verbatim {
			p.errorf(start, p.pos, CodeSyntax, "A tag cannot hold %c. Put a blank behind the tag, or the value in quotes.", word[i])
		}
		if pr.tag != "" {
			p.errorf(start, p.pos, CodeSyntax, "This value has two tags. Keep one of them.")
		}
		pr.tag = word
		return
	}
	switch {
	case len(word) == 1:
		p.errorf(start, p.pos, CodeSyntax, "The anchor has no name. Write one right behind the &, as in &base.")
	case pr.anchor != "":
		p.errorf(start, p.pos, CodeSyntax, "This value has two anchors. Keep one of them.")
	}
	pr.anchor, pr.anchorSpan = word[1:], span
}

// apply gives a node its anchor and tag.
func (p *parser) apply(pr props, n *node) *node {
	if pr.start == pr.end {
		return n
	}
	if n.kind == Alias {
		p.errorf(pr.start, pr.end, CodeSyntax, "An alias takes no anchor and no tag. Remove %s.", p.src[pr.start:pr.end])
		return n
	}
	x := n.ext()
	x.props = text.Span{Start: pr.start, End: pr.end}
	if pr.anchor != "" {
		x.anchor, x.anchorSpan = pr.anchor, pr.anchorSpan
		p.anchors = append(p.anchors, n)
	}
	if x.tagText = pr.tag; pr.tag != "" {
		n.tag = explicitTag(pr.tag, n)
	}
	return n
}

func explicitTag(tag string, n *node) Tag {
	if n.kind != Scalar {
		return TagOther
	}
	switch strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(tag, "!<tag:yaml.org,2002:"), "!!"), ">") {
	case "null":
		return TagNull
	case "bool":
		return TagBool
	case "int":
		return TagInt
	case "float":
		return TagFloat
	case "str", "!":
		return TagStr
	}
	return TagOther
}
