package template

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/speclens/speclens/engine/value"
)

// Method is one of the methods that turn a value into another.
type Method struct {
	Name      string
	Signature string
	Doc       string // Markdown
	Example   string
	Params    []Param

	// apply makes the new value. Its errors never quote the value, which may be a secret and would be cut.
	apply func(v any, args []Arg) (any, error)
}

// Methods lists the methods, applied from left to right.
var Methods = []Method{
	textMethod("ToUpper", "The text in upper case.", `"ada" → "ADA"`, strings.ToUpper),
	textMethod("ToLower", "The text in lower case.", `"ADA" → "ada"`, strings.ToLower),
	textMethod("TrimSpace", "The text without blanks at both ends.", `" ada " → "ada"`, strings.TrimSpace),
	{
		Name: "Replace", Signature: "Replace(OLD, NEW)", Example: `"a-b-c".Replace('-', '/') → "a/b/c"`,
		Doc:    "The text with every OLD replaced by NEW.",
		Params: []Param{{Name: "OLD", Doc: "what to replace"}, {Name: "NEW", Doc: "what to put in its place; may be empty"}}, apply: replace,
	},
	{
		Name: "PadLeft", Signature: "PadLeft(N[, PAD])", Example: `7.PadLeft(3, 0) → "007"`,
		Doc:    "The text, filled up at the left to N characters with PAD, a blank where it is not given.",
		Params: padParams, apply: func(v any, args []Arg) (any, error) { return pad(v, args, true) },
	},
	{
		Name: "PadRight", Signature: "PadRight(N[, PAD])", Example: `"ab".PadRight(4, .) → "ab.."`,
		Doc:    "The text, filled up at the right to N characters with PAD, a blank where it is not given.",
		Params: padParams, apply: func(v any, args []Arg) (any, error) { return pad(v, args, false) },
	},
	textMethod("Capitalize", "The text with its first letter in upper case and all others in lower case.", `"ada BYRON" → "Ada byron"`,
		func(s string) string { return capitalize(strings.ToLower(s)) }),
	{
		Name: "Reverse", Signature: "Reverse()", Example: `"abc" → "cba"`,
		Doc: "The text backwards, or the list in reverse order.", apply: reverse,
	},
	textMethod("SnakeCase", "The words of the text in lower case, joined by underscores. Words end at blanks, `-`, `_` and where a "+
		"capital begins another; everything else stays.", `"userName ID" → "user_name_id"`, snakeCase),
	textMethod("CamelCase", "The words of the text joined, each but the first with a capital. Words end at blanks, `-`, `_` and where "+
		"a capital begins another; everything else stays.", `"user_name" → "userName"`, camelCase),
	{
		Name: "Split", Signature: "Split([SEP])", Example: `"a,b".Split(",") → ["a", "b"]`,
		Doc:    "The text cut at every SEP, a blank where it is not given. `Split(\"\")` cuts between characters.",
		Params: []Param{{Name: "SEP", Optional: true, Doc: "what stands between the parts"}}, apply: split,
	},
	{
		Name: "Join", Signature: "Join([SEP])", Example: `["a", "b"].Join("-") → "a-b"`,
		Doc:    "The elements of the list as one text with SEP between them, nothing where it is not given.",
		Params: []Param{{Name: "SEP", Optional: true, Doc: "what to put between the elements"}}, apply: join,
	},
	{
		Name: "ToInt", Signature: "ToInt()", Example: `"42" → 42`,
		Doc: "The whole number that the text spells, exact at any size. Anything else stays as it is: other text, a number with a " +
			"fraction, a bool.", apply: toInt,
	},
	{
		Name: "ToFloat", Signature: "ToFloat()", Example: `"4.2" → 4.2`,
		Doc: "The number, or the number that the text spells.", apply: toFloat,
	},
	{
		Name: "ToBool", Signature: "ToBool()", Example: `"yes" → true`,
		Doc: "`true` or `false` from the texts true, false, yes, no, 1 and 0, in any case, and from the numbers 1 and 0. Anything " +
			"else stays as it is.", apply: toBool,
	},
	{
		Name: "ToString", Signature: "ToString()", Example: `42 → "42"`,
		Doc: "The value as text, also where the template is the whole value. Null is the empty text.", apply: toText,
	},
	textMethod("URLEncode", "The text with everything but letters, digits and `-._~` percent-encoded.", `"a b/c" → "a%20b%2Fc"`, urlEncode),
	textMethod("Base64", "The text in Base64.", `"ada" → "YWRh"`, func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(s))
	}),
	{
		Name: "Base64Decode", Signature: "Base64Decode()", Example: `"YWRh" → "ada"`,
		Doc: "The text that the Base64 text stands for; both alphabets, with or without padding.", apply: base64Decode,
	},
	{
		Name: "JSON", Signature: "JSON()", Example: `{"a": 1} → "{\"a\":1}"`,
		Doc: "The value as JSON text, with sorted keys.", apply: toJSON,
	},
	{
		Name: "Length", Signature: "Length()", Example: `"ada" → 3`,
		Doc: "The number of characters, elements or keys.", apply: length,
	},
	{
		Name: "Default", Signature: "Default(V)", Example: `{{ env.REGION.Default("eu") }}`,
		Doc: "V where what stands before is missing, null, or cannot be computed. Without quotes V may be a number, `true`, " +
			"`false` or `null`.",
		Params: []Param{{Name: "V", Doc: "the value to take"}},
	},
}

