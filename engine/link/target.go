package link

import (
	"fmt"
	"slices"
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/schema"
)

// Fault says why a target leads nowhere.
type Fault uint8

// The faults of a target. FaultNone is none; with it the protocol may still be open, where a template decides.
const (
	FaultNone       Fault = iota
	FaultNoTarget         // neither the test nor the file says where to go
	FaultNoAlias          // the text is no URL, and no alias of that name exists
	FaultOtherAlias       // the alias exists in environments only, none of which is chosen
	FaultNoScheme         // the alias's URL has no scheme
	FaultNoPlugin         // no plugin serves the protocol
)

// Destination is where a test goes.
type Destination struct {
	// Text is what the user wrote: the test's target, else the file's; absent where there is none. It counts from where
	// the test does if FromTest, else from the start of the file.
	Text     spec.Text
	FromTest bool
	// Alias is the name used; empty for a URL. It is defined at AliasAt in AliasURI.
	Alias    string
	AliasURI string
	AliasAt  text.Span
	// AliasFrom says where the alias is defined: "this file", "environment staging" or ".qube.yaml".
	AliasFrom string
	// URL is the target after the alias; it holds templates as they are written.
	URL string
	// Open says that a template decides about the scheme; Protocol is then what the variables of the snapshot make of it.
	Open bool
	// Protocol is the scheme in lower case; empty where it is not known before a run.
	Protocol schema.Protocol
	// Fault says what is wrong, and Message tells the user; both are zero where nothing is.
	Fault   Fault
	Message string
}

// TargetText is the target that counts for a test: its own, else the file's, else the whole address that it gives as `url`,
// which then says the protocol. t may be nil for the file alone.
func TargetText(s *spec.Spec, t *spec.Test) (target spec.Text, fromTest bool) {
	if t != nil && strings.TrimSpace(t.Target.Value) != "" {
		return t.Target, true
	}
	if s != nil && strings.TrimSpace(s.Target.Value) != "" {
		return s.Target, false
	}
	if t != nil {
		return wholeAddress(t)
	}
	return spec.Text{}, false
}

// AddressField is the field of a test that gives a whole address by itself.
const AddressField = "url"

// wholeAddress is what a test gives as `url`, where that has a scheme or may get one from a template.
func wholeAddress(t *spec.Test) (address spec.Text, found bool) {
	for _, f := range t.Fields {
		n := f.Value.Resolve()
		if f.Key.Value != AddressField || n.Kind() != syntax.Scalar {
			continue
		}
		if scheme, open := schemeOf(strings.TrimSpace(n.Value())); scheme == "" && !open {
			return spec.Text{}, false
		}
		address = spec.Text{Value: n.Value(), Node: f.Value}
		if strings.Contains(address.Value, "{{") {
			address.Template = template.Parse(address.Value)
		}
		return address, true
	}
	return spec.Text{}, false
}

// Target resolves the target of a test as it is written, with its templates unresolved. t may be nil for the file alone.
func Target(snap *engine.Snapshot, doc *engine.Document, s *spec.Spec, t *spec.Test) Destination {
	target, own := TargetText(s, t)
	d := Resolve(snap, doc.URI, s, target.Value)
	d.Text, d.FromTest = target, own
	return d
}

