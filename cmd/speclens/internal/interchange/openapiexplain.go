package interchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/speclens/speclens/engine/syntax"
)

// libraryMessage is an error of the library without the parts that are about its ways.
func libraryMessage(err error) string {
	msg := err.Error()
	if _, after, ok := strings.Cut(msg, "yaml error: "); ok {
		msg = after
	}
	return strings.TrimPrefix(strings.TrimPrefix(msg, "error unmarshaling JSON: "), "json: ")
}

// explain finds the places of references without a target.
func (s *sources) explain() []string {
	var problems []string
	for _, file := range slices.Sorted(mapKeys(s.files)) {
		f := s.files[file]
		for _, ref := range f.references() {
			name, err := s.fileOf(file, ref.Value())
			if err != nil {
				continue // refused before
			}
			if name == "" {
				name = file
			}
			if _, fragment, has := strings.Cut(ref.Value(), "#"); has && !s.files[name].has(fragment) {
				problems = append(problems, fmt.Sprintf("%s: the reference %q leads nowhere", s.at(file, ref.Span().Start), ref.Value()))
			}
		}
	}
	return problems
}

// has reports whether a JSON pointer leads to something.
func (f *source) has(pointer string) bool {
	n := f.value()
	if unescaped, err := url.PathUnescape(pointer); err == nil {
		pointer = unescaped
	}
	if pointer == "" || pointer == "/" {
		return true
	}
	for step := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		n = n.Resolve()
		if i, err := strconv.Atoi(step); err == nil && n.Kind() == syntax.Sequence {
			if i < 0 || i >= n.Len() {
				return false
			}
			n = n.Items()[i]
			continue
		}
		found := false
		for _, e := range n.Merged() {
			if e.Key.Value() == step {
				n, found = e.Value, true
			}
		}
		if !found {
			if _, ok := n.Get("$ref"); ok {
				return true // beyond another reference, which the library follows
			}
			return false
		}
	}
	return true
}

// wrongValue is a value that the library cannot put into its model. Text says that its text would do.
type wrongValue struct {
	node    syntax.Node
	message string
	text    bool
}

// wrongTypes finds the values that the library cannot put into its model: it is given each branch of the document alone,
// down to the smallest one that it refuses.
func (s *sources) wrongTypes() []wrongValue {
	var problems []wrongValue
	var descend func(n syntax.Node, wrap func(any) any)
	refuses := func(v any) error {
		b, err := json.Marshal(v)
		if err != nil {
			return nil
		}
		return json.Unmarshal(b, &openapi3.T{})
	}
	descend = func(n syntax.Node, wrap func(any) any) {
		err := refuses(wrap(n.Any()))
		if err == nil {
			return
		}
		before := len(problems)
		n = n.Resolve()
		if refuses(wrap(empty(n))) == nil { // else it is the node itself and not what is in it
			for _, e := range n.Merged() {
				descend(e.Value, func(v any) any { return wrap(map[string]any{e.Key.Value(): v}) })
			}
			for _, item := range n.Items() {
				descend(item, func(v any) any { return wrap([]any{v}) })
			}
		}
		if len(problems) == before && !n.Foreign() {
			message, text := typeMessage(err)
			problems = append(problems, wrongValue{n, s.at(s.root, n.Span().Start) + ": " + message, text && n.Kind() == syntax.Scalar})
		}
	}
	descend(s.files[s.root].value(), func(v any) any { return v })
	return problems
}

// empty is a value of a node's kind with nothing in it.
func empty(n syntax.Node) any {
	switch n.Kind() {
	case syntax.Mapping:
		return map[string]any{}
	case syntax.Sequence:
		return []any{}
	}
	return n.Any()
}

var wrongType = regexp.MustCompile(
	`cannot unmarshal (\w+)(?: \S+)? into (?:(?:Go struct )?field (?:\w+\.)*?(\w+\.[\w$]+)|value) of type (\S+)`)

// typeMessage words what encoding/json says of a value of a wrong type, and whether text is wanted in its place.
func typeMessage(err error) (message string, text bool) {
	m := wrongType.FindStringSubmatch(err.Error())
	if m == nil {
		return libraryMessage(err), false
	}
	words := map[string]string{
		"string": "text", "number": "a number", "bool": "true or false", "array": "a list", "object": "an object",
		"float64": "a number", "uint64": "a whole number", "int": "a whole number",
	}
	name := strings.TrimPrefix(strings.TrimPrefix(m[3], "*"), "openapi3.")
	wanted := words[name]
	switch {
	case strings.HasPrefix(name, "[]"), slices.Contains([]string{"Parameters", "SecurityRequirements", "Servers", "Tags", "SchemaRefs"}, name):
		wanted = "a list"
	case wanted == "":
		wanted = "an object"
	}
	if m[2] != "" {
		name = m[2]
	}
	return fmt.Sprintf("here stands %s, but %s is wanted (%s)", words[m[1]], wanted, name), wanted == words["string"]
}

// maxFindings bounds how much of what the library finds wrong is told.
const maxFindings = 20

// findings are notes on what is wrong with the document, which the library knows best; it is imported all the same.
func (im *openAPIImport) findings() {
	defer func() {
		if p := recover(); p != nil {
			im.note(place{}, "the document could not be validated: %v", p)
		}
	}()
	err := im.doc.Validate(context.Background(), openapi3.EnableMultiError(), openapi3.DisableExamplesValidation(),
		openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation())
	if err == nil {
		return
	}
	list := flattenErrors(err, nil)
	for i, e := range list {
		if i == maxFindings {
			im.note(place{}, "%d more findings about the document are left out", len(list)-maxFindings)
			return
		}
		msg, _, _ := strings.Cut(e.Error(), "\n")
		im.note(originOf(e), "%s", msg)
	}
}

func flattenErrors(err error, list []error) []error {
	var many openapi3.MultiError
	if m, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // only the outermost is a list
		many = m
	}
	if many == nil {
		return append(list, err)
	}
	for _, e := range many {
		list = flattenErrors(e, list)
	}
	return list
}

var originType = reflect.TypeFor[*openapi3.Origin]()

// originOf is the place of an error of the library: the innermost of its chain that has one.
func originOf(err error) (p place) {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			continue
		}
		if f := v.FieldByName("Origin"); f.IsValid() && f.Type() == originType && !f.IsNil() {
			p = placeOf(f.Interface().(*openapi3.Origin))
		}
	}
	return p
}
