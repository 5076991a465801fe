package run

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/link"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/spec"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/engine/template"
	"github.com/speclens/speclens/engine/value"
	"github.com/speclens/speclens/schema"
)

// callable is a test as its plugin gets it.
type callable struct {
	plugin   plugin.Plugin
	info     *plugin.PluginInfo
	protocol schema.Protocol
	input    plugin.TestInput
	// timeout is that of one attempt.
	timeout time.Duration
	// secrets are the values of fields that the plugin declares secret.
	secrets []string
	// shown are the fields of which a result may not show everything, as it may show them.
	shown map[string]any
	// checked says that the plugin's Validate took the input as it is.
	checked bool
}

// visible is the input as a result may show it.
func (c *callable) visible() *plugin.TestInput {
	in := c.input
	if _, trusted := c.plugin.(obedient); trusted && len(c.shown) == 0 {
		return &in // nobody changes what it shares
	}
	in = cloneInput(in)
	for name, v := range c.shown {
		in.Fields[name] = v
	}
	return &in
}

// prepare resolves everything that the plugin gets. Where that fails the callable holds what was known by then.
func (x *exec) prepare() (*callable, error) {
	t := x.u.test.at
	c := &x.made
	c.timeout = x.r.timeout()
	c.input.Method = x.res.text("method", t.Method)
	c.input.Resource = x.res.text("resource", t.Resource)
	c.input.Headers = x.headers()
	var targetErr error
	c.input.Target, c.protocol, targetErr = x.target()
	if targetErr == nil {
		c.plugin = x.r.registry.Lookup(c.protocol)
	}
	c.info = &plugin.PluginInfo{}
	if c.plugin != nil {
		c.info = x.r.info(c.protocol, c.plugin)
	}
	fieldErr := x.fields(c)
	timeoutErr := x.timeout(c)
	switch {
	case targetErr != nil:
		return c, targetErr
	case c.plugin == nil:
		return c, fmt.Errorf("no plugin serves the protocol `%s`", c.protocol)
	case timeoutErr != nil:
		return c, timeoutErr
	case fieldErr != nil:
		return c, fieldErr
	case x.res.err != nil:
		return c, x.res.err
	}
	if err := x.conform(c); err != nil {
		return c, err
	}
	return c, x.validate(c)
}

// mostMisfits is how many fields an error names; the first ones say enough.
const mostMisfits = 3

