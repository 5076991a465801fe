package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/schema"
)

// This file is the border between plugins and the host: what a plugin declares and answers passes here once, and behind it
// is known to be small, printable, and free of names that no spec can hold. What only a reader would mind is cut or
// cleaned; what would break the language, or be obeyed by somebody, is refused.

// The caps on what a plugin may declare and answer. What is beyond is refused at load, or cut and said so.
const (
	maxFields      = 500
	maxNesting     = 20
	maxEnum        = 1000
	maxDescription = 8 << 10
	maxMessage     = 2 << 10
	maxOneLine     = 500
	maxPattern     = 1000
	maxURL         = 2 << 10
	maxFieldErrors = 1000
	maxFieldPath   = 256
	maxFix         = 8 << 10
	maxProtocols   = 32
	maxMethods     = 200
	maxHeaders     = 200
	maxStatuses    = 200
	// maxRefusals is how many reasons an error names.
	maxRefusals = 10
)

var (
	// safeName is the form of names that stand in specs as keys, and in reports: nothing of it needs quoting in YAML.
	safeName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)
	// safeScheme is a URL scheme: RFC 3986, section 3.1.
	safeScheme  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]{0,31}$`)
	safeVersion = regexp.MustCompile(`^[A-Za-z0-9._+~-]{0,64}$`)
	safeMethod  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]{0,127}$`)
	safeStatus  = regexp.MustCompile(`^[A-Za-z0-9_-]([A-Za-z0-9_. -]{0,62}[A-Za-z0-9_.-])?$`)
	safeCode    = regexp.MustCompile(`^[a-z0-9._-]{1,64}$`)
)

const (
	nameForm    = "want a letter or _, then up to 63 letters, digits, _, . and -"
	schemeForm  = "want the scheme of a URL: a letter, then letters, digits, +, - and ."
	versionForm = "want up to 64 letters, digits and . _ + ~ -"
	methodForm  = "want a letter or _, then letters, digits and _ . / -"
)

// yamlWords are names that YAML's core schema reads as no text.
var yamlWords = []string{"null", "true", "false"}

// coreFields are the keys that the spec language keeps for itself in a test.
func coreFields() []string {
	var names []string
	for _, f := range schema.Core() {
		if f.Level == schema.LevelTest {
			names = append(names, f.Name)
		}
	}
	return names
}

// refusals are the reasons for which a plugin with such metadata is not loaded.
type refusals struct{ found []Finding }

func (r *refusals) add(path, format string, args ...any) {
	r.found = append(r.found, Finding{Severity: FindingRefused, Path: path, Message: fmt.Sprintf(format, args...)})
}

// name refuses what cannot be a key in a spec.
func (r *refusals) name(path, what, name string) {
	switch {
	case !safeName.MatchString(name):
		r.add(path, "%s %s is not allowed: %s", what, quoted(name), nameForm)
	case slices.Contains(yamlWords, strings.ToLower(name)):
		r.add(path, "%s %s is not allowed: YAML reads it as no text", what, quoted(name))
	}
}

// quoted is a foreign name in an error.
func quoted(name string) string { return fmt.Sprintf("%q", clip(name, 40)) }

// refuse lists why a plugin with such metadata is not loaded; empty where it is.
func refuse(info PluginInfo) []Finding {
	r := &refusals{}
	if strings.TrimSpace(info.Name) == "" {
		r.add("name", `gives no name: add "name": "…"`)
	} else {
		r.name("name", "the name", info.Name)
	}
	if !safeVersion.MatchString(info.Version) {
		r.add("version", "the version %s is not allowed: %s", quoted(info.Version), versionForm)
	}
	if len(info.Protocols) > maxProtocols {
		r.add("protocols", "%d protocols are more than %d", len(info.Protocols), maxProtocols)
	}
	for i, p := range info.Protocols {
		if !safeScheme.MatchString(string(p)) {
			r.add(fmt.Sprintf("protocols[%d]", i), "the protocol %s is not allowed: %s", quoted(string(p)), schemeForm)
		}
	}
	if len(info.Methods) > maxMethods {
		r.add("methods", "%d methods are more than %d", len(info.Methods), maxMethods)
	}
	for i, m := range info.Methods {
		if !safeMethod.MatchString(m.Name) {
			r.add(fmt.Sprintf("methods[%d]", i), "the method %s is not allowed: %s", quoted(m.Name), methodForm)
		}
	}
	r.offers(info)
	r.snippets(info.Snippets)
	r.fields("fields", info.Fields)
	core := coreFields()
	for _, name := range slices.Sorted(maps.Keys(info.Fields)) {
		if slices.Contains(core, name) {
			r.add("fields."+name, "the spec language has a key %q of its own: give the field another name", name)
		}
	}
	if len(info.Events) > maxFields {
		r.add("events", "%d events are more than %d", len(info.Events), maxFields)
		return r.found
	}
	for _, kind := range slices.Sorted(maps.Keys(info.Events)) {
		r.name("events", "the event", kind)
		r.fields("events."+kind+".fields", info.Events[kind].Fields)
	}
	return r.found
}