var padParams = []Param{
	{Name: "N", Kind: Count, Doc: "length in characters"},
	{Name: "PAD", Optional: true, Doc: "what to fill up with"},
}

func textMethod(name, doc, example string, f func(string) string) Method {
	return Method{
		Name: name, Signature: name + "()", Doc: doc, Example: example,
		apply: func(v any, _ []Arg) (any, error) {
			s, err := scalarText(v)
			if err != nil {
				return nil, err
			}
			return f(s), nil
		},
	}
}

func methodNamed(name string) *Method {
	for i := range Methods {
		if Methods[i].Name == name {
			return &Methods[i]
		}
	}
	return nil
}

func methodNames() []string {
	names := make([]string, len(Methods))
	for i := range Methods {
		names[i] = Methods[i].Name
	}
	return names
}

// check returns what is wrong with the arguments of a call, or nil.
func (m *Method) check(call *Call) *Problem {
	required := 0
	for _, p := range m.Params {
		if !p.Optional {
			required++
		}
	}
	n := len(call.Args)
	if n < required || n > len(m.Params) {
		return &Problem{
			Span: call.Span, Code: CodeArguments,
			Message: fmt.Sprintf("`%s` takes %s, not %d; it is written `%s`", m.Name, plural(required, len(m.Params)), n, m.Signature),
		}
	}
	for i, arg := range call.Args {
		p := m.Params[i]
		switch {
		case !p.Kind.accepts(arg.Text), p.Kind == Count && mustInt(arg.Text) > maxPad:
			return &Problem{
				Span: arg.Span, Code: CodeArguments,
				Message: fmt.Sprintf("%s of `%s` must be a whole number from 0 to %d, not `%s`", p.Name, m.Name, maxPad, arg.Text),
			}
		case i == 0 && m.Name == "Replace" && arg.Text == "":
			return &Problem{Span: arg.Span, Code: CodeArguments, Message: "OLD of `Replace` is empty; there is nothing to replace"}
		}
	}
	return nil
}

