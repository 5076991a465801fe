package output

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestJUnitFollowsItsSchema(t *testing.T) {
	out := written(t, "junit")
	if problems := junitSchema(t).validate(out, "testsuites"); len(problems) > 0 {
		t.Errorf("%s\n%s", strings.Join(problems, "\n"), out)
	}
	for _, name := range []string{"testsuite", "failure", "error", "skipped", "system-out"} {
		if n := strings.Count(out, "<"+name+" ") + strings.Count(out, "<"+name+">"); n != 1 {
			t.Errorf("%d × %s", n, name)
		}
	}
}

// What is written reads back as it was: no text is lost, and none becomes markup.
func TestJUnitTextIsWhatItWas(t *testing.T) {
	var file struct {
		Tests  int `xml:"tests,attr"`
		Suites []struct {
			File  string `xml:"file,attr"`
			Tests int    `xml:"tests,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(written(t, "junit")), &file); err != nil {
		t.Fatal(err)
	}
	if file.Tests != 3 || len(file.Suites) != 1 || file.Suites[0].Tests != 3 || len(file.Suites[0].Cases) != 3 {
		t.Fatalf("%+v", file)
	}
	first := file.Suites[0].Cases[0]
	if first.Name != `first\n::set-env name=A::b\x1b[31m # TODO x` {
		t.Errorf("the name is %q", first.Name)
	}
	if first.Failure == nil || !strings.HasPrefix(first.Failure.Text, "a::,b.qube.yaml:8:9: body.name: got plain") ||
		!strings.Contains(first.Failure.Message, "<script>alert(1)</script>") {
		t.Errorf("the failure is %+v", first.Failure)
	}
}

func TestAJUnitFileOfNothingIsValid(t *testing.T) {
	var b strings.Builder
	if err := JUnit(&b, &Record{}); err != nil {
		t.Fatal(err)
	}
	if problems := junitSchema(t).validate(b.String(), "testsuites"); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestTheJUnitSchemaRefusesWhatIsWrong(t *testing.T) {
	const suite = `<testsuite name="a" tests="1" failures="0" errors="0" time="0.000">%s</testsuite>`
	all := func(inner string) string {
		return `<testsuites tests="1" failures="0" errors="0" time="0.000">` + inner + `</testsuites>`
	}
	for name, wrong := range map[string]string{
		"another root":                 `<testsuite/>`,
		"an element that is unknown":   all(fmt.Sprintf(suite, `<test name="x"/>`)),
		"an attribute that is unknown": all(fmt.Sprintf(suite, `<testcase name="x" classname="c" time="0.000" line="3"/>`)),
		"an attribute that is missing": all(fmt.Sprintf(suite, `<testcase name="x" time="0.000"/>`)),
		"a number that is none":        `<testsuites tests="many" failures="0" errors="0" time="0.000"/>`,
		"a time that is none":          `<testsuites tests="1" failures="0" errors="0" time="1 s"/>`,
		"two outcomes": all(fmt.Sprintf(suite, `<testcase name="x" classname="c" time="0.000">`+
			`<failure type="f" message="m"/><error type="e" message="m"/></testcase>`)),
		"the wrong order": all(fmt.Sprintf(suite, `<testcase name="x" classname="c" time="0.000">`+
			`<system-out/><failure type="f" message="m"/></testcase>`)),
		"text between elements": all("stray" + fmt.Sprintf(suite, `<testcase name="x" classname="c" time="0.000"/>`)),
		"a suite without tests": all(fmt.Sprintf(suite, "")),
		"no XML":                "<testsuites",
	} {
		if len(junitSchema(t).validate(wrong, "testsuites")) == 0 {
			t.Errorf("%s is valid", name)
		}
	}
	right := all(fmt.Sprintf(suite, `<testcase name="x" classname="c" time="0.000"><skipped/><system-out>x</system-out></testcase>`))
	if problems := junitSchema(t).validate(right, "testsuites"); len(problems) > 0 {
		t.Error(problems)
	}
}

func junitSchema(t *testing.T) *xsd {
	t.Helper()
	source, err := os.ReadFile("testdata/junit.xsd")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := parseXSD(string(source))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// xsd validates documents by the part of XML Schema 1.0 that the schema beside it uses: elements, references, sequences,
// choices, occurrences, mixed content, attributes and restricted simple types. What it does not know in a schema is an
// error of parseXSD, so that no rule is passed over in silence.
type xsd struct {
	elements map[string]*xsdNode
	types    map[string]*xsdNode // complex and simple ones
}

// xsdNode is an element of any XML document.
type xsdNode struct {
	name  string
	attrs map[string]string
	kids  []*xsdNode
	text  string
}

func (n *xsdNode) is(name string) *xsdNode {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// parseTree reads a document; text of an element is all that stands directly in it.
func parseTree(source string) (*xsdNode, error) {
	dec := xml.NewDecoder(strings.NewReader(source))
	root := &xsdNode{}
	stack := []*xsdNode{root}
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			n := &xsdNode{name: tok.Name.Local, attrs: map[string]string{}}
			for _, a := range tok.Attr {
				if a.Name.Space != "xmlns" {
					n.attrs[a.Name.Local] = a.Value
				}
			}
			top.kids = append(top.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(tok)
		}
	}
	if len(root.kids) != 1 {
		return nil, fmt.Errorf("%d roots", len(root.kids))
	}
	return root.kids[0], nil
}

func parseXSD(source string) (*xsd, error) {
	root, err := parseTree(source)
	if err != nil {
		return nil, err
	}
	s := &xsd{map[string]*xsdNode{}, map[string]*xsdNode{}}
	known := map[string]string{
		"element": "name type ref minOccurs maxOccurs", "complexType": "name mixed", "simpleType": "name", "sequence": "minOccurs maxOccurs",
		"choice": "minOccurs maxOccurs", "attribute": "name type use", "restriction": "base", "pattern": "value",
	}
	var check func(n *xsdNode) error
	check = func(n *xsdNode) error {
		for _, k := range n.kids {
			attrs, ok := known[k.name]
			if !ok {
				return fmt.Errorf("<%s> of XML Schema is not understood", k.name)
			}
			for a := range k.attrs {
				if !slices.Contains(strings.Fields(attrs), a) {
					return fmt.Errorf("%s of <%s> is not understood", a, k.name)
				}
			}
			if err := check(k); err != nil {
				return err
			}
		}
		return nil
	}
	if err := check(root); err != nil {
		return nil, err
	}
	for _, k := range root.kids {
		if k.name == "element" {
			s.elements[k.attrs["name"]] = k
		} else {
			s.types[k.attrs["name"]] = k
		}
	}
	return s, nil
}

// validate lists what is wrong with a document.
func (s *xsd) validate(document, root string) []string {
	n, err := parseTree(document)
	if err != nil {
		return []string{err.Error()}
	}
	if n.name != root {
		return []string{fmt.Sprintf("the root is <%s>, want <%s>", n.name, root)}
	}
	return s.element(n, "/"+n.name)
}

func (s *xsd) element(n *xsdNode, at string) []string {
	declared := s.elements[n.name]
	if declared == nil {
		return []string{fmt.Sprintf("%s: no such element", at)}
	}
	typ := declared.is("complexType")
	if name := declared.attrs["type"]; name != "" {
		if typ = s.types[name]; typ == nil { // a built-in one: text without attributes
			if len(n.kids)+len(n.attrs) > 0 {
				return []string{fmt.Sprintf("%s: only text may stand here", at)}
			}
			return nil
		}
	}
	problems := s.attributes(n, typ, at)
	if typ.attrs["mixed"] != "true" && strings.TrimSpace(n.text) != "" {
		problems = append(problems, fmt.Sprintf("%s: text %q", at, n.text))
	}
	var names strings.Builder
	for _, k := range n.kids {
		names.WriteString("<" + k.name + ">")
		problems = append(problems, s.element(k, at+"/"+k.name)...)
	}
	var model string
	for _, k := range typ.kids {
		if k.name != "attribute" {
			model += s.model(k)
		}
	}
	if !regexp.MustCompile("^" + model + "$").MatchString(names.String()) {
		problems = append(problems, fmt.Sprintf("%s: the children %q do not follow %s", at, names.String(), model))
	}
	return problems
}

// model is a content model as a regular expression over "<name>".
func (s *xsd) model(n *xsdNode) string {
	var parts []string
	for _, k := range n.kids {
		parts = append(parts, s.model(k))
	}
	inner := map[string]string{
		"sequence": strings.Join(parts, ""), "choice": strings.Join(parts, "|"), "element": "<" + n.attrs["ref"] + ">",
	}[n.name]
	least, most := n.attrs["minOccurs"], n.attrs["maxOccurs"]
	if least == "" {
		least = "1"
	}
	switch most {
	case "":
		most = "1"
	case "unbounded":
		most = ""
	}
	return "(?:" + inner + "){" + least + "," + most + "}"
}

func (s *xsd) attributes(n, typ *xsdNode, at string) []string {
	var problems []string
	allowed := map[string]*xsdNode{}
	for _, k := range typ.kids {
		if k.name == "attribute" {
			name := k.attrs["name"]
			allowed[name] = k
			if _, has := n.attrs[name]; !has && k.attrs["use"] == "required" {
				problems = append(problems, fmt.Sprintf("%s: %s is missing", at, name))
			}
		}
	}
	for name, v := range n.attrs {
		declared := allowed[name]
		if declared == nil {
			problems = append(problems, fmt.Sprintf("%s: no such attribute: %s", at, name))
			continue
		}
		if err := s.simple(declared.attrs["type"], v); err != nil {
			problems = append(problems, fmt.Sprintf("%s: %s: %v", at, name, err))
		}
	}
	return problems
}

func (s *xsd) simple(typ, v string) error {
	switch typ {
	case "xs:string":
		return nil
	case "xs:nonNegativeInteger":
		_, err := strconv.ParseUint(v, 10, 64)
		return err
	case "xs:decimal":
		_, err := strconv.ParseFloat(v, 64)
		return err
	case "xs:dateTime":
		_, err := time.Parse(time.RFC3339Nano, v)
		return err
	}
	own := s.types[typ]
	if own == nil || own.is("restriction") == nil {
		return fmt.Errorf("the type %s is not understood", typ)
	}
	restriction := own.is("restriction")
	for _, p := range restriction.kids {
		if !regexp.MustCompile("^(?:" + p.attrs["value"] + ")$").MatchString(v) {
			return fmt.Errorf("%q does not match %s", v, p.attrs["value"])
		}
	}
	return s.simple(restriction.attrs["base"], v)
}