// conform checks the fields against what the plugin declares: only now, with templates filled in, is a value known that
// holds one. Values whose template could not be filled in have a warning already.
func (x *exec) conform(c *callable) error {
	skip := func(at string) bool {
		return slices.ContainsFunc(x.res.unresolved, func(path string) bool { return path == at })
	}
	var found []string
	more := 0
	for _, name := range slices.Sorted(maps.Keys(c.info.Fields)) {
		declared := c.info.Fields[name]
		misfits := spec.Conform(declared, c.input.Fields[name], name, skip)
		if declared.Required && value.Unwrap(c.input.Fields[name]) == nil {
			misfits = []spec.Misfit{spec.MissingMember(declared, c.info.Name+" "+c.info.Version, name)}
		}
		for _, m := range misfits {
			if len(found) == mostMisfits {
				more++
				continue
			}
			found = append(found, m.Message)
		}
	}
	switch {
	case len(found) == 0:
		return nil
	case more > 0:
		found = append(found, fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(found, "; "))
}

// headers merges the test's headers over the defaults of its file over those of the configuration; names are compared
// without regard to case.
func (x *exec) headers() map[string]string {
	f := x.u.test.file
	layers := []struct {
		place string
		pairs []spec.Pair
	}{{"headers", x.u.test.at.Headers}, {"defaults.headers", f.spec.Defaults.Headers}}
	if f.config != nil {
		layers = append(layers, struct {
			place string
			pairs []spec.Pair
		}{"defaults.headers", f.config.Defaults.Headers})
	}
	var headers map[string]string
	known := map[string]bool{}
	for _, layer := range layers {
		for _, p := range layer.pairs {
			folded := strings.ToLower(p.Key.Value)
			if known[folded] {
				continue
			}
			known[folded] = true
			if headers == nil {
				headers = map[string]string{}
			}
			headers[p.Key.Value] = x.res.text(layer.place+"."+p.Key.Value, p.Value)
		}
	}
	return headers
}

// target is the URL that the test speaks to, and its protocol. Templates are resolved in the text of the target, and then
// in the URL behind it where that is an alias.
func (x *exec) target() (string, schema.Protocol, error) {
	f := x.u.test.file
	text, own := link.TargetText(f.spec, x.u.test.at.Test)
	place := "target"
	if own && !x.u.test.at.Target.Present() {
		place = link.AddressField // its templates are evaluated again for the plugin, and must give the same
	}
	d := x.r.destination(f, x.res.text(place, text))
	if d.Alias != "" && strings.Contains(d.URL, "{{") {
		d = x.r.destination(f, value.Text(value.Unwrap(x.res.eval("targets."+d.Alias, template.Parse(d.URL)))))
	}
	switch {
	case d.Message != "":
		return d.URL, d.Protocol, errors.New(d.Message)
	case d.Protocol == "":
		return d.URL, "", fmt.Errorf("the target %q has no scheme, so no plugin can be chosen for it", d.URL)
	}
	return d.URL, d.Protocol, nil
}

// destinations are the targets that were followed already.
type destinations struct {
	mu    sync.Mutex
	known map[from]link.Destination // guarded by mu
}

// from is where a destination is asked for: a file, and a text that stands there.
type from struct {
	file   *specFile
	target string
}

// destination follows the text of a target; most tests of a file go to the same place.
func (r *runner) destination(f *specFile, target string) link.Destination {
	at := from{f, target}
	r.destinations.mu.Lock()
	defer r.destinations.mu.Unlock()
	d, ok := r.destinations.known[at]
	if !ok {
		if r.destinations.known == nil {
			r.destinations.known = map[from]link.Destination{}
		}
		d = link.Resolve(r.snap, f.doc.URI, f.spec, target)
		r.destinations.known[at] = d
	}
	return d
}

// timeout finds the limit of one attempt: the test's, else that of a default, else the run's.
func (x *exec) timeout(c *callable) error {
	f := x.u.test.file
	places := []struct {
		name string
		text spec.Text
	}{{"timeout", x.u.test.at.Timeout}, {"defaults.timeout", f.spec.Defaults.Timeout}}
	if f.config != nil {
		places = append(places, struct {
			name string
			text spec.Text
		}{"defaults.timeout", f.config.Defaults.Timeout})
	}
	for _, p := range places {
		if p.text.Value == "" {
			continue
		}
		d, err := spec.ParseDuration(x.res.text(p.name, p.text))
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if d > 0 {
			c.timeout, c.input.Timeout = d, d.String()
			return nil
		}
	}
	return nil
}

// fields resolves the plugin's fields.
func (x *exec) fields(c *callable) error {
	var unknown error
	info := c.info
	for _, field := range x.u.test.at.Fields {
		name := field.Key.Value
		raw := field.Value.Any()
		if unknown == nil && mayBeNoNumber(raw) {
			if where, text := noNumber(field.Value, name, 0); text != "" {
				unknown = fmt.Errorf("%s: JSON has no number `%s`; write a number, or put it in quotes to send text", where, text)
			}
		}
		v := x.res.deep(name, raw)
		if c.input.Fields == nil {
			c.input.Fields = map[string]any{}
		}
		c.input.Fields[name] = v
		declared, ok := info.Fields[name]
		switch {
		case ok:
			if !mayHide(declared) {
				continue
			}
			c.secrets = secretsIn(declared, v, c.secrets)
			if c.shown == nil {
				c.shown = map[string]any{}
			}
			c.shown[name] = hidden(declared, v)
		case len(info.Fields) > 0:
			msg := fmt.Sprintf("unknown field `%s` of %s %s", name, info.Name, info.Version)
			names := append(slices.Sorted(maps.Keys(info.Fields)), coreNames()...)
			if near := spec.Nearest(name, names); near != "" {
				msg += fmt.Sprintf("; did you mean `%s`?", near)
			}
			if x.r.opts.Strict && unknown == nil {
				unknown = errors.New(msg)
				continue
			}
			x.result.Warnings = append(x.result.Warnings, msg)
		}
	}
	return unknown
}

// mayBeNoNumber reports whether a decoded value holds what YAML spells infinity or "not a number", perhaps in quotes: there the
// value alone does not tell the number from the text.
func mayBeNoNumber(v any) bool {
	switch v := v.(type) {
	case string:
		return isNoNumber(v)
	case map[string]any:
		for _, e := range v {
			if mayBeNoNumber(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, mayBeNoNumber)
	}
	return false
}

// isNoNumber knows the spellings of YAML 1.2, section 10.3.2.
func isNoNumber(s string) bool {
	switch strings.TrimLeft(s, "+-") {
	case ".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN":
		return len(s) <= len("+.inf")
	}
	return false
}

// noNumber finds a number without a form in JSON in a YAML value: where it is, and how it is written.
func noNumber(n syntax.Node, where string, depth int) (place, text string) {
	n = n.Resolve()
	if depth > maxNumberDepth {
		return "", ""
	}
	switch n.Kind() {
	case syntax.Scalar:
		if n.Tag() == syntax.TagFloat && isNoNumber(n.Value()) {
			return where, n.Value()
		}
	case syntax.Mapping:
		for _, e := range n.Merged() {
			if place, text = noNumber(e.Value, where+"."+e.Key.Resolve().Value(), depth+1); text != "" {
				return place, text
			}
		}
	case syntax.Sequence:
		for i, item := range n.Items() {
			if place, text = noNumber(item, fmt.Sprintf("%s[%d]", where, i), depth+1); text != "" {
				return place, text
			}
		}
	}
	return "", ""
}

// maxNumberDepth bounds the walk of noNumber, which an alias could send round in a circle.
const maxNumberDepth = 100

// coreNames are the keys of a test that belong to the language.
func coreNames() []string {
	var names []string
	for _, f := range schema.Core() {
		if f.Level == schema.LevelTest {
			names = append(names, f.Name)
		}
	}
	return names
}

// mayHide reports whether a declaration calls anything secret.
func mayHide(declared schema.FieldSpec) bool {
	if declared.Secret || declared.Items != nil && mayHide(*declared.Items) {
		return true
	}
	for _, member := range declared.Fields {
		if mayHide(member) {
			return true
		}
	}
	return false
}

// secretsIn collects the texts of a value that its declaration calls secret.
func secretsIn(declared schema.FieldSpec, v any, list []string) []string {
	if declared.Secret {
		return textsIn(v, list)
	}
	switch v := v.(type) {
	case map[string]any:
		for key, member := range v {
			if d, ok := declared.Member(key); ok {
				list = secretsIn(d, member, list)
			}
		}
	case []any:
		if declared.Items != nil {
			for _, item := range v {
				list = secretsIn(*declared.Items, item, list)
			}
		}
	}
	return list
}

// hidden is a value without those parts that its declaration calls secret, however short they are.
func hidden(declared schema.FieldSpec, v any) any {
	if declared.Secret {
		if v == nil {
			return nil
		}
		return engine.Masked
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			out[key] = member
			if d, ok := declared.Member(key); ok {
				out[key] = hidden(d, member)
			}
		}
		return out
	case []any:
		if declared.Items == nil {
			return v
		}
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = hidden(*declared.Items, item)
		}
		return out
	}
	return v
}

