package lsptest

import (
	"context"
	"encoding/json"

	"go.lsp.dev/protocol"
)

// Pulling are the capabilities that make an editor ask for diagnostics: Capable() with these laid over.
func Pulling() map[string]any {
	return Overlay(Capable(), map[string]any{
		"workspace":    map[string]any{"diagnostics": map[string]any{"refreshSupport": true}},
		"textDocument": map[string]any{"diagnostic": map[string]any{"dynamicRegistration": true}},
	})
}

// Report is the answer about one document.
type Report struct {
	Kind     string `json:"kind"`
	ResultID string `json:"resultId"`
	// URI and Version are those of reports about a workspace.
	URI     string `json:"uri"`
	Version *int32 `json:"version"`
	// Items are the diagnostics as they came; nil in a report that nothing changed.
	Items            json.RawMessage   `json:"items"`
	RelatedDocuments map[string]Report `json:"relatedDocuments"`
}

// Diagnostics are the items of a report.
func (r *Report) Diagnostics(tb TB) []protocol.Diagnostic {
	tb.Helper()
	var list []protocol.Diagnostic
	if len(r.Items) > 0 {
		if err := protocol.Unmarshal(r.Items, &list); err != nil {
			tb.Fatalf("diagnostics %s: %v", r.Items, err)
		}
	}
	return list
}

// Pull asks for the diagnostics of a document; previous is the id of the report before, empty for none.
func (e *Editor) Pull(name, previous string) Report {
	e.tb.Helper()
	params := e.of(name)
	params["identifier"] = "speclens"
	if previous != "" {
		params["previousResultId"] = previous
	}
	var raw json.RawMessage
	e.Call(protocol.MethodTextDocumentDiagnostic, params, &raw)
	var r Report
	if err := json.Unmarshal(raw, &r); err != nil {
		e.tb.Fatalf("the report %s: %v", raw, err)
	}
	return r
}

// PullWorkspace asks for the diagnostics of all files; previous are the ids of the reports before, by URI. With a token
// the server may send parts of the answer.
func (e *Editor) PullWorkspace(ctx context.Context, previous map[string]string, token string) ([]Report, error) {
	e.tb.Helper()
	ids := []any{}
	for uri, id := range previous {
		ids = append(ids, map[string]any{"uri": uri, "value": id})
	}
	params := map[string]any{"identifier": "speclens", "previousResultIds": ids}
	if token != "" {
		params["partialResultToken"] = token
	}
	var raw json.RawMessage
	if err := e.TryContext(ctx, protocol.MethodWorkspaceDiagnostic, params, &raw); err != nil {
		return nil, err
	}
	var answer struct{ Items []Report }
	if err := json.Unmarshal(raw, &answer); err != nil {
		e.tb.Fatalf("the reports %s: %v", raw, err)
	}
	return answer.Items, nil
}