// Resolve follows the text of a target, in a file, to a URL and a protocol: an alias of the file, else of the chosen
// environment, else of the configuration, else a URL. s may be nil where no file's aliases count.
func Resolve(snap *engine.Snapshot, uri string, s *spec.Spec, target string) Destination {
	var d Destination
	target = strings.TrimSpace(target)
	if target == "" {
		d.Fault = FaultNoTarget
		d.Message = "this test has no target; set `target` here or at the top of the file to a URL such as http://127.0.0.1:8080" +
			protocolHint(snap, " (protocols: %s)")
		return d
	}
	if strings.Contains(target, "{{") {
		return open(snap, uri, s, target)
	}
	d.URL = target
	if a, ok := findAlias(snap, uri, s, target); ok {
		d.Alias, d.URL, d.AliasURI, d.AliasAt, d.AliasFrom = target, strings.TrimSpace(a.pair.Value.Value), a.uri, a.pair.Key.Span(), a.from
		if scheme, isOpen := schemeOf(d.URL); isOpen && scheme == "" {
			d.Open = true
			scheme, _ = schemeOf(withVariables(snap, uri, d.URL)) // an alias leads to no other alias
			d.Protocol = schema.Protocol(strings.ToLower(scheme))
			return d
		}
	}
	switch scheme, _ := schemeOf(d.URL); {
	case scheme == "" && d.Alias != "":
		d.Fault = FaultNoScheme
		d.Message = fmt.Sprintf("the target `%s` of %s is %q, which has no scheme; write a URL such as http://127.0.0.1:8080",
			d.Alias, d.AliasFrom, d.URL)
	case scheme == "":
		d.noAlias(snap, uri, s, target)
	default:
		d.Protocol = schema.Protocol(strings.ToLower(scheme))
		if pluginFor(snap, d.Protocol) == nil {
			d.Fault = FaultNoPlugin
			d.Message = fmt.Sprintf("no plugin serves the protocol `%s`", d.Protocol) + protocolHint(snap, "; installed protocols: %s")
		}
	}
	return d
}

// open follows a target that holds templates. A scheme that stands there is as good as without templates; else what the
// variables known to the snapshot give is followed, so that `{{ env.API }}` has a protocol before a run. Nothing about
// such a target is a fault: a run may know more.
func open(snap *engine.Snapshot, uri string, s *spec.Spec, target string) Destination {
	d := Destination{URL: target, Open: true}
	if scheme, _ := schemeOf(target); scheme != "" {
		d.Open, d.Protocol = false, schema.Protocol(strings.ToLower(scheme))
		if pluginFor(snap, d.Protocol) == nil {
			d.Fault = FaultNoPlugin
			d.Message = fmt.Sprintf("no plugin serves the protocol `%s`", d.Protocol) + protocolHint(snap, "; installed protocols: %s")
		}
		return d
	}
	text := withVariables(snap, uri, target)
	if text == "" {
		return d
	}
	to := Resolve(snap, uri, s, text)
	if to.Fault != FaultNone {
		return d
	}
	d.Protocol = to.Protocol
	if to.Alias != "" {
		d.Alias, d.AliasURI, d.AliasAt, d.AliasFrom = to.Alias, to.AliasURI, to.AliasAt, to.AliasFrom
	}
	return d
}

// withVariables is a text with the variables that the snapshot knows; empty where it needs more than those.
func withVariables(snap *engine.Snapshot, uri, text string) string {
	vars := snap.Env(uri)
	ev := template.Evaluator{Scope: template.Scope{Env: func(name string) (string, error) {
		if v, ok := vars[name]; ok {
			return v.Value, nil
		}
		return "", template.ErrUnknown
	}}}
	v, _, err := template.Parse(text).Eval(&ev)
	resolved := strings.TrimSpace(value.Text(value.Unwrap(v)))
	if err != nil || strings.Contains(resolved, "{{") {
		return ""
	}
	return resolved
}

// noAlias words the fault of a text that is neither a URL nor an alias.
func (d *Destination) noAlias(snap *engine.Snapshot, uri string, s *spec.Spec, target string) {
	if others := environmentsWith(snap, uri, target); len(others) > 0 {
		d.Fault = FaultOtherAlias
		d.Message = fmt.Sprintf("the target `%s` exists in the environments %s only; choose one of them", target, spec.List(others, "and"))
		if len(others) == 1 {
			d.Message = fmt.Sprintf("the target `%s` exists in the environment `%s` only; choose it", target, others[0])
		}
		return
	}
	d.Fault = FaultNoAlias
	names := AliasNames(snap, uri, s)
	d.Message = fmt.Sprintf("`%s` is neither a URL with a scheme, such as http://%s, nor a name of `targets`", target, host(target))
	if near := spec.Nearest(target, names); near != "" && !LooksLikeHost(target) {
		d.Message = fmt.Sprintf("unknown target `%s`; did you mean `%s`?", target, near)
	} else if len(names) > 0 {
		d.Message += ", which holds " + spec.List(names, "and")
	}
}

// host is what to show as a URL's host in an example.
func host(target string) string {
	if LooksLikeHost(target) {
		return target
	}
	return "127.0.0.1:8080"
}

