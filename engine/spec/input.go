package spec

import (
	"slices"
	"strings"
)

// Input is what a test asks of its plugin, as plain values with templates as they are written. It says no more than the
// test and its defaults do: the target is still an alias where the user wrote one.
type Input struct {
	Method, Resource string
	Headers          map[string]string
	// Timeout is a Go duration; empty where none is set, or none that can be read.
	Timeout string
	Fields  map[string]any
	// Templated lists the paths whose value holds a template, sorted.
	Templated []string
}

// Input puts a test together with the defaults of its file and, if there is one, of the configuration. A header of the
// test wins over one of the file, and that over one of the configuration, whatever their case.
func (s *Spec) Input(t *Test, conf *Config) Input {
	in := Input{Method: t.Method.Value, Resource: t.Resource.Value}
	for _, at := range t.Templates {
		if forPlugin(at.Path) {
			in.Templated = append(in.Templated, at.Path)
		}
	}
	layers := [][]Pair{t.Headers, s.Defaults.Headers}
	timeouts := []Text{t.Timeout, s.Defaults.Timeout}
	if conf != nil {
		layers, timeouts = append(layers, conf.Defaults.Headers), append(timeouts, conf.Defaults.Timeout)
	}
	in.headers(layers)
	in.timeout(timeouts)
	for _, f := range t.Fields {
		if in.Fields == nil {
			in.Fields = map[string]any{}
		}
		in.Fields[f.Key.Value] = f.Value.Any()
	}
	slices.Sort(in.Templated)
	in.Templated = slices.Compact(in.Templated)
	return in
}

// forPlugin reports whether a templated place is part of what a plugin gets.
func forPlugin(place string) bool {
	root, _, _ := strings.Cut(place, ".")
	return !slices.Contains([]string{"name", "expect", "retry", "when", "matrix", "target"}, root)
}

func (in *Input) headers(layers [][]Pair) {
	var known []string // in lower case; few headers are set
	for _, pairs := range layers {
		for _, p := range pairs {
			folded := strings.ToLower(p.Key.Value)
			if slices.Contains(known, folded) {
				continue
			}
			known = append(known, folded)
			if in.Headers == nil {
				in.Headers = map[string]string{}
			}
			in.Headers[p.Key.Value] = p.Value.Value
			if p.Value.Template != nil {
				in.Templated = append(in.Templated, "headers."+p.Key.Value)
			}
		}
	}
}

// timeout takes the first one that is set. A plugin gets it as a Go duration; one that holds a template stays as written.
func (in *Input) timeout(timeouts []Text) {
	for _, t := range timeouts {
		if t.Value == "" {
			continue
		}
		if t.Template != nil {
			in.Timeout, in.Templated = t.Value, append(in.Templated, "timeout")
		} else if d, err := ParseDuration(t.Value); err == nil && d > 0 {
			in.Timeout = d.String()
		}
		return
	}
}
