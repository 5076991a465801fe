package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/syntax"
)

// notInRequest are the keys that change nothing about what is sent.
var notInRequest = []string{"name", "alias", "expect", "save", "tags", "skip", "depends"}

// Hash identifies the content of the test: it changes with every value that means something, and with nothing else, so
// neither comments, nor style, nor the order of keys count.
func (t *Test) Hash() string { return t.hashed().all }

// RequestHash is Hash without what changes nothing about the request, such as `name` and `expect`: while it stays the
// same, a recorded response can be judged again.
func (t *Test) RequestHash() string { return t.hashed().request }

type hashes struct{ all, request string }

// hashed works the hashes out when they are asked for first: few tests have results to compare with.
func (t *Test) hashed() *hashes {
	h := t.hashes.Load()
	if h == nil {
		values := t.contents()
		h = &hashes{sum(values, nil), sum(values, notInRequest)}
		t.hashes.Store(h)
	}
	return h
}

// contents are the test's keys and values, whichever form it is written in.
func (t *Test) contents() map[string]any {
	values := map[string]any{}
	for _, e := range t.Entries() {
		values[e.Key.Resolve().Value()] = e.Value.Any()
	}
	if t.Form != FormFull {
		values["method"], values["resource"] = t.Method.Value, t.Resource.Value
	}
	if t.Form == FormLine && t.Expect != nil {
		values["expect"] = t.Expect.Raw()
	}
	if t.Form == FormBroken {
		values["broken"] = t.node.Any()
	}
	return values
}

func sum(values map[string]any, without []string) string {
	h := sha256.New()
	keys := make([]string, 0, len(values))
	for k := range values {
		if !slices.Contains(without, k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		writeJSON(h, k)
		writeJSON(h, values[k])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func writeJSON(h hash.Hash, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		b = []byte("?")
	}
	h.Write(b)
	h.Write([]byte{0})
}

// entryNamed finds an entry by its key.
func entryNamed(entries []syntax.Entry, name string) (syntax.Entry, bool) {
	for _, e := range entries {
		if strings.EqualFold(e.Key.Resolve().Value(), name) {
			return e, true
		}
	}
	return syntax.Entry{}, false
}