func plural(least, most int) string {
	switch {
	case most == 0:
		return "no arguments"
	case least == most && most == 1:
		return "one argument"
	case least == most:
		return fmt.Sprintf("%d arguments", most)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// Bounds on what methods make, so that a chain of them cannot fill the memory.
const (
	maxPad   = 1_000_000
	maxText  = 16 << 20
	maxItems = 1_000_000
)

func tooLong(size int) error {
	return fmt.Errorf("makes a text of %d bytes or more; the limit is %d", size, maxText)
}

// scalarText is the text of a value that text methods work on.
func scalarText(v any) (string, error) {
	switch kind := value.KindOf(v); kind {
	case value.KindText, value.KindNumber, value.KindBool:
		return value.Text(v), nil
	default:
		return "", fmt.Errorf("wants text, not %s", kind)
	}
}

func replace(v any, args []Arg) (any, error) {
	s, err := scalarText(v)
	if err != nil {
		return nil, err
	}
	was, now := args[0].Text, args[1].Text
	if grown := len(s) + strings.Count(s, was)*(len(now)-len(was)); grown > maxText {
		return nil, tooLong(grown)
	}
	return strings.ReplaceAll(s, was, now), nil
}

func pad(v any, args []Arg, left bool) (any, error) {
	s, err := scalarText(v)
	if err != nil {
		return nil, err
	}
	filler := []rune(" ")
	if len(args) > 1 && args[1].Text != "" {
		filler = []rune(args[1].Text)
	}
	missing := mustInt(args[0].Text) - utf8.RuneCountInString(s)
	if missing <= 0 {
		return s, nil
	}
	fill := make([]rune, missing)
	for i := range fill {
		fill[i] = filler[i%len(filler)]
	}
	if left {
		return string(fill) + s, nil
	}
	return s + string(fill), nil
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

func reverse(v any, _ []Arg) (any, error) {
	if items, ok := value.Items(v); ok {
		reversed := slices.Clone(items)
		slices.Reverse(reversed)
		return reversed, nil
	}
	s, err := scalarText(v)
	if err != nil {
		return nil, err
	}
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes), nil
}

// wordsOf cuts a text at blanks, hyphens and underscores, and where a capital begins a word: userName, HTTPServer. Nothing
// else is lost: a sign, a decimal point or a comma belongs to its word. A hyphen before a digit that stands where a word
// begins is a sign.
func wordsOf(s string) []string {
	var list []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			list = append(list, string(word))
			word = nil
		}
	}
	runes := []rune(s)
	for i, r := range runes {
		isSign := r == '-' && len(word) == 0 && (i == 0 || unicode.IsSpace(runes[i-1])) && i+1 < len(runes) && unicode.IsDigit(runes[i+1])
		if (unicode.IsSpace(r) || r == '-' || r == '_') && !isSign {
			flush()
			continue
		}
		if unicode.IsUpper(r) && i > 0 {
			afterLower := unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1])
			beforeLower := i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1])
			if afterLower || beforeLower {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return list
}

func snakeCase(s string) string { return strings.ToLower(strings.Join(wordsOf(s), "_")) }

func camelCase(s string) string {
	list := wordsOf(s)
	for i, w := range list {
		w = strings.ToLower(w)
		if i > 0 {
			w = capitalize(w)
		}
		list[i] = w
	}
	return strings.Join(list, "")
}

// separator is the argument, or the default where there is none.
func separator(args []Arg, byDefault string) string {
	if len(args) == 0 || args[0].Text == "" && !args[0].Quoted {
		return byDefault
	}
	return args[0].Text
}

func split(v any, args []Arg) (any, error) {
	s, err := scalarText(v)
	if err != nil {
		return nil, err
	}
	sep := separator(args, " ")
	if n := strings.Count(s, sep) + 1; n > maxItems {
		return nil, fmt.Errorf("makes a list of %d elements; the limit is %d", n, maxItems)
	}
	parts := strings.Split(s, sep)
	items := make([]any, len(parts))
	for i, p := range parts {
		items[i] = p
	}
	return items, nil
}

func join(v any, args []Arg) (any, error) {
	items, ok := value.Items(v)
	if !ok {
		return nil, fmt.Errorf("wants a list, not %s", value.KindOf(v))
	}
	sep := separator(args, "")
	texts := make([]string, len(items))
	size := len(sep) * max(0, len(items)-1)
	for i, item := range items {
		texts[i] = value.Text(item)
		if size += len(texts[i]); size > maxText {
			return nil, tooLong(size)
		}
	}
	return strings.Join(texts, sep), nil
}

