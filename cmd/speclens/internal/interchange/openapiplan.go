package interchange

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
)

// openAPIImport is one import under way.
type openAPIImport struct {
	sources *sources
	doc     *openapi3.T
	options OpenAPIOptions
	notes   []string

	ops       []*operation
	root      *pathNode
	names     map[string]bool // aliases and saved names
	variables []variable
	budget    int // how many schemas may still be included at the place under work
}

// variable is one of the environment that the specs use.
type variable struct{ name, what string }

// operation is an operation on its way to become a test.
type operation struct {
	path, method string
	op           *openapi3.Operation
	item         *openapi3.PathItem
	at           place
	params       []*openapi3.Parameter
	alias        string
	file         string
	nodes        []*pathNode // of the segments of the path

	status    string // as expectation
	response  *openapi3.Response
	links     map[string]*provided // by the parameter's place and name
	saves     []member
	savedBody []member // what is expected of the saved parts of the body
	uses      []*operation
	depends   []*operation
	previous  *operation // in its chain
	last      []*operation

	comments        []string
	target          string
	resource        written
	auth            []member
	headers         []member
	cookies         []string
	query           object
	body            any
	hasBody         bool
	redirects       bool // are not followed
	expected        []member
	expectedHeaders []member
}

// pathNode is a segment of paths, with the operations whose paths end there. Parameters of the same place are one node,
// whatever they are called.
type pathNode struct {
	text     string // "" for a parameter
	parent   *pathNode
	children []*pathNode
	ops      []*operation
	value    *provided // what a parameter is filled with
	made     bool      // a PUT makes what the others read
}

// provided is a value that a test saves.
type provided struct {
	by     *operation
	name   string // the saved name
	path   string // where in the response it is
	known  any    // the value itself, where it is known before the run
	method string // what makes the value of the saved one, such as .URLEncode()
	last   *operation
}

func (p *provided) template() written { return written("{{ " + p.name + p.method + " }}") }

var pathParam = regexp.MustCompile(`\{([^{}]+)\}`)

// methodOrder is the order of the operations of one path that creates nothing.
var methodOrder = []string{"GET", "HEAD", "OPTIONS", "QUERY", "POST", "PUT", "PATCH", "TRACE", "DELETE"}

// collect lists the chosen operations in the order of the document.
func (im *openAPIImport) collect() error {
	im.names = map[string]bool{}
	total := 0
	for path, item := range im.doc.Paths.Map() {
		if item == nil {
			continue
		}
		for method, op := range item.Operations() {
			if op == nil {
				continue
			}
			total++
			at := placeOf(op.Origin)
			if at == (place{}) {
				at = placeIn(item.Origin, strings.ToLower(method))
			}
			if im.options.chosen(path, op.Tags) {
				im.ops = append(im.ops, &operation{path: path, method: method, op: op, item: item, at: at})
			}
		}
	}
	if total == 0 {
		return errors.New("the document has no operation")
	}
	if len(im.ops) == 0 {
		return errNoOperation
	}
	position := map[string]int{}
	if paths, ok := im.sources.files[im.sources.root].value().Get("paths"); ok {
		for i, e := range paths.Value.Resolve().Merged() {
			position[e.Key.Value()] = i
		}
	}
	slices.SortFunc(im.ops, func(a, b *operation) int {
		if c := position[a.path] - position[b.path]; c != 0 {
			return c
		}
		if a.at != b.at {
			return a.at.compare(b.at)
		}
		if c := strings.Compare(a.path, b.path); c != 0 {
			return c
		}
		return slices.Index(methodOrder, a.method) - slices.Index(methodOrder, b.method)
	})
	for _, op := range im.ops {
		op.links = map[string]*provided{}
		op.params = parameters(op)
		op.alias = im.unique(op.wantedAlias())
		im.succeed(op)
		im.leftOut(op)
	}
	for _, name := range slices.Sorted(maps.Keys(im.doc.Webhooks)) {
		if hook := im.doc.Webhooks[name]; hook != nil {
			im.note(placeOf(hook.Origin), "the webhook %q is left out: nothing can be sent to call it", name)
		}
	}
	return nil
}

// leftOut tells what of an operation no test can say.
func (im *openAPIImport) leftOut(op *operation) {
	for _, name := range slices.Sorted(maps.Keys(op.op.Callbacks)) {
		im.note(placeIn(op.op.Origin, "callbacks"), "the callback %q of %s is left out: a test cannot be called", name, op.alias)
	}
	if !slices.Contains(methodOrder, op.method) && op.method != "CONNECT" {
		im.note(op.at, "the method %s of %s is unusual", op.method, op.alias)
	}
}

// parameters are those of the path with those of the operation, which win.
func parameters(op *operation) []*openapi3.Parameter {
	var list []*openapi3.Parameter
	for _, refs := range []openapi3.Parameters{op.op.Parameters, op.item.Parameters} {
		for _, ref := range refs {
			if ref == nil || ref.Value == nil {
				continue
			}
			p := ref.Value
			if !slices.ContainsFunc(list, func(q *openapi3.Parameter) bool { return q.Name == p.Name && q.In == p.In }) {
				list = append(list, p)
			}
		}
	}
	return list
}

func (op *operation) param(in, name string) *openapi3.Parameter {
	for _, p := range op.params {
		if p.In == in && p.Name == name {
			return p
		}
	}
	return nil
}

// wantedAlias is the operationId, or the method and the path.
func (op *operation) wantedAlias() string {
	if op.op.OperationID != "" {
		return templateName(op.op.OperationID, false)
	}
	words := strings.ToLower(op.method)
	for s := range strings.SplitSeq(op.path, "/") {
		if s != "" {
			words += " " + strings.NewReplacer("{", "by ", "}", "").Replace(s)
		}
	}
	return templateName(words, true)
}

