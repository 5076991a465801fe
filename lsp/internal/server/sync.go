package server

import (
	"bytes"
	"context"
	"maps"
	"math"

	"go.lsp.dev/protocol"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp/internal/convert"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// didOpen takes over a document from the disk. Opening an open one replaces its text.
func (s *Server) didOpen(_ context.Context, req *wire.Request) (any, error) {
	var p protocol.DidOpenTextDocumentParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	spelling := documentURI(req.Params)
	if spelling == "" {
		return nil, wire.Errorf(wire.InvalidParams, "%s: textDocument.uri is missing", req.Method)
	}
	uri := engine.CanonicalURI(spelling)
	s.respell(func(m map[string]string) { m[uri] = spelling })
	before := s.session.Snapshot()
	s.session.Open(uri, string(p.TextDocument.LanguageID), p.TextDocument.Version, p.TextDocument.Text)
	s.globsMayDiffer(before, uri)
	s.diagnoser.open(uri)
	s.othersMayDiffer(before, uri)
	return nil, nil
}

// othersMayDiffer looks at the other documents again after one was opened or closed, if it says something else now than
// before: names that it gave are gone, or new. Edits are told by the diagnoser itself, once it is quiet.
func (s *Server) othersMayDiffer(before *engine.Snapshot, uri string) {
	was, is := before.Document(uri), s.session.Snapshot().Document(uri)
	if was == nil && is == nil {
		return
	}
	if was == nil || is == nil || was.Kind != is.Kind || was.Text.Len() != is.Text.Len() || was.Text.String() != is.Text.String() {
		s.diagnoser.others(uri)
	}
}

// didChange applies edits one after the other, each to the text that the one before left.
func (s *Server) didChange(_ context.Context, req *wire.Request) (any, error) {
	var p protocol.DidChangeTextDocumentParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	uri := engine.CanonicalURI(documentURI(req.Params))
	before := s.session.Snapshot()
	doc := before.Document(uri)
	if doc == nil || !doc.Open {
		s.log.Warn("ignored a change of a document that is not open", "uri", uri)
		return nil, nil
	}
	if p.TextDocument.Version <= doc.Version {
		s.log.Warn("a change comes with an older version", "uri", uri, "version", p.TextDocument.Version, "present", doc.Version)
	}
	changes := make([]engine.Change, 0, len(p.ContentChanges))
	for i, c := range p.ContentChanges {
		change := convert.Change(c)
		if change.Whole && bytes.Contains(req.Params, []byte(`"range"`)) {
			if raw := parseLenient(req.Params).at("contentChanges").list(); i < len(raw) {
				change = ranged(change, raw[i])
			}
		}
		changes = append(changes, change)
	}
	s.session.Change(uri, p.TextDocument.Version, s.client.Load().Encoding, changes)
	s.typed(before, uri, changes)
	s.globsMayDiffer(before, uri)
	s.diagnoser.edited(uri, doc.Kind)
	return nil, nil
}

// ranged mends a change whose range the protocol's types could not hold, so that it seemed to be the whole text: positions
// beyond 32 bits are out of range and not out of the question.
func ranged(whole engine.Change, raw lenient) engine.Change {
	if !raw.at("range").isObject() {
		return whole
	}
	place := func(name string) text.Position {
		number := func(field string) int {
			n, ok := raw.at("range", name, field).integer()
			if !ok {
				n = math.MaxInt32 // not even 64 bits hold it
			}
			return max(0, min(n, math.MaxInt32))
		}
		return text.Position{Line: number("line"), Column: number("character")}
	}
	return engine.Change{Start: place("start"), End: place("end"), Text: whole.Text}
}

// didSave compares the text with what the editor saved: should they differ, the editor is right.
func (s *Server) didSave(_ context.Context, req *wire.Request) (any, error) {
	var p protocol.DidSaveTextDocumentParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	uri := engine.CanonicalURI(documentURI(req.Params))
	before := s.session.Snapshot()
	doc := before.Document(uri)
	defer s.diagnoser.saved(uri)
	if doc == nil || !doc.Open || p.Text == nil || doc.Text.String() == text.New(*p.Text).String() {
		return nil, nil
	}
	s.log.Error("the text had drifted from the editor's and was replaced", "uri", uri, "version", doc.Version)
	s.session.Change(uri, doc.Version, text.UTF8, []engine.Change{{Whole: true, Text: *p.Text}})
	s.globsMayDiffer(before, uri)
	s.diagnoser.edited(uri, doc.Kind)
	return nil, nil
}

// didClose gives a document back to the disk.
func (s *Server) didClose(_ context.Context, req *wire.Request) (any, error) {
	var p protocol.DidCloseTextDocumentParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	uri := engine.CanonicalURI(documentURI(req.Params))
	before := s.session.Snapshot()
	doc := before.Document(uri)
	if doc == nil || !doc.Open {
		s.log.Warn("ignored the closing of a document that is not open", "uri", uri)
		return nil, nil
	}
	s.session.CloseDocument(uri)
	s.rested()
	s.globsMayDiffer(before, uri)
	s.diagnoser.close(uri)
	s.othersMayDiffer(before, uri)
	s.pulls.forget(uri)
	s.runs.forget(uri)
	s.respell(func(m map[string]string) { delete(m, uri) })
	return nil, nil
}

// respell changes the spellings of open documents. Only handlers in the order of the wire call it.
func (s *Server) respell(change func(map[string]string)) {
	next := maps.Clone(*s.spellings.Load())
	change(next)
	s.spellings.Store(&next)
}