// fields refuses what is wrong with the fields of a test or of an event, nested ones included.
func (r *refusals) fields(path string, fields map[string]schema.FieldSpec) {
	var size extent
	size.fields(fields, 1)
	switch {
	case size.total > maxFields:
		r.add(path, "more than %d fields, counting nested ones", maxFields)
		return
	case size.depth > maxNesting:
		r.add(path, "fields are nested deeper than %d levels", maxNesting)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		r.name(path, "the field", name)
		r.field(path+"."+clip(name, 40), fields[name])
	}
}

func (r *refusals) field(path string, f schema.FieldSpec) {
	if len(f.Enum) > maxEnum {
		r.add(path+".enum", "%d values are more than %d", len(f.Enum), maxEnum)
	}
	if len(f.Pattern) > maxPattern {
		r.add(path+".pattern", "is longer than %d bytes", maxPattern)
	}
	for _, v := range slices.Concat(f.Enum, f.Examples, []any{f.Default}) {
		if b, err := json.Marshal(v); err != nil || len(b) > maxDescription || deeper(v, maxNesting) {
			r.add(path, "a value of enum, examples or default is longer than %d bytes, or nested deeper than %d levels",
				maxDescription, maxNesting)
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Fields)) {
		r.name(path+".fields", "the field", name)
		r.field(path+".fields."+clip(name, 40), f.Fields[name])
	}
	if f.Items != nil {
		r.field(path+".items", *f.Items)
	}
}

// extent is how many fields there are and how deep they are nested; it is not exact beyond the caps.
type extent struct{ total, depth int }

func (x *extent) fields(fields map[string]schema.FieldSpec, depth int) {
	x.total += len(fields)
	x.depth = max(x.depth, depth)
	if x.total > maxFields || depth > maxNesting {
		return
	}
	for _, f := range fields {
		x.inside(f, depth)
	}
}

func (x *extent) inside(f schema.FieldSpec, depth int) {
	if len(f.Fields) > 0 {
		x.fields(f.Fields, depth+1)
	}
	if f.Items != nil {
		x.depth = max(x.depth, depth+1)
		if depth < maxNesting {
			x.inside(*f.Items, depth+1)
		}
	}
}

// deeper reports whether a decoded value is nested deeper than so many levels.
func deeper(v any, levels int) bool {
	var members []any
	switch v := v.(type) {
	case []any:
		members = v
	case map[string]any:
		members = slices.Collect(maps.Values(v))
	default:
		return false
	}
	return levels == 0 || slices.ContainsFunc(members, func(m any) bool { return deeper(m, levels-1) })
}

// admit returns the metadata as the host may use it: texts are clean and cut, addresses that are no web pages are gone.
// A plugin that is refused is an error which says all that is wrong, or *ErrMissingCapability.
func admit(info PluginInfo) (PluginInfo, error) {
	if info.ABI > contractVersion {
		return info, fmt.Errorf("asks for version %d of the plugin contract, this engine speaks up to %d: update speclens",
			info.ABI, contractVersion)
	}
	if found := refuse(info); len(found) > 0 {
		return info, refusal(found)
	}
	for _, capability := range info.Capabilities {
		provided := func(known string) bool { return strings.EqualFold(known, capability) }
		if !slices.ContainsFunc(capabilities.Known(), provided) {
			return info, &ErrMissingCapability{Plugin: info.Name, Capability: clip(text.VisibleLine(capability), 40)}
		}
	}
	info = info.clone()
	info.Description = prose(info.Description)
	info.DocsURL = webPage(info.DocsURL)
	info.ResourceHint = line(info.ResourceHint)
	for i := range info.Methods {
		info.Methods[i].Description = prose(info.Methods[i].Description)
	}
	for i := range info.Headers {
		info.Headers[i].Description = prose(info.Headers[i].Description)
		for k, v := range info.Headers[i].Values {
			info.Headers[i].Values[k] = line(v)
		}
	}
	for i := range info.Statuses {
		info.Statuses[i].Description = line(info.Statuses[i].Description)
	}
	cleanSnippets(info.Snippets)
	cleanFields(info.Fields)
	for kind, e := range info.Events {
		e.Description, e.DocsURL = prose(e.Description), webPage(e.DocsURL)
		e.Summary, e.Anchor = line(e.Summary), line(e.Anchor)
		cleanFields(e.Fields)
		info.Events[kind] = e
	}
	return info, nil
}

