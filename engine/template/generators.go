package template

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/speclens/speclens/engine/path"
	"github.com/speclens/speclens/engine/value"
)

// ParamKind says what text an argument may be.
type ParamKind uint8

// The kinds of arguments.
const (
	AnyText  ParamKind = iota
	Count              // a whole number from 0
	Integer            // a whole number of 64 bits
	Unsigned           // a whole number of 64 bits without sign
	Decimal            // any finite number
	Layout             // a Go time layout, or the name of one
)

// Param documents one argument.
type Param struct {
	Name     string
	Kind     ParamKind
	Optional bool
	Doc      string
}

// Generator is one kind of made-up data.
type Generator struct {
	Name      string
	Signature string
	Doc       string // Markdown
	Example   string
	Params    []Param

	// minMax says that the two arguments are a range; one alone is its lower end, and swapped ones are swapped back.
	minMax   bool
	generate func(r *rand.Rand, args []string) any
}

// Generators lists what can stand behind `fake.`.
var Generators = []Generator{
	plain("name", "A first and a last name.", "Ada Lovelace", fakeName),
	plain("email", "An e-mail address in one of the domains reserved for examples.", "ada.lovelace4711@example.com", fakeEmail),
	plain("uuid", "A random UUID, version 4.", "7f1c2b9e-3d54-4c1a-9b0e-5a6f7c8d9e01", fakeUUID),
	plain("phone", "A phone number from the range reserved for fiction.", "+12025550143", fakePhone),
	plain("url", "A URL in a domain reserved for examples.", "https://www.harbor.example/quiet/meadow", fakeURL),
	plain("company", "The name of a company.", "Harbor & Finch Ltd", fakeCompany),
	plain("city", "The name of a city.", "Lisbon", pick(cities)),
	plain("country", "The name of a country.", "Portugal", pick(countries)),
	plain("color", "The name of a color.", "teal", pick(colors)),
	plain("word", "One English word.", "meadow", pick(words)),
	plain("address", "A street address.", "42 Maple Street, Lisbon 10115", fakeAddress),
	plain("bool", "`true` or `false`.", "true", func(r *rand.Rand) any { return r.IntN(2) == 1 }),
	{
		Name: "sentence", Signature: "fake.sentence[.N]", Example: "Quiet rivers carry the morning light.",
		Doc:    "A sentence of N words, 8 where N is not given.",
		Params: []Param{{Name: "N", Kind: Count, Optional: true, Doc: "number of words, 1 to 1000"}}, generate: fakeSentence,
	},
	{
		Name: "password", Signature: "fake.password[.N]", Example: "k3#Vw9!tRq-2",
		Doc:      "A password of N characters, 12 where N is not given: letters of both cases, digits and signs.",
		Params:   []Param{{Name: "N", Kind: Count, Optional: true, Doc: "length, 1 to 1000"}},
		generate: fakePassword,
	},
	{
		Name: "int", Signature: "fake.int[.MIN[.MAX]]", Example: "42", minMax: true,
		Doc: "A whole number from MIN to MAX, both included; from 0 to 2147483647 where they are not given. One bound is the " +
			"least value; swapped ones are swapped back.",
		Params:   rangeParams(Integer),
		generate: fakeInt,
	},
	{
		Name: "uint", Signature: "fake.uint[.MIN[.MAX]]", Example: "42", minMax: true,
		Doc: "A whole number from MIN to MAX, both included and not negative; from 0 to 4294967295 where they are not given. " +
			"One bound is the least value; swapped ones are swapped back.",
		Params:   rangeParams(Unsigned),
		generate: fakeUint,
	},
	{
		Name: "float", Signature: "fake.float[.MIN[.MAX]]", Example: "0.7312", minMax: true,
		Doc: "A number from MIN to MAX; from 0 to 1 where they are not given. One bound is the least value, and the greatest " +
			"is 1 more where it would be less; swapped ones are swapped back. Bounds with a decimal point are clearer in " +
			"parentheses: `fake.float(0.5, 1.5)`.",
		Params:   rangeParams(Decimal),
		generate: fakeFloat,
	},
	{
		Name: "date", Signature: "fake.date[.LAYOUT]", Example: "2024-05-17T08:30:00Z",
		Doc: "A moment between 1970 and 2029 in UTC, written in a Go layout such as `2006-01-02 15:04`, or in `RFC3339`, " +
			"`RFC1123`, `DateTime`, `DateOnly`, `TimeOnly` or `Unix` (seconds). `RFC3339` where no layout is given.",
		Params:   []Param{{Name: "LAYOUT", Kind: Layout, Optional: true, Doc: "Go time layout or the name of one"}},
		generate: fakeDate,
	},
}

