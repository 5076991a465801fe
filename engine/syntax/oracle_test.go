package syntax

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/speclens/speclens/engine/text"
)

// oracle reads every document of a text with yaml.v3, as the reference for what valid YAML means.
func oracle(src string) (docs []*yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	dec := yaml.NewDecoder(strings.NewReader(src))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); err != nil {
			if err.Error() == "EOF" {
				return docs, nil
			}
			return nil, err
		}
		docs = append(docs, &n)
	}
}

// oracleText writes a tree of yaml.v3 in a form to compare.
func oracleText(b *strings.Builder, n *yaml.Node) {
	if n.Anchor != "" {
		b.WriteString("&" + n.Anchor + " ")
	}
	switch n.Kind {
	case yaml.DocumentNode:
		for _, k := range n.Content {
			oracleText(b, k)
		}
	case yaml.MappingNode:
		b.WriteString("{")
		for i := 0; i+1 < len(n.Content); i += 2 {
			oracleText(b, n.Content[i])
			b.WriteString(": ")
			oracleText(b, n.Content[i+1])
			b.WriteString(", ")
		}
		b.WriteString("}")
	case yaml.SequenceNode:
		b.WriteString("[")
		for _, k := range n.Content {
			oracleText(b, k)
			b.WriteString(", ")
		}
		b.WriteString("]")
	case yaml.AliasNode:
		b.WriteString("*" + n.Value)
	case yaml.ScalarNode:
		plain := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
		fmt.Fprintf(b, "%q/%v", n.Value, plain)
	}
}

// treeText writes a node in the same form.
func treeText(b *strings.Builder, n Node) {
	if n.Anchor() != "" {
		b.WriteString("&" + n.Anchor() + " ")
	}
	switch n.Kind() {
	case Mapping:
		b.WriteString("{")
		for _, e := range n.Entries() {
			treeText(b, e.Key)
			b.WriteString(": ")
			treeText(b, e.Value)
			b.WriteString(", ")
		}
		b.WriteString("}")
	case Sequence:
		b.WriteString("[")
		for _, k := range n.Items() {
			treeText(b, k)
			b.WriteString(", ")
		}
		b.WriteString("]")
	case Alias:
		b.WriteString("*" + n.Value())
	default:
		fmt.Fprintf(b, "%q/%v", n.Value(), n.Style() == Plain)
	}
}

func oracleDocs(docs []*yaml.Node) string {
	var b strings.Builder
	for _, d := range docs {
		oracleText(&b, d)
		b.WriteString("\n")
	}
	return b.String()
}

func treeDocs(t *Tree) string {
	var b strings.Builder
	for _, d := range t.Documents() {
		treeText(&b, d.Root)
		b.WriteString("\n")
	}
	return b.String()
}

// errorsOf are the findings that say that the text is no valid YAML.
func errorsOf(t *Tree) []Finding {
	var out []Finding
	for _, f := range t.Findings() {
		if f.Severity == SeverityError && f.Code != CodeDuplicateKey && f.Code != CodeMerge {
			out = append(out, f)
		}
	}
	return out
}

func parse(src string) *Tree { return Parse(text.New(src), Options{}) }
