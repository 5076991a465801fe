package expect

import "github.com/speclens/speclens/engine/path"

// OperandKind says what an operator takes.
type OperandKind uint8

// The kinds of operands.
const (
	NoOperand OperandKind = iota
	AnyOperand
	NumberOperand
	PatternOperand
	TypeOperand
	BoolOperand
	ListOperand
)

// Operator documents one operator. It has a text form ("> 5"), a map form ({gt: 5}), or both.
type Operator struct {
	// Name is the key of the map form.
	Name string
	// Symbol is what the text form begins with.
	Symbol string
	// TextForm and MapForm show how it is written.
	TextForm, MapForm string
	Operand           OperandKind
	Doc               string // Markdown
	Example           string
}

// Operators lists the operators, in the order in which completion offers them.
var Operators = []Operator{
	{
		Name: "is", Symbol: "is", TextForm: "is TYPE", MapForm: "{is: TYPE}", Operand: TypeOperand, Example: "is string",
		Doc: "Has the type, or is text of the format.",
	},
	{
		Name: "exists", Symbol: "exists", TextForm: "exists", MapForm: "{exists: true}", Operand: BoolOperand, Example: "exists",
		Doc: "Is there and not null. `{exists: false}` asks for the opposite.",
	},
	{
		Name: "eq", Symbol: "==", TextForm: "== VALUE", MapForm: "{eq: VALUE}", Operand: AnyOperand, Example: "{eq: {exists: true}}",
		Doc: "Equal. Numbers by value, also when written as text; text exactly; lists and objects deeply. The map form takes " +
			"everything inside literally, so that text may begin like an operator.",
	},
	{
		Name: "ne", Symbol: "!=", TextForm: "!= VALUE", MapForm: "{ne: VALUE}", Operand: AnyOperand, Example: `"!= null"`,
		Doc: "Not equal. A missing value is equal to null only.",
	},
	{
		Name: "gt", Symbol: ">", TextForm: "> NUMBER", MapForm: "{gt: NUMBER}", Operand: NumberOperand, Example: `"> 0"`,
		Doc: "Greater than. Both sides must be numbers or text that spells one.",
	},
	{
		Name: "gte", Symbol: ">=", TextForm: ">= NUMBER", MapForm: "{gte: NUMBER}", Operand: NumberOperand, Example: `">= 200"`,
		Doc: "Greater than or equal. Both sides must be numbers or text that spells one.",
	},
	{
		Name: "lt", Symbol: "<", TextForm: "< NUMBER", MapForm: "{lt: NUMBER}", Operand: NumberOperand, Example: `"< 100"`,
		Doc: "Less than. Both sides must be numbers or text that spells one.",
	},
	{
		Name: "lte", Symbol: "<=", TextForm: "<= NUMBER", MapForm: "{lte: NUMBER}", Operand: NumberOperand, Example: `"<= 1.5"`,
		Doc: "Less than or equal. Both sides must be numbers or text that spells one.",
	},
	{
		Name: "contains", Symbol: "contains", TextForm: "contains TEXT", MapForm: "{contains: VALUE}", Operand: AnyOperand,
		Example: "{contains: {id: is int}}",
		Doc: "A list has the element; an object has at least the given keys; text, a number or a bool has the text in it. " +
			"A list of values asks for each of them.",
	},
	{
		Name: "matches", Symbol: "matches", TextForm: "matches PATTERN", MapForm: "{matches: PATTERN}", Operand: PatternOperand,
		Example: `"matches ^[A-Z]{3}$"`,
		Doc:     "Text, a number or a bool has a match of the pattern (RE2 syntax) anywhere; `^` and `$` tie it to the ends.",
	},
	{
		Name: "notExists", Symbol: "notExists", TextForm: "notExists", MapForm: "{notExists: true}", Operand: BoolOperand,
		Example: "notExists", Doc: "Is missing or null.",
	},
	{
		Name: "oneOf", Symbol: "oneOf", TextForm: "oneOf A, B", MapForm: "{oneOf: [A, B]}", Operand: ListOperand,
		Example: "{oneOf: [red, green]}", Doc: "Equal to one of the values.",
	},
}

// OperatorNamed returns the operator with that key, or nil.
func OperatorNamed(name string) *Operator {
	for i := range Operators {
		if Operators[i].Name == name {
			return &Operators[i]
		}
	}
	return nil
}

func operatorNames() []string {
	names := make([]string, len(Operators))
	for i := range Operators {
		names[i] = Operators[i].Name
	}
	return names
}

// KeyDoc documents one key of the `expect` object or of an item of `events`.
type KeyDoc struct {
	Name    string
	Doc     string // Markdown
	Example string
}

// Keys lists the keys of the `expect` object.
var Keys = []KeyDoc{
	{
		Name: "status", Example: "status: 2xx",
		Doc: "The status: a number, a class such as `2xx`, a list of them, or an operator such as `\">= 200\"`.",
	},
	{
		Name: "headers", Example: "headers: {Content-Type: contains json}",
		Doc: "Header name → expectation. Names are compared without regard to case. Where a header was sent more than once, one " +
			"of its values, or all of them joined by `, `, must meet the expectation.",
	},
	{
		Name: "body", Example: "body: {items[0].name: Ada}",
		Doc: "Path → expectation. Dots separate, `[0]` or `0` is an index (negative from the end), `[\"a.b\"]` a key with a dot, " +
			"`length` a length, `items.#.id` the `id` of every element, and `.` the whole body.",
	},
	{
		Name: "duration", Example: `duration: "< 500ms"`,
		Doc: "How long the request may take: an operator and a duration; without an operator it is the longest allowed. A bare " +
			"number is milliseconds.",
	},
	{
		Name: "events", Example: "events: [{kind: Sent}, {kind: Message, count: \">= 2\"}]",
		Doc: "What the plugin must report, in this order: a list of `{kind, data, count}`. Other events may lie between.",
	},
}

// EventKeys lists the keys of an item of `events`.
var EventKeys = []KeyDoc{
	{Name: "kind", Example: "kind: Received", Doc: "The kind of event, such as `Received`, or its full name `http.Received`."},
	{Name: "data", Example: "data: {status: 2xx}", Doc: "Path → expectation, on the data of the event."},
	{
		Name: "count", Example: `count: ">= 2"`,
		Doc: "How many such events there must be before the next item: a number or an operator. At least one where it is not given.",
	},
}

func names(keys []KeyDoc) []string {
	list := make([]string, len(keys))
	for i := range keys {
		list[i] = keys[i].Name
	}
	return list
}

func nearest(name string, candidates []string) string { return path.Nearest(name, candidates) }
