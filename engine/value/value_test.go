package value

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
)

func TestDecimalsParseInJSONGrammarOnly(t *testing.T) {
	for _, s := range []string{"0", "-0", "42", "42.0", "-1.5", "1e3", "1E+3", "1e-3", "0.1", "123456789012345678901234567890",
		"1e999999999999999999999"} {
		if _, ok := ParseDecimal(s); !ok {
			t.Errorf("%q should be a number", s)
		}
	}
	for _, s := range []string{"", " 1", "1 ", "+1", "007", "-", ".5", "1.", "1e", "1e+", "0x1F", "NaN", "Inf", "1_000", "1,5", "--1",
		"1e1.5"} {
		if _, ok := ParseDecimal(s); ok {
			t.Errorf("%q should not be a number", s)
		}
	}
}

func TestDecimalsCompareExactly(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"42", "42.0", 0},
		{"0", "-0.00", 0},
		{"1e3", "1000", 0},
		{"9007199254740993", "9007199254740992", 1}, // equal as float64
		{"9223372036854775807", "9223372036854775808", -1},
		{"0.1", "0.10000000000000001", -1},
		{"-2", "-10", 1},
		{"-1", "1", -1},
		{"0", "0.001", -1},
		{"0", "-0.001", 1},
		{"1e999999999", "1e999999998", 1},
		{"123", "13", 1},
		{"0.5", "0.05", 1},
	} {
		a, _ := ParseDecimal(c.a)
		b, _ := ParseDecimal(c.b)
		if got := a.Compare(b); got != c.want {
			t.Errorf("%s against %s: got %d, want %d", c.a, c.b, got, c.want)
		}
		if got := b.Compare(a); got != -c.want {
			t.Errorf("%s against %s: got %d, want %d", c.b, c.a, got, -c.want)
		}
	}
}

func TestDecimalsTruncateTowardsZero(t *testing.T) {
	for in, want := range map[string]string{
		"42.9": "42", "-42.9": "-42", "0.9": "0", "1e3": "1000", "10.5": "10", "100": "100", "12345678901234567890.5": "12345678901234567890",
	} {
		d, _ := ParseDecimal(in)
		got, ok := d.Truncate()
		if !ok || got.String() != want || !got.IsInt() {
			t.Errorf("%s: got %s, %v, want %s", in, got, ok, want)
		}
	}
	huge, _ := ParseDecimal("1e999999")
	if _, ok := huge.Truncate(); ok {
		t.Error("1e999999 should be refused")
	}
}

func TestDecimalsPrintWithoutExponentWhileThatIsShort(t *testing.T) {
	for in, want := range map[string]string{"1e3": "1000", "-1.50": "-1.5", "0.001": "0.001", "1e-3": "0.001", "0e9": "0", "120": "120"} {
		d, _ := ParseDecimal(in)
		if got := d.String(); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	huge, _ := ParseDecimal("-1e999999999")
	if got := huge.String(); len(got) > 40 {
		t.Errorf("a huge number prints %d bytes", len(got))
	}
}

func TestTextPrintsAsJSONWould(t *testing.T) {
	type local string
	for _, c := range []struct {
		in   any
		want string
	}{
		{"a \"b\"", "a \"b\""},
		{nil, "null"},
		{true, "true"},
		{json.Number("9007199254740993"), "9007199254740993"},
		{json.Number("1e21"), "1000000000000000000000"},
		{json.Number("1.0"), "1.0"},
		{json.Number("1e-7"), "1e-7"},
		{json.Number("1e900"), "1e900"},
		{float64(1e6), "1000000"},
		{float64(1e20), "100000000000000000000"},
		{float64(1e21), "1000000000000000000000"},
		{0.25, "0.25"},
		{math.NaN(), "null"},
		{math.Inf(1), "null"},
		{json.Number("nonsense"), "null"},
		{int64(math.MinInt64), "-9223372036854775808"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{[]any{"a", json.Number("1"), nil, true}, `["a",1,null,true]`},
		{map[string]any{"b": "<&>", "a": []string{"x"}}, `{"a":["x"],"b":"<&>"}`},
		{map[string]string{"k": "v"}, `{"k":"v"}`},
		{map[string][]string{"k": {"v", "w"}}, `{"k":["v","w"]}`},
		{map[string]int{"k": 1}, `{"k":1}`},
		{[]int{1, 2}, "[1,2]"},
		{local("text"), "text"},
		{Literal{Literal{json.Number("5")}}, "5"},
		{func() {}, "null"},
	} {
		if got := Text(c.in); got != c.want {
			t.Errorf("%#v: got %s, want %s", c.in, got, c.want)
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	for _, c := range []struct {
		in   any
		want Kind
		name string
	}{
		{nil, KindNull, "null"},
		{false, KindBool, "a bool"},
		{json.Number("1"), KindNumber, "a number"},
		{float32(1), KindNumber, "a number"},
		{"", KindText, "text"},
		{[]string{}, KindList, "a list"},
		{[2]int{}, KindList, "a list"},
		{map[string]bool{}, KindObject, "an object"},
		{map[int]bool{}, KindUnknown, "an unknown value"},
		{Literal{"x"}, KindText, "text"},
	} {
		if got := KindOf(c.in); got != c.want || got.String() != c.name {
			t.Errorf("%#v: got %v", c.in, got)
		}
	}
	if Kind(99).String() != "an unknown value" {
		t.Error("kinds out of range should have a name too")
	}
}

func TestWhatIsNoListOrObjectIsNotTakenForOne(t *testing.T) {
	if _, ok := Items("text"); ok {
		t.Error("text is no list")
	}
	if _, ok := Entries([]any{}); ok {
		t.Error("a list is no object")
	}
	if Keys(1) != nil {
		t.Error("a number has no keys")
	}
	if _, ok := Numeric(true); ok {
		t.Error("a bool is not numeric")
	}
	if _, ok := Numeric(nil); ok {
		t.Error("null is not numeric")
	}
}

func TestBriefCutsBetweenCharacters(t *testing.T) {
	got := Brief(strings.Repeat("é", 100), 10)
	if !strings.HasSuffix(got, "é…") || len(got) > 14 {
		t.Errorf("got %q", got)
	}
	if got := Brief([]any{"a"}, 10); got != `["a"]` {
		t.Errorf("got %q", got)
	}
	long := make([]any, 1_000_000)
	if got := Brief(long, 20); len(got) > 25 {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestDeepValuesDoNotOverflowTheStack(t *testing.T) {
	var v any
	for range 100_000 {
		v = []any{v}
	}
	if got := JSON(v); !strings.Contains(got, "null") {
		t.Error("the innermost value should have been cut off")
	}
}

// FuzzDecimal holds comparison against math/big where that is affordable.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1e3", "42.0", "007"} {
		f.Add(s, "1")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, okX := ParseDecimal(a)
		y, okY := ParseDecimal(b)
		if !okX || !okY {
			return
		}
		if !json.Valid([]byte(a)) {
			t.Fatalf("%q was taken for a number", a)
		}
		if again, ok := ParseDecimal(x.String()); !ok || again.Compare(x) != 0 {
			t.Fatalf("%q prints as %q, which is another number", a, x.String())
		}
		if x.exp > 300 || x.exp < -300 || y.exp > 300 || y.exp < -300 {
			return
		}
		p, _ := new(big.Rat).SetString(a)
		q, _ := new(big.Rat).SetString(b)
		if p == nil || q == nil {
			return // an exponent that math/big refuses
		}
		if got, want := x.Compare(y), p.Cmp(q); got != want {
			t.Fatalf("%q against %q: got %d, want %d", a, b, got, want)
		}
	})
}