func textsIn(v any, list []string) []string {
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			list = textsIn(member, list)
		}
		return list
	case []any:
		for _, item := range v {
			list = textsIn(item, list)
		}
		return list
	case nil, bool:
		return list
	}
	return append(list, value.Text(v))
}

// validate asks the plugin whether it accepts the input: what it calls an error is not sent.
func (x *exec) validate(c *callable) (err error) {
	in := c.input
	if _, trusted := c.plugin.(obedient); !trusted {
		in = cloneInput(in)
	}
	in.Templated = x.res.unresolved
	info := c.info
	defer func() {
		if r := recover(); r != nil {
			err = &plugin.Error{Plugin: info.Name, Version: info.Version, Phase: plugin.PhaseValidate, Err: fmt.Errorf("panicked: %v", r)}
		}
	}()
	for _, fe := range c.plugin.Validate(in) {
		msg := fe.Message
		if fe.Field != "" {
			msg = fmt.Sprintf("`%s`: %s", fe.Field, fe.Message)
		}
		switch fe.Severity {
		case "", "error":
			if err == nil {
				err = &plugin.Error{Plugin: info.Name, Version: info.Version, Phase: plugin.PhaseValidate, Err: errors.New(msg)}
			}
		case "warning":
			if fe.Code != plugin.CodeFault && fe.Code != plugin.CodeClosed { // those of the host say whose they are
				msg = fmt.Sprintf("plugin %s@%s: %s", info.Name, info.Version, msg)
			}
			x.result.Warnings = append(x.result.Warnings, msg)
		}
	}
	c.checked = err == nil && len(in.Templated) == 0
	return err
}