// offers refuses names that could not stand in a spec as a header or a status.
func (r *refusals) offers(info PluginInfo) {
	if len(info.Headers) > maxHeaders {
		r.add("headers", "%d headers are more than %d", len(info.Headers), maxHeaders)
	}
	if len(info.Statuses) > maxStatuses {
		r.add("statuses", "%d statuses are more than %d", len(info.Statuses), maxStatuses)
	}
	for i, h := range info.Headers {
		if !safeName.MatchString(h.Name) {
			r.add(fmt.Sprintf("headers[%d]", i), "the header %s is not allowed: %s", quoted(h.Name), offerForm)
		}
		if h.In != "" && h.In != "request" && h.In != "response" {
			r.add(fmt.Sprintf("headers[%d].in", i), `%s is neither "request" nor "response"`, quoted(h.In))
		}
	}
	for i, s := range info.Statuses {
		if !safeStatus.MatchString(s.Name) {
			r.add(fmt.Sprintf("statuses[%d]", i), "the status %s is not allowed: %s", quoted(s.Name), statusForm)
		}
	}
}

const (
	offerForm  = "a letter or _, then up to 63 letters, digits, _, . and -"
	statusForm = "up to 64 letters, digits, blanks, _, . and -, the first and last no blank"
)

func refusal(found []Finding) error {
	var parts []string
	for _, f := range found[:min(len(found), maxRefusals)] {
		parts = append(parts, f.Path+": "+f.Message)
	}
	if more := len(found) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(parts, "; "))
}

func cleanFields(fields map[string]schema.FieldSpec) {
	for name, f := range fields {
		cleanField(&f)
		fields[name] = f
	}
}

func cleanField(f *schema.FieldSpec) {
	f.Description, f.DocsURL = prose(f.Description), webPage(f.DocsURL)
	f.Deprecated = schema.Deprecation(line(string(f.Deprecated)))
	f.Format = line(f.Format)
	f.Type = schema.FieldType(line(string(f.Type)))
	for i := range f.EnumDescriptions {
		f.EnumDescriptions[i] = prose(f.EnumDescriptions[i])
	}
	cleanFields(f.Fields)
	if f.Items != nil {
		cleanField(f.Items)
	}
}

// admitErrors returns the complaints of a plugin as the host may show them. Codes that are none and addresses that are no
// web pages are left out, and so are fixes with runes that nobody would see; too many are cut, and the last one says so.
func admitErrors(found []FieldError) []FieldError {
	more := len(found) - maxFieldErrors
	found = found[:min(len(found), maxFieldErrors)]
	for i := range found {
		e := &found[i]
		e.Message = clip(text.Visible(e.Message), maxMessage)
		e.DocsURL = webPage(e.DocsURL)
		if !safeCode.MatchString(e.Code) {
			e.Code = ""
		}
		if len(e.Field) > maxFieldPath || strings.ContainsFunc(e.Field, text.Steers) || strings.ContainsAny(e.Field, "\n\t") {
			e.Field = ""
		}
		if e.Fix != nil && (len(*e.Fix) > maxFix || !utf8.ValidString(*e.Fix) || strings.ContainsFunc(*e.Fix, text.Steers)) {
			e.Fix = nil
		}
	}
	if more > 0 {
		found = append(found, FieldError{
			Severity: "warning", Code: CodeTooMany,
			Message: fmt.Sprintf("the plugin has %d more complaints about this test; only the first %d are shown", more, maxFieldErrors),
		})
	}
	return found
}

// prose is foreign text of several lines, cut to what a reader could want of it.
func prose(s string) string { return clip(text.Visible(s), maxDescription) }

// line is foreign text on one line.
func line(s string) string { return clip(text.VisibleLine(s), maxOneLine) }

// clip cuts a text to so many bytes, at a rune, and shows that it did.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	cut := most - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// webPage is an address that a person may be sent to, empty where it is no such: an editor obeys command: and vscode:
// links, and a browser javascript: and data: ones.
func webPage(address string) string {
	if len(address) > maxURL || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || text.Steers(r) }) {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || !strings.EqualFold(u.Scheme, "https") || u.Host == "" || u.User != nil {
		return ""
	}
	return address
}
