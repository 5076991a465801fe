package syntax

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/speclens/speclens/engine/text"
)

// CodeOtherReaders is the code of a text that gopkg.in/yaml.v3 refuses, or reads otherwise than this reader.
const CodeOtherReaders = "yaml.other-readers"

// mostForOthers is the size beyond which a text is not read a second time, in bytes.
const mostForOthers = 4 << 20

// OtherReaders reads the text with gopkg.in/yaml.v3, the YAML library of the original engine. It returns a finding at the
// first place where that refuses what this reader took, or reads another structure, text or type; none where this reader
// has errors of its own to report, or the text is too large. What it costs grows with the text, so it is not for every
// keystroke.
//
// Dates and numbers with a leading zero have findings of their own (CodeDateLike, CodeOctalLike), and none here.
func (t *Tree) OtherReaders() []Finding {
	if t.text.Len() > mostForOthers {
		return nil
	}
	for _, f := range t.Findings() {
		if f.Severity == SeverityError {
			return nil
		}
	}
	docs, err := readByOthers(t.text.String())
	if err != nil {
		span, why := t.placeOfOthers(err)
		return []Finding{otherReading(span, "The original engine would refuse this file: %s, in this line or the next. Write it in a plainer form.", why)}
	}
	var roots []Node
	for _, d := range t.docs {
		if !d.Root.IsZero() {
			roots = append(roots, d.Root)
		}
	}
	for i, root := range roots {
		if i >= len(docs) {
			return []Finding{otherReading(t.lineOf(root), "The original engine would read no document here.")}
		}
		if at, how := differs(root, docs[i]); how != "" {
			return []Finding{otherReading(t.lineOf(at), "The original engine would read this otherwise: %s. Put the value in quotes, or write it in a plainer form.", how)}
		}
	}
	if len(docs) > len(roots) {
		return []Finding{otherReading(t.text.LineSpan(docs[len(roots)].Line-1), "The original engine would read one more document here.")}
	}
	return nil
}

func otherReading(span text.Span, format string, args ...any) Finding {
	return Finding{Span: span, Severity: SeverityWarning, Code: CodeOtherReaders, Message: fmt.Sprintf(format, args...)}
}

// readByOthers are the roots of the documents that have content, as yaml.v3 reads them. It has panicked on odd texts
// before, which is an error here. Aliases are not followed, so that the nodes are no more than the text has.
func readByOthers(src string) (docs []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: it fails with %v", r)
		}
	}()
	dec := yaml.NewDecoder(strings.NewReader(src))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			return docs, nil
		} else if err != nil {
			return nil, err
		}
		if len(n.Content) == 1 && !(n.Content[0].Kind == yaml.ScalarNode && n.Content[0].Value == "") {
			docs = append(docs, n.Content[0])
		}
	}
}

var lineOfOthers = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// placeOfOthers is the line that an error of yaml.v3 names, the first one where it names none, and the reason it gives.
// Errors of its parser name the line before the one that they mean, those of its scanner do not, and they look alike.
func (t *Tree) placeOfOthers(err error) (text.Span, string) {
	m := lineOfOthers.FindStringSubmatch(err.Error())
	if m == nil {
		return t.contentOf(0), err.Error()
	}
	line, convErr := strconv.Atoi(m[1])
	if convErr != nil {
		line = 1 // it names no line
	}
	return t.contentOf(line - 1), err.Error()[len(m[0]):]
}

// contentOf is the text of a line, or of the last one where there are fewer.
func (t *Tree) contentOf(line int) text.Span {
	return t.text.LineSpan(max(min(line, t.text.LineAt(t.text.Len())), 0))
}

// lineOf is the node as far as it stands on its first line.
func (t *Tree) lineOf(n Node) text.Span {
	span := n.FullSpan()
	span.End = min(span.End, t.contentOf(t.text.LineAt(span.Start)).End)
	return span
}

// differs compares a value with what yaml.v3 reads. It returns the first value that is another, and how.
func differs(ours Node, theirs *yaml.Node) (Node, string) {
	kind := map[yaml.Kind]Kind{yaml.MappingNode: Mapping, yaml.SequenceNode: Sequence, yaml.AliasNode: Alias, yaml.ScalarNode: Scalar}[theirs.Kind]
	if kind != ours.Kind() {
		return ours, "as a " + nameOfKind(kind) + " and not as a " + nameOfKind(ours.Kind())
	}
	switch kind {
	case Alias:
		if ours.Value() != theirs.Value {
			return ours, "as the alias *" + clip(theirs.Value)
		}
	case Scalar:
		if ours.Value() != theirs.Value {
			return ours, fmt.Sprintf("as the text %q", clip(theirs.Value))
		}
		if tag := theirs.ShortTag(); ours.Style() == Plain && ours.TagText() == "" && ours.Tag() == TagStr && (tag == "!!int" || tag == "!!float") {
			return ours, "as a number and not as text"
		}
	case Mapping:
		entries := ours.Entries()
		if 2*len(entries) != len(theirs.Content) {
			return ours, "as a map of another number of entries"
		}
		for i, e := range entries {
			if at, how := differs(e.Key, theirs.Content[2*i]); how != "" {
				return at, how
			}
			if at, how := differs(e.Value, theirs.Content[2*i+1]); how != "" {
				return at, how
			}
		}
	case Sequence:
		items := ours.Items()
		if len(items) != len(theirs.Content) {
			return ours, "as a list of another length"
		}
		for i, item := range items {
			if at, how := differs(item, theirs.Content[i]); how != "" {
				return at, how
			}
		}
	}
	return Node{}, ""
}

func nameOfKind(k Kind) string {
	switch k {
	case Mapping:
		return "map"
	case Sequence:
		return "list"
	case Alias:
		return "reference"
	}
	return "text"
}
