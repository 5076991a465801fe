package ide

import (
	"context"
	"fmt"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/text"
)

// maxSymbols bounds an outline: past it editors stall and nobody reads on.
const maxSymbols = 20_000

// Symbols is the outline of a document: its file-level keys and its tests, or the sections of a configuration.
func Symbols(ctx context.Context, snap *engine.Snapshot, uri string) []Symbol {
	doc := snap.Document(uri)
	if doc == nil {
		return nil
	}
	switch doc.Kind {
	case engine.KindSpec:
		return specSymbols(ctx, doc)
	case engine.KindConfig:
		return sectionSymbols(doc.Tree())
	}
	return nil
}

func specSymbols(ctx context.Context, doc *engine.Document) []Symbol {
	specs := doc.Spec().Specs
	var out []Symbol
	left := maxSymbols
	for _, sp := range specs {
		var tests []Symbol
		for _, t := range sp.Tests.All() {
			if left == 0 || ctx.Err() != nil {
				break
			}
			left--
			tests = append(tests, testSymbol(t))
		}
		children := append(targetSymbols(sp), tests...)
		if len(specs) == 1 {
			return children
		}
		out = append(out, Symbol{
			Name: fmt.Sprintf("spec %d", sp.Doc+1), Kind: SymbolSpec, Span: sp.Span,
			Selection: text.Span{Start: sp.Span.Start, End: sp.Span.Start}, Children: children,
		})
	}
	return out
}

func targetSymbols(sp *spec.Spec) []Symbol {
	var out []Symbol
	for _, p := range sp.Targets {
		out = append(out, Symbol{
			Name: p.Key.Value, Detail: p.Value.Value, Kind: SymbolTarget,
			Span: p.Key.Span().Union(p.Value.Span()), Selection: p.Key.Span(),
		})
	}
	return out
}

func testSymbol(t spec.TestAt) Symbol {
	s := Symbol{Name: t.Label(), Kind: SymbolTest, Span: t.Span, Selection: inside(t.Abs(t.Head), t.Span)}
	if t.Name.Value != "" && (t.Method.Value != "" || t.Resource.Value != "") {
		s.Detail = (&spec.Test{Method: t.Method, Resource: t.Resource}).Label()
	}
	for _, save := range t.Save {
		whole := save.Name.Span().Union(save.Path.Span())
		s.Children = append(s.Children, Symbol{
			Name: save.Name.Value, Detail: save.Path.Value, Kind: SymbolSave,
			Span: inside(t.Abs(whole), t.Span), Selection: inside(t.Abs(save.Name.Span()), t.Span),
		})
	}
	return s
}

// inside clips a span to another: editors reject a selection that sticks out of its symbol.
func inside(s, outer text.Span) text.Span {
	s.Start = min(max(s.Start, outer.Start), outer.End)
	s.End = min(max(s.End, s.Start), outer.End)
	return s
}

// sectionSymbols lists the top-level keys of a document.
func sectionSymbols(tree *syntax.Tree) []Symbol {
	var out []Symbol
	for _, d := range tree.Documents() {
		for _, section := range d.Sections {
			s := Symbol{Name: section.Key.Value(), Kind: SymbolKey, Span: section.Span, Selection: inside(section.Key.Span(), section.Span)}
			if section.Value.Kind() == syntax.Mapping {
				for _, e := range section.Value.Entries() {
					span := inside(e.Key.Span().Union(e.Value.Span()), section.Span)
					s.Children = append(s.Children, Symbol{Name: e.Key.Value(), Kind: SymbolKey, Span: span, Selection: inside(e.Key.Span(), span)})
				}
			}
			if s.Name != "" {
				out = append(out, s)
			}
		}
	}
	return out
}