func plain(name, doc, example string, generate func(r *rand.Rand) any) Generator {
	return Generator{
		Name: name, Signature: "fake." + name, Doc: doc, Example: example,
		generate: func(r *rand.Rand, _ []string) any { return generate(r) },
	}
}

func rangeParams(kind ParamKind) []Param {
	return []Param{
		{Name: "MIN", Kind: kind, Optional: true, Doc: "the least value"},
		{Name: "MAX", Kind: kind, Optional: true, Doc: "the greatest value"},
	}
}

func pick(list []string) func(r *rand.Rand) any {
	return func(r *rand.Rand) any { return one(r, list) }
}

func one(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

func generatorNamed(name string) *Generator {
	for i := range Generators {
		if Generators[i].Name == name {
			return &Generators[i]
		}
	}
	return nil
}

func generatorNames() []string {
	names := make([]string, len(Generators))
	for i := range Generators {
		names[i] = Generators[i].Name
	}
	return names
}

// generator looks the generator up and checks its arguments, dotted ones being given as segments.
func (p *parser) generator(dotted []path.Segment) {
	root := &p.expr.Root
	g := generatorNamed(root.Key)
	if g == nil {
		problem := Problem{
			Span: root.KeySpan, Code: CodeUnknownGenerator, Message: fmt.Sprintf("unknown generator `%s`", root.Key),
		}
		if near := path.Nearest(root.Key, generatorNames()); near != "" {
			problem.Message += fmt.Sprintf("; did you mean `%s`?", near)
			problem.Fix = near
		}
		p.fault(problem)
		return
	}
	root.generator = g
	if !root.Called {
		root.Args = p.dottedArgs(g, dotted)
	}
	if len(dotted) > 0 && len(g.Params) < len(root.Args) {
		p.parentheses(dotted[len(dotted)-1])
	}
	p.checkGenerator(g)
}

// dottedArgs turns `.0.100` into arguments. A layout takes all that follows, since it may hold dots; two bounds with a
// decimal point each come as four segments.
func (p *parser) dottedArgs(g *Generator, segments []path.Segment) []Arg {
	span := func(from, to int) Arg {
		s := spanOf(segments[from].Span.Start, segments[to].Span.End)
		return Arg{Span: s, Text: p.s[s.Start:s.End]}
	}
	n := len(segments)
	switch {
	case n > 0 && len(g.Params) == 1 && g.Params[0].Kind == Layout:
		return []Arg{span(0, n-1)}
	case n == 4 && len(g.Params) == 2 && g.Params[0].Kind == Decimal:
		return []Arg{span(0, 1), span(2, 3)}
	}
	args := make([]Arg, n)
	for i := range segments {
		args[i] = span(i, i)
	}
	return args
}

// maxCount bounds lengths that a template asks for.
const maxCount = 1000

func (p *parser) checkGenerator(g *Generator) {
	root := &p.expr.Root
	whole := spanOf(root.Span.Start, root.KeySpan.End)
	if n := len(root.Args); n > 0 {
		whole.End = root.Args[n-1].Span.End
	}
	fail := func(span Span, format string, args ...any) {
		p.fault(Problem{Span: span, Code: CodeArguments, Message: fmt.Sprintf(format, args...) + "; it is written `" + g.Signature + "`"})
	}
	if n := len(root.Args); n > len(g.Params) {
		fail(whole, "`%s` takes %s, not %d", g.Name, argumentCount(g), n)
		return
	}
	for i, arg := range root.Args {
		param := g.Params[i]
		switch {
		case !param.Kind.accepts(arg.Text):
			fail(arg.Span, "%s of `%s` must be %s, not `%s`", param.Name, g.Name, param.Kind, arg.Text)
			return
		case param.Kind == Count && (arg.Text == "0" || mustInt(arg.Text) > maxCount):
			fail(arg.Span, "%s of `%s` must be from 1 to %d", param.Name, g.Name, maxCount)
			return
		case param.Kind == Layout && !isLayout(arg.Text):
			p.add(Problem{
				Span: arg.Span, Code: CodeLayout, Warning: true, Fix: goLayout(arg.Text),
				Message: fmt.Sprintf("the layout `%s` holds no date; Go layouts spell the date 2006-01-02 15:04:05", arg.Text),
			})
		}
	}
}

func argumentCount(g *Generator) string {
	switch {
	case g.minMax:
		return "at most two arguments"
	case len(g.Params) == 1:
		return "at most one argument"
	}
	return "no arguments"
}

// String names the kind for a sentence.
func (k ParamKind) String() string {
	return [...]string{"text", "a whole number from 0", "a whole number", "a whole number from 0", "a number", "a time layout"}[k]
}

func (k ParamKind) accepts(text string) bool {
	var err error
	switch k {
	case Count:
		_, err = strconv.ParseUint(text, 10, 31)
	case Integer:
		_, err = strconv.ParseInt(text, 10, 64)
	case Unsigned:
		_, err = strconv.ParseUint(text, 10, 64)
	case Decimal:
		f, parseErr := strconv.ParseFloat(text, 64)
		_, isDecimal := value.ParseDecimal(text)
		return parseErr == nil && isDecimal && !math.IsInf(f, 0)
	}
	return err == nil
}

// mustInt converts a text that accepts(Count) let through.
func mustInt(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func fakeName(r *rand.Rand) any { return one(r, firstNames) + " " + one(r, lastNames) }

func fakeEmail(r *rand.Rand) any {
	return fmt.Sprintf("%s.%s%d@%s", strings.ToLower(one(r, firstNames)), strings.ToLower(one(r, lastNames)),
		1000+r.IntN(9_000_000), one(r, exampleDomains))
}

func fakeUUID(r *rand.Rand) any {
	hi, lo := r.Uint64(), r.Uint64()
	hi = hi&^0xF000 | 0x4000 // version 4
	lo = lo&^(3<<62) | 1<<63 // variant of RFC 9562
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", hi>>32, hi>>16&0xFFFF, hi&0xFFFF, lo>>48, lo&0xFFFFFFFFFFFF)
}

// fakePhone stays in 555-0100 to 555-0199, which no telephone company hands out.
func fakePhone(r *rand.Rand) any {
	return fmt.Sprintf("+1%d%02d55501%02d", 2+r.IntN(8), r.IntN(100), r.IntN(100))
}

func fakeURL(r *rand.Rand) any {
	return fmt.Sprintf("https://www.%s.example/%s/%s", one(r, words), one(r, words), one(r, words))
}

func fakeCompany(r *rand.Rand) any {
	suffix := []string{"Ltd", "Inc", "GmbH", "Group", "Partners", "& Co"}
	return one(r, lastNames) + " " + capitalize(one(r, words)) + " " + one(r, suffix)
}

func fakeAddress(r *rand.Rand) any {
	kind := []string{"Street", "Avenue", "Lane", "Road", "Square", "Way"}
	return fmt.Sprintf("%d %s %s, %s %05d", 1+r.IntN(999), capitalize(one(r, words)), one(r, kind), one(r, cities), 10_000+r.IntN(90_000))
}

func fakeSentence(r *rand.Rand, args []string) any {
	n := 8
	if len(args) > 0 {
		n = mustInt(args[0])
	}
	list := make([]string, n)
	for i := range list {
		list[i] = one(r, words)
	}
	list[0] = capitalize(list[0])
	return strings.Join(list, " ") + "."
}

// fakePassword holds every class of characters as soon as it is long enough for that.
func fakePassword(r *rand.Rand, args []string) any {
	classes := []string{"abcdefghijkmnopqrstuvwxyz", "ABCDEFGHJKLMNPQRSTUVWXYZ", "23456789", "!#%*+-=?@_"}
	n := 12
	if len(args) > 0 {
		n = mustInt(args[0])
	}
	all := strings.Join(classes, "")
	password := make([]byte, n)
	for i := range password {
		from := all
		if i < len(classes) {
			from = classes[i]
		}
		password[i] = from[r.IntN(len(from))]
	}
	r.Shuffle(n, func(i, j int) { password[i], password[j] = password[j], password[i] })
	return string(password)
}

func fakeInt(r *rand.Rand, args []string) any {
	low, high := int64(0), int64(math.MaxInt32)
	if len(args) > 0 {
		low, _ = strconv.ParseInt(args[0], 10, 64)
	}
	if len(args) > 1 {
		high, _ = strconv.ParseInt(args[1], 10, 64)
	} else if low > high {
		high = math.MaxInt64
	}
	low, high = min(low, high), max(low, high)
	// Unsigned arithmetic wraps, so that the range from the least to the greatest integer works too.
	n := low + int64(upTo(r, uint64(high)-uint64(low)))
	return json.Number(strconv.FormatInt(n, 10))
}

func fakeUint(r *rand.Rand, args []string) any {
	low, high := uint64(0), uint64(math.MaxUint32)
	if len(args) > 0 {
		low, _ = strconv.ParseUint(args[0], 10, 64)
	}
	if len(args) > 1 {
		high, _ = strconv.ParseUint(args[1], 10, 64)
	} else if low > high {
		high = math.MaxUint64
	}
	low, high = min(low, high), max(low, high)
	return json.Number(strconv.FormatUint(low+upTo(r, high-low), 10))
}

// upTo returns a number from 0 to most, both included.
func upTo(r *rand.Rand, most uint64) uint64 {
	if most == math.MaxUint64 {
		return r.Uint64()
	}
	return r.Uint64N(most + 1)
}

func fakeFloat(r *rand.Rand, args []string) any {
	low, high := 0.0, 1.0
	if len(args) > 0 {
		low, _ = strconv.ParseFloat(args[0], 64)
		high = max(high, low+1)
	}
	if len(args) > 1 {
		high, _ = strconv.ParseFloat(args[1], 64)
	}
	low, high = min(low, high), max(low, high)
	x := r.Float64()
	f := low*(1-x) + high*x // no overflow, even over the whole range
	if math.Abs(f) < 1e12 {
		// Six digits read well; the bounds win over the rounding.
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'f', 6, 64), 64)
	}
	f = min(max(f, low), high)
	return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
}

