package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/speclens/speclens/capabilities"
)

// marshalPlain encodes compact JSON with sorted keys and without escaping HTML.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decodeOutput makes sense of what execute returned and puts the bodies that it refers to in their place.
func decodeOutput(output []byte, bodies *capabilities.Bodies) (*TestOutput, error) {
	if len(output) == 0 {
		return nil, errors.New("execute returned nothing, where a test's output was expected")
	}
	if bytes.Equal(bytes.TrimSpace(output), []byte("null")) {
		return nil, errors.New("execute returned null, where a test's output was expected")
	}
	result := &TestOutput{}
	if err := capabilities.DecodeJSON(output, result); err != nil {
		return nil, fmt.Errorf("the answer is not a test's output: %w", err)
	}
	n, isRef := bodyRef(result.Body)
	if !isRef || !bodies.Used() {
		return result, nil // a body of that very form, which is not ours
	}
	body, ok := bodies.Get(n)
	if !ok {
		return nil, fmt.Errorf("the answer refers to body %d, which this call does not keep", n)
	}
	var fault string
	if result.Body, fault = body.Decode(); fault != "" {
		if result.Metadata == nil {
			result.Metadata = map[string]any{}
		}
		result.Metadata[MetadataBodyFault] = fault
	}
	return result, nil
}

// bodyRef recognises {"$ref": n}.
func bodyRef(body any) (int, bool) {
	object, ok := body.(map[string]any)
	if !ok || len(object) != 1 {
		return 0, false
	}
	number, ok := object["$ref"].(json.Number)
	if !ok {
		return 0, false
	}
	n, err := number.Int64()
	return int(n), err == nil
}

// dropTemplated leaves out the errors at, above or below a path whose value still holds a template, unless the plugin
// understands templates.
func dropTemplated(found []FieldError, templated []string, understands bool) []FieldError {
	if len(found) == 0 {
		return nil
	}
	if understands || len(templated) == 0 {
		return found
	}
	paths := make([][]string, len(templated))
	for i, path := range templated {
		paths[i] = segments(path)
	}
	kept := found[:0]
	for _, e := range found {
		if !related(segments(e.Field), paths) {
			kept = append(kept, e)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}

// segments cuts "query.ids[0]" into query, ids, 0; the empty path has none.
func segments(path string) []string {
	path = strings.NewReplacer("[", ".", "]", "").Replace(path)
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' })
}

// related says whether one of the paths is the field, above it or below it.
func related(field []string, paths [][]string) bool {
	for _, path := range paths {
		n := min(len(field), len(path))
		same := true
		for i := range n {
			same = same && field[i] == path[i]
		}
		if same {
			return true
		}
	}
	return false
}