// templateName makes a name that templates can use: letters, digits, _ and -. Words are joined in camel case.
func templateName(s string, camel bool) string {
	var b strings.Builder
	up := false
	for _, r := range s {
		switch {
		case r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '_' || r == '-' && !camel:
			if up && b.Len() > 0 {
				r = unicode.ToUpper(r)
			}
			b.WriteRune(r)
			up = false
		default:
			up = true
		}
	}
	name := b.String()
	if name == "" || !unicode.IsLetter(rune(name[0])) {
		name = "op" + name
	}
	return name
}

// reserved are the words that mean something else where a template begins, in any case.
var reserved = []string{"fake", "env", "regex", "prev", "matrix", "response", "events", "true", "false", "null"}

// unique is the name, with a number where it is taken.
func (im *openAPIImport) unique(name string) string {
	taken := func(s string) bool {
		return im.names[strings.ToLower(s)] || slices.Contains(reserved, strings.ToLower(s))
	}
	got := name
	for i := 2; taken(got); i++ {
		got = name + strconv.Itoa(i)
	}
	im.names[strings.ToLower(got)] = true
	return got
}

// succeed finds the response that the test expects: the lowest status of success.
func (im *openAPIImport) succeed(op *operation) {
	responses := op.op.Responses.Map()
	var codes, others []string
	for code, ref := range responses {
		if ref == nil || ref.Value == nil {
			continue
		}
		if regexp.MustCompile(`^2(\d\d|XX)$`).MatchString(strings.ToUpper(code)) {
			codes = append(codes, strings.ToUpper(code))
		} else if regexp.MustCompile(`^3\d\d$`).MatchString(code) {
			others = append(others, code)
		}
	}
	slices.Sort(codes)
	slices.Sort(others)
	value := func(code string) *openapi3.Response {
		for c, ref := range responses {
			if strings.EqualFold(c, code) && ref != nil {
				return ref.Value
			}
		}
		return nil
	}
	switch {
	case len(codes) > 0:
		op.status, op.response = strings.ToLower(codes[0]), value(codes[0])
		if len(codes) > 1 {
			op.comments = append(op.comments, "also documented: "+strings.ToLower(strings.Join(codes[1:], ", ")))
		}
	case len(others) > 0:
		op.status, op.response, op.redirects = others[0], value(others[0]), true
	default:
		op.status, op.response = "2xx", value("default")
		if op.response == nil {
			op.comments = append(op.comments, "the document has no response of success")
		}
	}
}

// plan puts the operations in order, resource by resource, and finds out who makes what others need.
func (im *openAPIImport) plan() {
	im.root = &pathNode{text: "/"}
	for _, op := range im.ops {
		n := im.root
		for segment := range strings.SplitSeq(strings.Trim(op.path, "/"), "/") {
			n = n.child(segment)
			op.nodes = append(op.nodes, n)
		}
		n.ops = append(n.ops, op)
	}
	im.nameFiles()
	w := &walk{im: im}
	w.node(im.root, &chain{})
	im.ops = w.ordered
	im.followLinks()
}

func (n *pathNode) child(segment string) *pathNode {
	text := segment
	if m := pathParam.FindString(segment); m == segment && segment != "" {
		text = ""
	}
	for _, c := range n.children {
		if c.text == text {
			return c
		}
	}
	c := &pathNode{text: text, parent: n}
	n.children = append(n.children, c)
	return c
}

func (n *pathNode) item() *pathNode {
	for _, c := range n.children {
		if c.text == "" {
			return c
		}
	}
	return nil
}

// nameFiles gives each operation the file of its tag; a resource with all that lies below it stays in one file, since
// its tests need each other.
func (im *openAPIImport) nameFiles() {
	var tag func(n *pathNode, inherited string)
	tag = func(n *pathNode, inherited string) {
		if inherited == "" && n.item() != nil {
			inherited = fileOfTag(firstOp(n))
		}
		for _, op := range n.ops {
			op.file = inherited
			if inherited == "" {
				op.file = fileOfTag(op)
			}
			if !im.options.Split {
				op.file = ""
			}
		}
		for _, c := range n.children {
			tag(c, inherited)
		}
	}
	tag(im.root, "")
}

func firstOp(n *pathNode) *operation {
	if len(n.ops) > 0 {
		return n.ops[0]
	}
	for _, c := range n.children {
		if op := firstOp(c); op != nil {
			return op
		}
	}
	return nil
}

func fileOfTag(op *operation) string {
	if op == nil || len(op.op.Tags) == 0 {
		return "untagged"
	}
	return slug(op.op.Tags[0], "untagged")
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slug is a name for a file.
func slug(s, otherwise string) string {
	s = strings.Trim(notSlug.ReplaceAllString(strings.ToLower(s), "-"), "-")
	if s == "" {
		return otherwise
	}
	return s[:min(len(s), 60)]
}

// variable is a template for a variable of the environment that the user has to set.
func (im *openAPIImport) variable(op *operation, name, what string) written {
	upper := strings.ToUpper(strings.Trim(notName.ReplaceAllString(camelBorder.ReplaceAllString(name, "${1}_${2}"), "_"), "_"))
	if upper == "" || upper[0] >= '0' && upper[0] <= '9' {
		upper = "VAR_" + upper
	}
	if !slices.ContainsFunc(im.variables, func(v variable) bool { return v.name == upper }) {
		im.variables = append(im.variables, variable{upper, what})
		im.note(op.at, "set %s in .env or in an environment: %s", upper, what)
	}
	return written(fmt.Sprintf("{{ env.%s }}", upper))
}

var (
	notName     = regexp.MustCompile(`[^A-Za-z0-9]+`)
	camelBorder = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)
