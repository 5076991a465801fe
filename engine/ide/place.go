package ide

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/expect"
	"github.com/speclens/speclens/engine/syntax"
	"github.com/speclens/speclens/schema"
)

// expecting says what a place inside `expect` is.
type expecting uint8

const (
	notExpecting  expecting = iota
	expectPaths             // a map whose keys are paths into a body or event, or names of headers
	expectMatcher           // what one value is expected to be
	expectStatus            // what the status is expected to be
	expectTime              // what the duration is expected to be
)

// place is what may stand at a path of a document.
type place struct {
	// level is set where the keys of the language may stand: a map at this place has them.
	level schema.Level
	// field is the key whose value the place is in; the zero Field outside any.
	field schema.Field
	// spec describes the value that belongs here.
	spec schema.FieldSpec
	// expect says what an expectation is about; path is the way into the body, header or event.
	expect expecting
	// about is the key of `expect` that the place is below, such as "body".
	about string
	path  []string
	// test reports whether the place is inside a test.
	test bool
	// known reports whether the path means anything.
	known bool
	// item reports whether the place is an item of the list that an operator takes, or of a list of statuses.
	item bool
	// row reports whether the place is a row of a matrix: its keys are free.
	row bool
}

// compactKey is the only key of a test in compact form: a method and a resource.
var compactKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]*\s+\S`)

// placeAt follows the enclosing keys and indices from the root of a document.
func placeAt(snap *engine.Snapshot, root schema.Level, protocol schema.Protocol, path []syntax.Step) place {
	p := place{level: root, known: true, spec: schema.FieldSpec{Type: schema.TypeObject}}
	for _, step := range path {
		if p = p.enter(snap.Fields(), protocol, step); !p.known {
			break
		}
	}
	return p
}

func (p place) enter(fields *schema.Composition, protocol schema.Protocol, step syntax.Step) place {
	switch {
	case step.Index >= 0 && p.spec.Type == schema.TypeArray:
		return p.element()
	case step.Index >= 0 && (p.expect == expectMatcher || p.expect == expectStatus):
		return p.expectedItem(step.Index)
	case step.Index >= 0:
		return place{}
	case p.expect != notExpecting:
		return p.below(step.Key)
	case p.level == schema.LevelTest && compactKey.MatchString(step.Key):
		return p
	case p.level != "":
		return p.member(fields, protocol, step.Key)
	}
	m, ok := p.spec.Member(step.Key)
	p.spec, p.known, p.level = m, ok, ""
	if p.field.Nested != "" && p.field.Spec.Type == schema.TypeMap {
		p.level, p.spec, p.known = p.field.Nested, schema.FieldSpec{Type: schema.TypeObject}, true
	}
	return p
}

// element is the place of a list's items.
func (p place) element() place {
	if p.field.Name == "tests" && p.level == schema.LevelFile {
		return place{level: schema.LevelTest, spec: schema.FieldSpec{Type: schema.TypeObject}, known: true, test: true}
	}
	p.row = p.field.Name == "matrix" && p.field.Level == schema.LevelTest
	if p.field.Nested != "" {
		p.level, p.spec = p.field.Nested, schema.FieldSpec{Type: schema.TypeObject}
		return p
	}
	p.level = ""
	if p.spec.Items == nil {
		p.spec = schema.FieldSpec{Type: schema.TypeAny}
		return p
	}
	p.spec = *p.spec.Items
	return p
}

// member is the value under a key of the language.
func (p place) member(fields *schema.Composition, protocol schema.Protocol, key string) place {
	f, ok := fields.Find(p.level, protocol, key)
	if !ok {
		return place{test: p.test}
	}
	next := place{field: f, spec: f.Spec, known: true, test: p.test || p.level == schema.LevelTest}
	if f.Name == "tests" && f.Level == schema.LevelFile {
		next.level = schema.LevelFile
		next.spec.Type = schema.TypeArray
		return next
	}
	if f.Nested != "" && f.Spec.Type == schema.TypeObject {
		next.level = f.Nested
	}
	switch {
	case f.Level == schema.LevelExpect && (f.Name == "body" || f.Name == "headers"), f.Level == schema.LevelExpectEvent && f.Name == "data":
		next.expect, next.about = expectPaths, f.Name
	case f.Level == schema.LevelExpect && f.Name == "status":
		next.expect = expectStatus
	case f.Level == schema.LevelExpect && f.Name == "duration":
		next.expect = expectTime
	case f.Level == schema.LevelExpectEvent && f.Name == "count":
		next.expect = expectMatcher
	}
	return next
}

// expectedItem is the place of an item where a list is expected.
func (p place) expectedItem(index int) place {
	if i := p.operatorAt(); i >= 0 && i == len(p.path)-1 || p.expect == expectStatus {
		p.item = true
		return p
	}
	p.path = append(slices.Clone(p.path), strconv.Itoa(index))
	return p
}

// operatorAt is where in the path the operator stands in whose operand the place is, written as a map; -1 where there is none.
// The first key below `body`, `headers` or `data` is a path.
func (p place) operatorAt() int {
	from := 0
	if p.about != "" {
		from = 1
	}
	for i := from; i < len(p.path); i++ {
		if expect.OperatorNamed(p.path[i]) != nil {
			return i
		}
	}
	return -1
}

// below is the place under a key of a map of expectations: first a path, then operators or nested keys.
func (p place) below(key string) place {
	p.level = ""
	p.spec = schema.FieldSpec{Type: schema.TypeAny}
	if p.expect == expectPaths {
		p.expect = expectMatcher
	}
	p.item = false
	p.path = append(slices.Clone(p.path), key)
	return p
}
