package ide

import (
	"strings"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/write"
	"github.com/speclens/speclens/schema"
)

// headerKeys offers the names of headers that the plugin at hand declares for a request.
func (c *completer) headerKeys() {
	p := c.plugin()
	if p == nil {
		return
	}
	for _, h := range p.Headers {
		if h.In == "response" {
			continue
		}
		if c.key(h.Name, schema.FieldSpec{Type: schema.TypeString}, foreignMarkdown(h.Description), "", p.Name, p.Version) {
			c.items[len(c.items)-1].Retrigger = len(h.Values) > 0
		}
	}
}

// headerValues offers what the plugin says of the header at the cursor. Where a value holds a credential, it is offered with
// each that the project has: what tests save, what the body of a test by its alias holds, variables.
func (c *completer) headerValues() {
	p := c.plugin()
	if p == nil || len(c.at.Path) == 0 {
		return
	}
	name := c.at.Path[len(c.at.Path)-1].Key
	for _, h := range p.Headers {
		if !strings.EqualFold(h.Name, name) {
			continue
		}
		for _, v := range h.Values {
			before, after, holds := strings.Cut(v, "{{ }}")
			if !holds {
				c.value(CompletionItem{Label: v, Kind: ItemValue, Description: p.Name})
				continue
			}
			for _, cred := range c.credentials() {
				c.value(CompletionItem{Label: before + "{{ " + cred.text + " }}" + after, Kind: ItemVariable, Detail: cred.detail, Description: cred.from})
			}
		}
	}
}

// credential is a template's inside that may hold a credential. unset says that it is a variable of an environment that is
// not chosen.
type credential struct {
	text, detail, from string
	unset              bool
}

// mostCredentials is how many are offered for one form of a header: nobody has more that are near.
const mostCredentials = 8

// credentialWords are parts of the names that credentials have.
var credentialWords = []string{"token", "key", "auth", "secret", "session", "jwt", "bearer", "credential", "password", "ticket"}

func isCredential(name string) bool {
	name = strings.ToLower(name)
	for _, w := range credentialWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// credentials are what the project has of them, nearest first.
func (c *completer) credentials() []credential {
	var list []credential
	names, _ := c.scope.names(c.snap, c.doc, "", false)
	for _, n := range names {
		switch {
		case !n.alias && isCredential(n.name):
			list = append(list, credential{text: n.name, detail: n.detail, from: n.file})
		case n.alias:
			for _, field := range c.bodyFields(n.key) {
				if isCredential(field) {
					list = append(list, credential{text: n.name + ".response.body." + field, detail: "of the test " + n.name, from: n.file})
				}
			}
		}
	}
	vars, set := c.variables(), c.snap.Env(c.doc.URI)
	for _, name := range sortedKeys(vars) {
		if isCredential(name) {
			_, isSet := set[name]
			list = append(list, credential{text: "env." + name, detail: vars[name], unset: !isSet})
		}
	}
	return list[:min(len(list), mostCredentials)]
}

// variables are the names that `env` may have for this file, each with where it comes from: those in force, and those that
// only an environment has which is not chosen.
func (c *completer) variables() map[string]string {
	vars := map[string]string{}
	if conf := c.snap.Config(c.doc.URI); conf != nil {
		for _, e := range conf.Environments {
			for _, pair := range e.Env {
				vars[pair.Key.Value] = "environment " + e.Name.Value + ", not chosen"
			}
		}
	}
	for name, v := range c.snap.Env(c.doc.URI) {
		vars[name] = v.Source
	}
	return vars
}

// learnedHeaders offers the headers that the last response had, then those that responses have.
func (c *completer) learnedHeaders(r *engine.TestResult) {
	seen := map[string]bool{}
	if r != nil && r.Output != nil {
		for _, name := range sortedKeys(r.Output.Headers) {
			seen[strings.ToLower(name)] = true
			c.key(name, schema.FieldSpec{Type: schema.TypeString}, "In the last response: "+code(r.Output.Headers[name]), " ${1:exists}", "last response", "")
		}
	}
	p := c.plugin()
	if p == nil {
		return
	}
	for _, h := range p.Headers {
		if h.In != "request" && !seen[strings.ToLower(h.Name)] {
			c.key(h.Name, schema.FieldSpec{Type: schema.TypeString}, foreignMarkdown(h.Description), " ${1:exists}", p.Name, p.Version)
		}
	}
}

// statuses offers the status of the last response, then those that the plugin at hand declares.
func (c *completer) statuses() {
	if r := c.scope.lastResult(c.snap, c.doc); r != nil && r.Output != nil {
		if text := scalarText(r.Output.Status); text != "" && text != "0" {
			c.learnedValue(r.Output.Status, write.Status)
		}
	}
	c.statusCodes(true)
}

// statusCodes offers the statuses that the plugin at hand declares, and classes of them where those mean something.
func (c *completer) statusCodes(classes bool) {
	p := c.plugin()
	if p == nil {
		return
	}
	for _, s := range p.Statuses {
		if !classes && strings.HasSuffix(s.Name, "xx") {
			continue
		}
		c.written(CompletionItem{Label: s.Name, Kind: ItemEnum, Detail: s.Description, Description: p.Name}, statusText(s.Name, c.writing()))
	}
}

// statusText is a status as it is expected: a number or class as it is, any other text as the place wants it.
func statusText(name string, at write.Place) string {
	if name != "" && name[0] >= '0' && name[0] <= '9' && !strings.Contains(name, " ") {
		return name
	}
	return write.Text(name, at)
}
