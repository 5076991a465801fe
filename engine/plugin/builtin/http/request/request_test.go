package request

import (
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestTheURLIsMadeOfTargetAndResource(t *testing.T) {
	tests := map[string]struct {
		in   Input
		want string
	}{
		"one slash between":               {Input{Target: "http://h", Resource: "/x"}, "http://h/x"},
		"slashes on both sides":           {Input{Target: "http://h/api//", Resource: "//x/"}, "http://h/api/x/"},
		"slashes on neither side":         {Input{Target: "http://h", Resource: "x"}, "http://h/x"},
		"a resource that is a slash":      {Input{Target: "http://h", Resource: "/"}, "http://h/"},
		"a resource that is a query":      {Input{Target: "http://h/a", Resource: "?b=c"}, "http://h/a/?b=c"},
		"target alone is left as it is":   {Input{Target: "http://h//"}, "http://h//"},
		"resource alone is left as it is": {Input{Resource: "http://h/x"}, "http://h/x"},
		"url before both": {
			Input{Target: "http://h", Resource: "/x", Fields: map[string]any{"url": "http://u/y"}}, "http://u/y",
		},
		"a url that is empty is none": {
			Input{Target: "http://h", Resource: "/x", Fields: map[string]any{"url": ""}}, "http://h/x",
		},
		"a url of null is none":              {Input{Target: "http://h", Fields: map[string]any{"url": nil}}, "http://h"},
		"the resource is not escaped":        {Input{Target: "http://h", Resource: "/a b/%2F?q=ü"}, "http://h/a b/%2F?q=ü"},
		"neither":                            {Input{}, ""},
		"a target is not taken for a folder": {Input{Target: "http://h/a", Resource: "../b"}, "http://h/a/../b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := URL(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTheQueryIsAddedToTheURL(t *testing.T) {
	one := map[string]any{"a": json.Number("1")}
	tests := map[string]struct {
		resource string
		query    any
		want     string
	}{
		"with a question mark":          {"/x", one, "/x?a=1"},
		"with an ampersand":             {"/x?b=2", one, "/x?b=2&a=1"},
		"behind a question mark":        {"/x?", one, "/x?a=1"},
		"behind an ampersand":           {"/x?b=2&", one, "/x?b=2&a=1"},
		"before a fragment":             {"/x#top", one, "/x?a=1#top"},
		"a question mark in a fragment": {"/x#a?b", one, "/x?a=1#a?b"},
		"nothing to add":                {"/x", map[string]any{}, "/x"},
		"only null":                     {"/x", map[string]any{"a": nil, "b": []any{nil}}, "/x"},
		"null for the map":              {"/x", nil, "/x"},
		"sorted names":                  {"/x", map[string]any{"b": "1", "a": "2", "B": "3"}, "/x?B=3&a=2&b=1"},
		"empty text":                    {"/x", map[string]any{"a": ""}, "/x?a="},
		"an empty name":                 {"/x", map[string]any{"": "1"}, "/x?=1"},
		"bools":                         {"/x", map[string]any{"a": true, "b": false}, "/x?a=true&b=false"},
		"lists keep their order":        {"/x", map[string]any{"a": []any{"z", json.Number("10"), "b"}}, "/x?a=z&a=10&a=b"},
		"numbers as they were written": {
			"/x", map[string]any{"a": json.Number("-0.10"), "b": json.Number("1E+2")}, "/x?a=-0.10&b=1E%2B2",
		},
		"numbers of Go": {
			"/x", map[string]any{"a": 7, "b": 2.5, "c": int64(9007199254740993), "d": uint8(3)}, "/x?a=7&b=2.5&c=9007199254740993&d=3",
		},
		"unreserved characters": {"/x", map[string]any{"aZ09-._~": "aZ09-._~"}, "/x?aZ09-._~=aZ09-._~"},
		"everything else is escaped": {
			"/x", map[string]any{"[a]": "!*'();:@&=+$,/?#[] %\"<>\\^`{|}"},
			"/x?%5Ba%5D=%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23%5B%5D%20%25%22%3C%3E%5C%5E%60%7B%7C%7D",
		},
		"beyond ASCII, byte by byte":       {"/x", map[string]any{"ü": "🎉"}, "/x?%C3%BC=%F0%9F%8E%89"},
		"line breaks cannot leave a value": {"/x", map[string]any{"a": "\r\nX: y\x00"}, "/x?a=%0D%0AX%3A%20y%00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Build(Input{Target: "http://h", Resource: tt.resource, Fields: map[string]any{"query": tt.query}})
			if err != nil {
				t.Fatal(err)
			}
			if got.URL != "http://h"+tt.want {
				t.Errorf("got  %q\nwant %q", got.URL, "http://h"+tt.want)
			}
		})
	}
}

func TestTheBodyFollowsTheFormOfItsValue(t *testing.T) {
	const plain, asJSON = "text/plain; charset=utf-8", "application/json"
	tests := map[string]struct {
		body        any
		headers     map[string]string
		want        string
		contentType string
	}{
		"absent":            {nil, nil, "", ""},
		"text":              {"a\r\n\"b\"", nil, "a\r\n\"b\"", plain},
		"empty text":        {"", nil, "", plain},
		"text that is JSON": {`{"a":1}`, nil, `{"a":1}`, plain},
		"a map with sorted keys": {
			map[string]any{"b": json.Number("1"), "a": map[string]any{"d": nil, "c": true}}, nil, `{"a":{"c":true,"d":null},"b":1}`,
			asJSON,
		},
		"integers keep every digit": {
			[]any{json.Number("9007199254740993"), json.Number("18446744073709551615"), int64(-9007199254740993)}, nil,
			`[9007199254740993,18446744073709551615,-9007199254740993]`, asJSON,
		},
		"fractions keep their form": {json.Number("1.10"), nil, "1.10", asJSON},
		"markup is left alone":      {map[string]any{"<a>": "&"}, nil, `{"<a>":"&"}`, asJSON},
		"false":                     {false, nil, "false", asJSON},
		"an empty map":              {map[string]any{}, nil, "{}", asJSON},
		"a content type of the user's": {
			map[string]any{}, map[string]string{"Content-Type": "application/ld+json"}, "{}", "application/ld+json",
		},
		"one in another case":               {"x", map[string]string{"cOnTeNt-TyPe": "text/csv"}, "x", "text/csv"},
		"an empty one says nothing":         {"x", map[string]string{"Content-Type": ""}, "x", plain},
		"a blank one in another case":       {map[string]any{}, map[string]string{"content-type": " "}, "{}", asJSON},
		"an empty one without a body":       {nil, map[string]string{"Content-Type": ""}, "", ""},
		"one without a body":                {nil, map[string]string{"content-type": "text/csv"}, "", "text/csv"},
		"another header is no content type": {"x", map[string]string{"Content-Types": "text/csv"}, "x", plain},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := Input{Method: "POST", Target: "http://h", Headers: tt.headers, Fields: map[string]any{"body": tt.body}}
			before := len(tt.headers)
			got, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			contentType := ""
			for name, value := range got.Headers {
				if strings.EqualFold(name, "Content-Type") {
					contentType += value
				}
			}
			if string(got.Body) != tt.want || contentType != tt.contentType {
				t.Errorf("got %q as %q, want %q as %q", got.Body, contentType, tt.want, tt.contentType)
			}
			if len(tt.headers) != before {
				t.Error("the input's headers were changed")
			}
		})
	}
	if _, err := Build(
		Input{Target: "http://h", Fields: map[string]any{"body": json.Number("1x")}},
	); err == nil || !strings.Contains(err.Error(), "body: ") {
		t.Errorf("a number that is none: err = %v", err)
	}
}