// spelledNumber is the number that v is or spells, blanks around it aside.
func spelledNumber(v any) (value.Decimal, error) {
	if s, ok := value.String(v); ok {
		d, ok := value.Numeric(strings.TrimSpace(s))
		if !ok {
			return d, errors.New("wants a number, and the text is none")
		}
		return d, nil
	}
	if d, ok := value.NumberOf(v); ok {
		return d, nil
	}
	return value.Decimal{}, fmt.Errorf("wants a number, not %s", value.KindOf(v))
}

// toInt leaves text, bools and numbers that are no whole number as they are.
func toInt(v any, _ []Arg) (any, error) {
	if _, err := scalarText(v); err != nil {
		return nil, fmt.Errorf("wants a number, not %s", value.KindOf(v))
	}
	d, err := spelledNumber(v)
	if err != nil || !d.IsInt() {
		return v, nil
	}
	whole, ok := d.Truncate()
	if !ok {
		return nil, errors.New("the number is too large to be written out")
	}
	return json.Number(whole.String()), nil
}

func toFloat(v any, _ []Arg) (any, error) {
	d, err := spelledNumber(v)
	if err != nil {
		return nil, err
	}
	return json.Number(d.String()), nil
}

func toBool(v any, _ []Arg) (any, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	if s, ok := value.String(v); ok {
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "true", "yes", "1":
			return true, nil
		case "false", "no", "0":
			return false, nil
		}
		return v, nil
	}
	d, ok := value.NumberOf(v)
	if !ok {
		return nil, fmt.Errorf("wants text or a number, not %s", value.KindOf(v))
	}
	switch {
	case d.IsZero():
		return false, nil
	case d.Compare(decimalOne) == 0:
		return true, nil
	}
	return v, nil
}

var decimalOne, _ = value.ParseDecimal("1")

func toText(v any, _ []Arg) (any, error) {
	if value.KindOf(v) == value.KindNull {
		return "", nil
	}
	return value.Text(v), nil
}

// toJSON measures before it writes: each quote and backslash of a text becomes two, so that a chain of calls would double.
func toJSON(v any, _ []Arg) (any, error) {
	if size := jsonSize(v, 0); size > maxText {
		return nil, tooLong(size)
	}
	return value.JSON(v), nil
}

// jsonSize is a lower bound on the size of a value's JSON; it stops counting past maxText.
func jsonSize(v any, depth int) int {
	size := 2
	if depth > maxDepth {
		return size
	}
	if s, ok := value.String(v); ok {
		return size + len(s) + strings.Count(s, `"`) + strings.Count(s, `\`)
	}
	if items, ok := value.Items(v); ok {
		for _, item := range items {
			if size += jsonSize(item, depth+1) + 1; size > maxText {
				break
			}
		}
		return size
	}
	if entries, ok := value.Entries(v); ok {
		for key, item := range entries {
			if size += len(key) + 3 + jsonSize(item, depth+1); size > maxText {
				break
			}
		}
	}
	return size
}

const hexDigits = "0123456789ABCDEF"

// urlEncode keeps the unreserved characters of RFC 3986 and encodes every other byte.
func urlEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}

func base64Decode(v any, _ []Arg) (any, error) {
	s, err := scalarText(v)
	if err != nil {
		return nil, err
	}
	plain := strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(strings.TrimSpace(s))
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(plain, "="))
	if err != nil {
		return nil, fmt.Errorf("wants Base64: %w", err)
	}
	return string(decoded), nil
}

func length(v any, _ []Arg) (any, error) {
	n := 0
	switch kind := value.KindOf(v); kind {
	case value.KindText:
		n = utf8.RuneCountInString(value.Text(v))
	case value.KindList:
		items, _ := value.Items(v)
		n = len(items)
	case value.KindObject:
		n = len(value.Keys(v))
	default:
		return nil, fmt.Errorf("wants text, a list or an object, not %s", kind)
	}
	return json.Number(strconv.Itoa(n)), nil
}

// literal is the value of Default's argument: quoted text, or what JSON would read, or else text.
func literal(arg Arg) any {
	if arg.Quoted {
		return arg.Text
	}
	switch arg.Text {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	if _, ok := value.ParseDecimal(arg.Text); ok {
		return json.Number(arg.Text)
	}
	return arg.Text
}
