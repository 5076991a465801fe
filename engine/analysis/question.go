package analysis

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/value"
)

// questionKey stands for what a plugin is asked about a test.
type questionKey [16]byte

// of is the key of the question to a plugin. The same plugin loaded from a changed file is another plugin.
func (k questionKey) of(p plugin.Plugin) string { return fmt.Sprintf("%T %p %x", p, p, k[:]) }

// keyOf writes down all of a question, each part with its length or its kind, so that no two questions read the same.
func keyOf(in plugin.TestInput) questionKey {
	b := make([]byte, 0, 512)
	for _, s := range []string{in.Method, in.Resource, in.Target, in.Timeout} {
		b = appendText(b, s)
	}
	b = binary.AppendUvarint(b, uint64(len(in.Headers)))
	for _, name := range slices.Sorted(maps.Keys(in.Headers)) {
		b = appendText(appendText(b, name), in.Headers[name])
	}
	b = binary.AppendUvarint(b, uint64(len(in.Templated)))
	for _, s := range in.Templated {
		b = appendText(b, s)
	}
	b = appendValue(b, in.Fields)
	sum := sha256.Sum256(b)
	return questionKey(sum[:16])
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, '0')
	case bool:
		if v {
			return append(b, 't')
		}
		return append(b, 'f')
	case string:
		return appendText(append(b, 's'), v)
	case []any:
		b = binary.AppendUvarint(append(b, 'l'), uint64(len(v)))
		for _, e := range v {
			b = appendValue(b, e)
		}
		return b
	case map[string]any:
		b = binary.AppendUvarint(append(b, 'm'), uint64(len(v)))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b = appendValue(appendText(b, k), v[k])
		}
		return b
	}
	return appendText(append(b, 'o'), value.JSON(v)) // a number
}