// LooksLikeHost reports whether a text is likely a URL without its scheme: it has a port, a dot or a path.
func LooksLikeHost(s string) bool {
	return strings.ContainsAny(s, ".:/") && !strings.ContainsAny(s, " {}\"'") && !strings.HasPrefix(s, ".") && !strings.HasPrefix(s, ":")
}

// protocolHint names the installed protocols.
func protocolHint(snap *engine.Snapshot, format string) string {
	protocols := Protocols(snap)
	if len(protocols) == 0 {
		return "; no plugin is installed"
	}
	return fmt.Sprintf(format, strings.Join(protocols, ", "))
}

// Protocols are those that the installed plugins serve, in lower case, sorted.
func Protocols(snap *engine.Snapshot) []string {
	var list []string
	for _, p := range snap.Plugins() {
		for _, protocol := range p.Protocols {
			list = append(list, strings.ToLower(string(protocol)))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// pluginFor describes the plugin that serves a protocol; nil where none does.
func pluginFor(snap *engine.Snapshot, protocol schema.Protocol) *schema.PluginSchema {
	plugins := snap.Plugins()
	for i := range plugins {
		for _, p := range plugins[i].Protocols {
			if strings.EqualFold(string(p), string(protocol)) {
				return &plugins[i]
			}
		}
	}
	return nil
}

// schemeOf is the scheme of a URL, as RFC 3986 spells it and always with `//` behind it: in localhost:8080 there is none.
// open says that a template decides about it.
func schemeOf(url string) (scheme string, open bool) {
	scheme, _, found := strings.Cut(url, "://")
	if !found || strings.Contains(scheme, "{{") {
		return "", strings.Contains(url, "{{")
	}
	for i, r := range scheme {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return "", false
		}
	}
	return scheme, false
}

// alias is one entry of some `targets`.
type alias struct {
	pair spec.Pair
	uri  string
	from string
}

// aliases are all entries of `targets` in force for a file, those that win first.
func aliases(snap *engine.Snapshot, uri string, s *spec.Spec) []alias {
	var list []alias
	add := func(pairs []spec.Pair, uri, from string) {
		for _, p := range pairs {
			list = append(list, alias{p, uri, from})
		}
	}
	if s != nil {
		add(s.Targets, uri, "this file")
	}
	if conf := snap.ConfigDocument(uri); conf != nil && conf.Config() != nil {
		if e := snap.Environment(uri); e != nil {
			add(e.Targets, conf.URI, "environment "+e.Name.Value)
		}
		add(conf.Config().Targets, conf.URI, ".qube.yaml")
	}
	return list
}

func findAlias(snap *engine.Snapshot, uri string, s *spec.Spec, name string) (alias, bool) {
	for _, a := range aliases(snap, uri, s) {
		if a.pair.Key.Value == name {
			return a, true
		}
	}
	return alias{}, false
}

// Alias is a name that a target may use, with its URL and where it is defined.
type Alias struct {
	Name, URL string
	// URI and Span are the place of the name; From says it in words.
	URI  string
	Span text.Span
	From string
}

// Aliases are the names that a target of a file may use, those of the file first; a name that another one hides is left
// out.
func Aliases(snap *engine.Snapshot, uri string, s *spec.Spec) []Alias {
	var list []Alias
	seen := map[string]bool{}
	for _, a := range aliases(snap, uri, s) {
		name := a.pair.Key.Value
		if !seen[name] {
			seen[name] = true
			list = append(list, Alias{Name: name, URL: a.pair.Value.Value, URI: a.uri, Span: a.pair.Key.Span(), From: a.from})
		}
	}
	return list
}

// AliasNames are the names of Aliases.
func AliasNames(snap *engine.Snapshot, uri string, s *spec.Spec) []string {
	var names []string
	for _, a := range Aliases(snap, uri, s) {
		names = append(names, a.Name)
	}
	return names
}

// environmentsWith are the environments of the configuration that know an alias.
func environmentsWith(snap *engine.Snapshot, uri, name string) []string {
	conf := snap.Config(uri)
	if conf == nil {
		return nil
	}
	var list []string
	for _, e := range conf.Environments {
		if slices.ContainsFunc(e.Targets, func(p spec.Pair) bool { return p.Key.Value == name }) {
			list = append(list, e.Name.Value)
		}
	}
	return list
}