func TestTheRestOfARequest(t *testing.T) {
	in := Input{
		Method: "get", Target: "http://h", Timeout: "1m30s",
		Fields: map[string]any{"followRedirects": false, "maxRedirects": json.Number("3")},
	}
	got, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	three := 3
	want := Request{Method: "GET", URL: "http://h", Headers: map[string]string{}, Timeout: 90 * time.Second, MaxRedirects: &three}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, err = Build(
		Input{Target: "http://h"},
	); err != nil || !got.FollowRedirects || got.MaxRedirects != nil || got.Timeout != 0 || got.Method != "GET" {
		t.Errorf("the defaults are %+v, err %v", got, err)
	}
	if _, err = Build(
		Input{Target: "http://h", Timeout: "soon"},
	); err == nil || err.Error() != `timeout: "soon" is not a duration: want a duration such as 500ms, 2s or 1m30s` {
		t.Errorf("err = %v", err)
	}
}

func TestTimeouts(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "0s": 0, "500ms": 500 * time.Millisecond, "2s": 2 * time.Second, "1m30s": 90 * time.Second,
		"1.5s": 1500 * time.Millisecond,
		"250":  250 * time.Millisecond, "0.5": 500 * time.Microsecond,
	} {
		if got, err := Timeout(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"soon", "-1s", "-5", "1 s", "5x", "NaN", "inf", "0x10", "1e3", ".", "{{ t }}"} {
		if got, err := Timeout(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func TestMethodsAreUpperCasedInASCIIOnly(t *testing.T) {
	for method, want := range map[string]string{"": "GET", "get": "GET", "Patch": "PATCH", "M-SEARCH": "M-SEARCH", "ſ": "ſ", "ı": "ı"} {
		if got := Method(method); got != want {
			t.Errorf("%q: %q, want %q", method, got, want)
		}
	}
}

func TestWhatPluginInfoSaysIsWholeAndTheCallersOwn(t *testing.T) {
	info := Describe()
	for _, name := range []string{"body", "query", "url", "followRedirects", "maxRedirects"} {
		if field := info.Fields[name]; field.Type == "" || field.Description == "" || len(field.Examples) == 0 {
			t.Errorf("the field %s lacks something: %+v", name, field)
		}
	}
	if len(info.Fields) != 5 {
		t.Errorf("%d fields", len(info.Fields))
	}
	for _, kind := range []string{EventSent, EventRedirected, EventReceived} {
		event := info.Events[kind]
		if event.Description == "" || event.Anchor == "" || event.Summary == "" {
			t.Errorf("the event %s lacks something: %+v", kind, event)
		}
		for _, hole := range strings.Split(event.Summary, "{{")[1:] {
			name, _, _ := strings.Cut(hole, "}}")
			if event.Fields[name].Description == "" {
				t.Errorf("the summary of %s names %q, which is no field of it", kind, name)
			}
		}
	}
	for _, method := range info.Methods {
		if method.Description == "" {
			t.Errorf("the method %s has no description", method.Name)
		}
	}
	info.Fields["body"] = info.Fields["url"]
	info.Methods[0].Name = "changed"
	if again := Describe(); again.Fields["body"].Type != "any" || again.Methods[0].Name != "GET" {
		t.Error("a change of the result reached the next one")
	}
}

func TestMetadataLeavesOutWhatDidNotHappen(t *testing.T) {
	got := Metadata(Exchange{Proto: "HTTP/1.1"})
	if want := (map[string]any{"proto": "HTTP/1.1", "bytes": json.Number("0")}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	got = Metadata(Exchange{
		Proto: "HTTP/2.0", Remote: "r", URL: "u", TLS: "TLS 1.3", TimingsMs: map[string]json.Number{"wait": "1.5"}, Bytes: 7, Truncated: true,
		Redirects: []any{Redirect(302, "l")},
	})
	want := map[string]any{
		"proto": "HTTP/2.0", "remote": "r", "url": "u", "tls": "TLS 1.3", "timings_ms": map[string]any{"wait": json.Number("1.5")},
		"bytes": json.Number("7"), "truncated": true, "redirects": []any{map[string]any{"status": json.Number("302"), "location": "l"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if got := Received(200, 34, 5, true); got["truncated"] != true || got["duration_ms"] != json.Number("34") {
		t.Errorf("got %v", got)
	}
}

// Whatever the user writes, the query of what is sent decodes to what was written, and nothing else of the URL changes.
func FuzzTheQueryDecodesToWhatWasWritten(f *testing.F) {
	for _, seed := range [][2]string{{"a", "b"}, {"", ""}, {"a&b=c", "?#/ %"}, {"ü", "\r\n\x00"}, {"\xff", "+"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		got, err := Build(Input{Target: "http://h/p?x=y#z", Fields: map[string]any{"query": map[string]any{name: value}}})
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(got.URL)
		if err != nil {
			t.Fatal(err)
		}
		values, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			t.Fatal(err)
		}
		want := url.Values{"x": {"y"}}
		want.Add(name, value)
		if !reflect.DeepEqual(values, want) || u.Path != "/p" || u.Fragment != "z" {
			t.Errorf("got %q, which means %v, want %v", got.URL, values, want)
		}
	})
}

// Validate takes everything, and Build fails where it finds an error.
func FuzzValidateAndBuildAgree(f *testing.F) {
	f.Add("GET", "http://h", "/x", "X-A", "1", `{"query":{"a":1}}`)
	f.Add("", "", "", "", "", `{}`)
	f.Add("g t", "localhost:80", "%zz\n", "Host", "a/b", `{"url":5,"query":[],"followRedirects":"no","maxRedirects":-1,"body":{"a":[]}}`)
	f.Add("GTE", "htps://u:p@h:99999/?a#b", "//", "content-LENGTH", "\x00", `{"maxRedirects":1e400,"body":null}`)
	f.Fuzz(func(t *testing.T, method, target, resource, header, value, encoded string) {
		in := Input{Method: method, Target: target, Resource: resource, Headers: map[string]string{header: value}}
		decoder := json.NewDecoder(strings.NewReader(encoded))
		decoder.UseNumber()
		_ = decoder.Decode(&in.Fields)
		problems := Validate(in)
		bad := false
		for _, p := range problems {
			bad = bad || p.Severity == ""
			if p.Field == "" || p.Message == "" || p.Code == "" || utf8.ValidString(
				target+resource+header+value+method,
			) && !utf8.ValidString(p.Message) {
				t.Errorf("problem %+v", p)
			}
			if p.Fix != nil && p.Severity == "" {
				repaired := in
				switch p.Field {
				case "target":
					repaired.Target = *p.Fix
				case "resource":
					repaired.Resource = *p.Fix
				default:
					continue
				}
				for _, left := range Validate(repaired) {
					if left.Field == p.Field && left.Code == p.Code {
						t.Errorf("after the fix %q of %+v the same is found again", *p.Fix, p)
					}
				}
			}
		}
		if _, err := Build(in); (err != nil) != bad {
			t.Errorf("Build: %v; Validate: %+v", err, problems)
		}
	})
}