// layouts are the names that stand for a layout.
var layouts = map[string]string{
	"RFC3339": time.RFC3339, "RFC1123": time.RFC1123, "RFC822": time.RFC822, "DateTime": time.DateTime,
	"DateOnly": time.DateOnly, "TimeOnly": time.TimeOnly, "Kitchen": time.Kitchen,
}

func fakeDate(r *rand.Rand, args []string) any {
	// A fixed range, since a range that ends now would make seeded runs differ from day to day.
	end := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	moment := time.Unix(r.Int64N(end), 0).UTC()
	layout := time.RFC3339
	if len(args) > 0 {
		layout = args[0]
	}
	if layout == "Unix" {
		return json.Number(strconv.FormatInt(moment.Unix(), 10))
	}
	if named, ok := layouts[layout]; ok {
		layout = named
	}
	return moment.Format(layout)
}

// isLayout says whether two different moments differ when written in the layout.
func isLayout(text string) bool {
	if _, ok := layouts[text]; ok || text == "Unix" {
		return true
	}
	a := time.Date(1999, 12, 31, 23, 58, 57, 0, time.UTC)
	b := time.Date(2011, 3, 4, 5, 6, 8, 0, time.UTC)
	return a.Format(text) != b.Format(text)
}

// goLayout translates a layout of the YYYY-MM-DD kind; it returns "" where there is nothing to translate.
func goLayout(text string) string {
	out := strings.NewReplacer(
		"YYYY", "2006", "yyyy", "2006", "MM", "01", "DD", "02", "dd", "02", "HH", "15", "hh", "15", "mm", "04", "ss", "05", "SS", "05",
		"%Y", "2006", "%m", "01", "%d", "02", "%H", "15", "%M", "04", "%S", "05",
	).Replace(text)
	if out == text || !isLayout(out) {
		return ""
	}
	return out
}
