package ide

import (
	"context"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/text"
)

// Location is a place in a document.
type Location struct {
	URI  string
	Span text.Span
}

// Definition is where the name at an offset comes from: the test behind an alias or saved value, the entry of `targets`
// behind a target, the anchor behind a YAML alias.
func Definition(ctx context.Context, snap *engine.Snapshot, uri string, offset int) []Location {
	doc := specDocument(snap, uri)
	if doc == nil || ctx.Err() != nil {
		return nil
	}
	if _, target, isAlias := aliasAt(doc, offset); isAlias {
		return []Location{{URI: doc.URI, Span: target.AnchorSpan()}}
	}
	_, t, ok := testAt(doc, offset)
	if ok {
		if found := templateDefinition(snap, doc, offset); found != nil {
			return found
		}
		for _, d := range t.Depends {
			if t.Abs(d.Span()).Contains(offset) || t.Abs(d.Span()).End == offset {
				return aliasDefinition(snap, doc, d.Value)
			}
		}
	}
	sp := scopeAt(snap, doc, docIndexAt(doc, offset), offset)
	if sp.spec == nil {
		return nil
	}
	target := sp.target(snap, doc)
	at := target.Text.Span()
	if target.FromTest && sp.test != nil {
		at = sp.test.Abs(at)
	}
	if target.Alias != "" && at.Start <= offset && offset <= at.End {
		return []Location{{URI: target.AliasURI, Span: target.AliasAt}}
	}
	return nil
}

func docIndexAt(doc *engine.Document, offset int) int {
	index := 0
	for _, sp := range doc.Spec().Specs {
		if sp.Span.Start <= offset {
			index = sp.Doc
		}
	}
	return index
}

// templateDefinition finds the test that provides what the template at an offset uses.
func templateDefinition(snap *engine.Snapshot, doc *engine.Document, offset int) []Location {
	names := link.NamesOf(snap, doc.URI)
	_, t, _ := testAt(doc, offset)
	place := names.Test(keyOf(doc, t))
	if place == nil {
		return nil
	}
	for _, at := range t.Templates {
		for _, ref := range at.Template.Refs() {
			whole := t.Abs(at.SpanOf(ref.Expr.Span))
			if offset < whole.Start || offset > whole.End {
				continue
			}
			found := names.Lookup(place, ref)
			if found.To == nil {
				return nil
			}
			if found.Kind == link.RefSaved {
				return []Location{{URI: found.To.Doc.URI, Span: found.To.Abs(found.Saved.Name.Span())}}
			}
			return []Location{definitionOf(found.To)}
		}
	}
	return nil
}

func aliasDefinition(snap *engine.Snapshot, doc *engine.Document, alias string) []Location {
	var out []Location
	for _, p := range link.NamesOf(snap, doc.URI).Aliased(alias) {
		out = append(out, definitionOf(p))
	}
	return out
}

// definitionOf is where a test is named for others: its alias, else its head.
func definitionOf(p *link.Place) Location {
	if p.Alias.Present() {
		return Location{URI: p.Doc.URI, Span: p.Abs(p.Alias.Span())}
	}
	return Location{URI: p.Doc.URI, Span: p.Abs(p.Head)}
}
