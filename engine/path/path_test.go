package path

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

const sample = `{
	"name": "Ada",
	"größe": "héllo",
	"user": {"id": 7, "name": "Ada", "roles": ["admin", "dev"]},
	"items": [{"id": 1, "tags": ["a"]}, {"id": 2, "tags": []}, {"id": 3}],
	"a.b": {"c.d": 1, "": "empty"},
	"deep": {"x": {"other": 1}, "x.y": {"z": "dotted"}},
	"box": {"length": 99, "#": "hash", "0": "zero"},
	"nothing": null,
	"empty": [],
	"one": ["only"],
	"$schema": "s",
	"headers": {"Content-Type": "text/plain", "x-v1.2": "dot"}
}`

func decode(t testing.TB, s string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPathsReach(t *testing.T) {
	v := decode(t, sample)
	for _, c := range []struct{ rule, path, want string }{
		{"a key", "name", `"Ada"`},
		{"a nested key", "user.id", "7"},
		{"a leading dot is allowed", ".user.id", "7"},
		{"an index with a dot", "items.0.id", "1"},
		{"an index in brackets", "items[1].id", "2"},
		{"a negative index", "items[-1].id", "3"},
		{"a negative index with a dot", "items.-2.id", "2"},
		{"a list in a list", "items[0].tags[0]", `"a"`},
		{"a quoted key with a dot", `["a.b"]["c.d"]`, "1"},
		{"a quoted key in single quotes", `['a.b'].c\.d`, "1"},
		{"an escaped dot", `a\.b.c\.d`, "1"},
		{"a plain dotted key where the walk finds nothing", "a.b.c.d", "1"},
		{"a dotted key beside a plain one that leads nowhere", "deep.x.y.z", `"dotted"`},
		{"the walk before the dotted key", "deep.x.other", "1"},
		{"a quoted key with blanks in its brackets", `[ "a.b" ].c\.d`, "1"},
		{"a hash at the end is the list itself", "user.roles.#", `["admin","dev"]`},
		{"an empty key", `["a.b"][""]`, `"empty"`},
		{"length of a list", "items.length", "3"},
		{"length of an object", "user.length", "3"},
		{"length of text in characters", "größe.length", "5"},
		{"length that the object has as a key", "box.length", "99"},
		{"length of an empty list", "empty.length", "0"},
		{"mapping over a list", "items.#.id", "[1,2,3]"},
		{"mapping gives null for what is missing", "items.#.tags.0", `["a",null,null]`},
		{"mapping over an empty list", "empty.#.id", "[]"},
		{"mapping lengths", "items.#.tags.length", "[1,0,null]"},
		{"an object's own #", "box.#", `"hash"`},
		{"a number as a key of an object", "box.0", `"zero"`},
		{"a bracketed number as a key of an object", "box[0]", `"zero"`},
		{"null is found", "nothing", "null"},
		{"a key that begins with a dollar", "$schema", `"s"`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			p := Parse(c.path)
			got, err := p.Walk(v, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := json.Marshal(got); string(text) != c.want {
				t.Errorf("%s: got %s, want %s", c.path, text, c.want)
			}
		})
	}
	t.Run("a dot is the whole value", func(t *testing.T) {
		p := Parse(".")
		if got, err := p.Walk("x", Options{}); err != nil || got != "x" || !p.IsWhole() || p.String() != "." {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestFailedWalksExplainThemselves(t *testing.T) {
	v := decode(t, sample)
	for _, c := range []struct{ rule, path, want string }{
		{"a missing key lists the others", "user.nmae", "`body.user` has no key `nmae`; it has: id, name, roles (did you mean `name`?)"},
		{"a missing key without a near one", "user.zzz", "`body.user` has no key `zzz`; it has: id, name, roles"},
		{"a missing key at the top", "user2.id", "`body` has no key `user2`; it has: $schema, a.b, box, deep, empty, größe, headers, " +
			"items, name, nothing, one, user (did you mean `user`?)"},
		{"an index too high", "items[3].id", "`body.items` has 3 elements, so there is no index 3; use 0 to 2"},
		{"an index too low", "items.-4", "`body.items` has 3 elements, so there is no index -4; use 0 to 2"},
		{"an index in a list of one", "one[1]", "`body.one` has one element, so there is no index 1; use 0"},
		{"an index in an empty list", "empty[0]", "`body.empty` is an empty list, so there is no index 0"},
		{"a key on a list", "items.id",
			"`body.items` is a list of 3 and has no key `id`; use an index such as `[0].id`, or `#.id` for every element"},
		{"a key on text", "name.first", "`body.name` is text and has no `first`"},
		{"a key on null", "nothing.first", "`body.nothing` is null and has no `first`"},
		{"a key on a number", "user.id.x", "`body.user.id` is a number and has no `x`"},
		{"a quoted key does not count as length", `items["length"]`,
			"`body.items` is a list of 3 and has no key `length`; use an index such as `[0].length`, or `#.length` for every element"},
		{"mapping where no element has it", "items.#.nmae", "`body.items.#` has no key `nmae`; it has: id, tags"},
		{"a JSONPath", "$.user.id", "paths begin without `$`"},
		{"the deepest failure wins", "deep.x.y.q", "`body.deep.x.y` has no key `q`; it has: z"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			_, err := Parse(c.path).Walk(v, Options{Label: "body"})
			var notFound *NotFound
			if !errors.As(err, &notFound) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
		})
	}
	many := map[string]any{}
	for i := range 20 {
		many[fmt.Sprintf("key%02d", i)] = i
	}
	if _, err := Parse("zzz").Walk(many, Options{}); !strings.HasSuffix(err.Error(), "key10, key11 and 8 more") {
		t.Errorf("got %v", err)
	}
	_, err := Parse("x").Walk(map[string]any{}, Options{})
	if err == nil || err.Error() != "the value has no key `x`; it is empty" {
		t.Errorf("got %v", err)
	}
}

func TestHeadersAreFoundInAnyCase(t *testing.T) {
	record := map[string]any{"response": map[string]any{
		"headers": map[string]string{"Content-Type": "text/plain", "x-v1.2": "dot"},
		"body":    map[string]any{"Key": 1},
	}}
	for path, want := range map[string]any{
		"response.headers.content-type":    "text/plain",
		"response.headers.X-V1.2":          "dot",
		`response.headers["CONTENT-TYPE"]`: "text/plain",
	} {
		got, err := Parse(path).Walk(record, Options{FoldUnder: Headers})
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v", path, got, err)
		}
	}
	if _, err := Parse("response.body.key").Walk(record, Options{FoldUnder: Headers}); err == nil {
		t.Error("only headers are compared without regard to case")
	}
	if _, err := Parse("response.headers.content-type").Walk(record, Options{}); err == nil {
		t.Error("without FoldUnder keys are case-sensitive")
	}
}

func TestSegmentsHaveSpans(t *testing.T) {
	s := `user["a.b"][ -1 ].x\.y.#.length`
	p := Parse(s)
	want := []string{"user", `["a.b"]`, "[ -1 ]", `x\.y`, "#", "length"}
	texts := []string{"user", "a.b", "-1", "x.y", "#", "length"}
	kinds := []Kind{Name, Key, Index, Key, Each, Name}
	if len(p.Segments) != len(want) || len(p.Problems) != 0 {
		t.Fatalf("got %+v", p)
	}
	for i, seg := range p.Segments {
		if got := s[seg.Span.Start:seg.Span.End]; got != want[i] || seg.Text != texts[i] || seg.Kind != kinds[i] {
			t.Errorf("segment %d: got %q %q %d", i, got, seg.Text, seg.Kind)
		}
	}
	if p.Segments[2].Index != -1 || s[p.Segments[1].TextSpan.Start:p.Segments[1].TextSpan.End] != "a.b" {
		t.Errorf("got %+v", p.Segments)
	}
	if span := (Span{2, 4}); !span.Contains(4) || span.Contains(5) || span.Shift(3) != (Span{5, 7}) {
		t.Error("spans count wrong")
	}
}

func TestPathProblems(t *testing.T) {
	for _, c := range []struct{ rule, path, code, fix string }{
		{"an empty path", "", CodeEmpty, "."},
		{"a dot at the end", "a.", CodeEmptySegment, ""},
		{"two dots", "a..b", CodeEmptySegment, ""},
		{"an open bracket", "a[0", CodeBracket, ""},
		{"an empty bracket", "a[]", CodeEmptySegment, ""},
		{"a star", "a[*].b", CodeBracket, ".#"},
		{"a key without quotes", "a[b]", CodeBracket, `["b"]`},
		{"an open quote", `a["b`, CodeBracket, ""},
		{"text behind the quote", `a["b"x].c`, CodeBracket, ""},
		{"a hash at the end", "items.#", CodeTrailingEach, "length"},
		{"too many segments", strings.Repeat("a.", MaxSegments+1) + "a", CodeTooLong, ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			p := Parse(c.path)
			if len(p.Problems) != 1 || p.Problems[0].Code != c.code || p.Problems[0].Fix != c.fix || p.Problems[0].Message == "" {
				t.Errorf("got %+v", p.Problems)
			}
		})
	}
}

func TestADottedKeyCannotMakeTheWalkExplode(t *testing.T) {
	// Every cut of a.a.a… is a key on every level, so that there are more readings than anyone can wait for.
	const n = 40
	level := map[string]any{}
	for range n {
		next := map[string]any{}
		for i := 1; i <= n; i++ {
			next[strings.TrimSuffix(strings.Repeat("a.", i), ".")] = level
		}
		level = next
	}
	_, err := Parse(strings.Repeat("a.", n)+"missing").Walk(level, Options{})
	if !errors.Is(err, ErrBudget) {
		t.Errorf("got %v", err)
	}
}

func TestQuotedKeysParseBack(t *testing.T) {
	for _, key := range []string{"a", "a.b", "", "#", "length", "0", "-1", `a"b`, `a\b`, "a b", "[x]", "ключ", "a)b", "{{"} {
		p := Parse(Quote(key))
		if key == "" {
			p = Parse("x" + Quote(key))
			p.Segments = p.Segments[1:]
		}
		if len(p.Segments) != 1 || p.Segments[0].Text != key || len(p.Problems) > 0 {
			t.Errorf("%q: %s parses to %+v", key, Quote(key), p)
		}
	}
}

func TestNearestNames(t *testing.T) {
	for _, c := range []struct {
		name string
		from []string
		want string
	}{
		{"stauts", []string{"status", "body"}, "status"},
		{"Body", []string{"status", "body"}, "body"},
		{"nmae", []string{"name", "named"}, "name"},
		{"xyz", []string{"status", "body"}, ""},
		{"id", []string{"to"}, ""},
		{"", []string{"a"}, ""},
		{"d", []string{"id", "b"}, ""},
		{"D", []string{"d"}, "d"},
		{"idd", []string{"id"}, "id"},
		{"toUpper", []string{"ToUpper", "ToLower"}, "ToUpper"},
	} {
		if got := Nearest(c.name, c.from); got != c.want {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range corpus(f, "path") {
		f.Add(s)
	}
	v := decode(f, sample)
	f.Fuzz(func(t *testing.T, s string) {
		p := Parse(s)
		end := 0
		for i, seg := range p.Segments {
			if seg.Span.Start < end || seg.Span.End < seg.Span.Start || seg.Span.End > len(s) {
				t.Fatalf("segment %d of %q lies at %v, after %d", i, s, seg.Span, end)
			}
			if seg.TextSpan.Start < seg.Span.Start || seg.TextSpan.End > seg.Span.End {
				t.Fatalf("the text of segment %d of %q lies outside of it", i, s)
			}
			end = seg.Span.End
		}
		got, err := p.Walk(v, Options{Label: "body", FoldUnder: []string{"headers"}})
		if err != nil && err.Error() == "" {
			t.Fatalf("%q fails without a reason", s)
		}
		if len(p.Problems) > 0 {
			return
		}
		again := Parse(p.String())
		if got2, err2 := again.Walk(v, Options{Label: "body", FoldUnder: []string{"headers"}}); (err == nil) != (err2 == nil) ||
			fmt.Sprint(got) != fmt.Sprint(got2) {
			t.Fatalf("%q and its writing %q reach different values: %v and %v", s, p.String(), got, got2)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		Parse(`user.items[0]["a.b"].name`)
	}
}

func BenchmarkWalk(b *testing.B) {
	v := decode(b, sample)
	p := Parse("items[1].id")
	for b.Loop() {
		if _, err := p.Walk(v, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
