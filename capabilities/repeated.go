package capabilities

import (
	"maps"
	"slices"
	"strings"
)

// Repeated remembers the headers that came more than once in the responses that a plugin was given. A plugin of the original
// contract hands on one text a header, in which the values of such a header are joined; the host knows them one by one.
type Repeated struct {
	lists map[string][][]string // by name in lower case
}

func (r *Repeated) note(headers map[string][]string) {
	for name, values := range headers {
		if len(values) < 2 {
			continue
		}
		if r.lists == nil {
			r.lists = map[string][][]string{}
		}
		key := strings.ToLower(name)
		r.lists[key] = append(r.lists[key], values)
	}
}

// Split returns all with the values of those headers in single that are exactly the joined text of what came, and that all
// does not have already. What the plugin changed is left as it is. all itself is not changed.
func (r *Repeated) Split(single map[string]string, all map[string][]string) map[string][]string {
	if len(r.lists) == 0 {
		return all
	}
	out := all
	for name, text := range single {
		values, ok := r.find(name, text)
		if !ok || slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(known string) bool { return strings.EqualFold(known, name) }) {
			continue
		}
		if len(out) == len(all) {
			out = maps.Clone(all)
		}
		if out == nil {
			out = map[string][]string{}
		}
		out[name] = slices.Clone(values)
	}
	return out
}

// find returns the values, of the last response first, that make up a text.
func (r *Repeated) find(name, text string) ([]string, bool) {
	for _, values := range slices.Backward(r.lists[strings.ToLower(name)]) {
		if strings.Join(values, ", ") == text {
			return values, true
		}
	}
	return nil, false
}
