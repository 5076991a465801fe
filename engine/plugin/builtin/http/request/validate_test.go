package request

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	ok := Input{Method: "GET", Target: "http://h", Resource: "/x"}
	with := func(change func(*Input)) Input {
		in := ok
		in.Headers, in.Fields = map[string]string{}, map[string]any{}
		change(&in)
		return in
	}
	field := func(name string, value any) Input { return with(func(in *Input) { in.Fields[name] = value }) }
	target := func(text string) Input { return with(func(in *Input) { in.Target = text }) }
	header := func(name, value string) Input { return with(func(in *Input) { in.Headers[name] = value }) }

	tests := map[string]struct {
		in   Input
		want string // "field code severity fix", each problem on its own line; "-" for none
		part string // of the first message
	}{
		"a plain test is fine": {ok, "", ""},
		"every field in its own form": {with(func(in *Input) {
			in.Method = "POST"
			in.Fields = map[string]any{
				"body": "x", "query": map[string]any{"a": json.Number("1")}, "url": "", "followRedirects": true,
				"maxRedirects": json.Number("0"),
			}
		}), "", ""},
		"null stands for absent": {with(func(in *Input) {
			in.Fields = map[string]any{"body": nil, "query": nil, "url": nil, "followRedirects": nil, "maxRedirects": nil}
		}), "", ""},
		"whole numbers in any form":     {field("maxRedirects", json.Number("1e1")), "", ""},
		"a private address is fine":     {target("http://10.0.0.1:8080"), "", ""},
		"an IPv6 address is fine":       {target("http://[::1]:8080"), "", ""},
		"scheme and method in any case": {with(func(in *Input) { in.Target = "HTTPS://H"; in.Method = "patch" }), "", ""},
		"an unusual method": {
			with(func(in *Input) { in.Method = "PROPFIND" }), "method http.method.unusual warning -",
			"PROPFIND is not a usual method; it is sent as it is",
		},
		"a method with two letters swapped": {
			with(func(in *Input) { in.Method = "PSOT" }), "method http.method.unusual warning POST", "did you mean POST?",
		},
		"a method with a letter too few": {
			with(func(in *Input) { in.Method = "delte" }), "method http.method.unusual warning DELETE", "did you mean DELETE?",
		},
		"a method with a letter too many": {
			with(func(in *Input) { in.Method = "HEADS" }), "method http.method.unusual warning HEAD", "",
		},
		"a method with a blank":   {with(func(in *Input) { in.Method = "GET /x" }), "method http.method error -", "a blank"},
		"no address":              {Input{Method: "GET"}, "target http.url.missing error -", "give target, resource or url"},
		"a host without a scheme": {target("api.test"), "target http.url.scheme error http://api.test", "no scheme"},
		"host and port without a scheme": {
			target("localhost:8080"), "target http.url.scheme error http://localhost:8080", "no scheme",
		},
		"an address without a scheme": {target("127.0.0.1:8080/api"), "target http.url.scheme error http://127.0.0.1:8080/api", ""},
		"a resource with neither":     {Input{Resource: "/users"}, "resource http.url error -", "absolute URL"},
		"a misspelled scheme":         {target("htps://h"), "target http.url.scheme error https://h", "did you mean https?"},
		"another misspelled scheme":   {target("htpp://h/a"), "target http.url.scheme error http://h/a", ""},
		"a scheme of another kind":    {target("ftp://h"), "target http.url.scheme error -", "ftp is not http or https"},
		"a mail address": {
			field("url", "mailto:ada@h.test"),
			"url http.url.scheme error http://mailto:ada@h.test\nresource http.resource.ignored warning -", "",
		},
		"no host":                      {target("http://"), "target http.url error -", "no host"},
		"no host but a port":           {target("http://:80"), "target http.url error -", "no host"},
		"a port beyond the last":       {target("http://h:65536"), "target http.url error -", "65536"},
		"port 0":                       {target("http://h:0"), "target http.url error -", "port 0"},
		"a port of letters":            {target("http://h:x"), "target http.url error -", "not a URL"},
		"a bad escape in the resource": {with(func(in *Input) { in.Resource = "/100%" }), "resource http.url error -", "%"},
		"a bad escape in url": {
			field("url", "http://h/%"), "url http.url error -\nresource http.resource.ignored warning -", "",
		},
		"a line break after the target": {target("http://h\n"), "target http.url.control error http://h", "a line break (LF)"},
		"a line break within the resource": {
			with(func(in *Input) { in.Resource = "/a\rb" }), "resource http.url.control error -", "a line break (CR)",
		},
		"NUL in url": {
			field("url", "http://h/\x00"), "url http.url.control error http://h/\nresource http.resource.ignored warning -", "a NUL byte",
		},
		"a fragment in the resource": {
			with(func(in *Input) { in.Resource = "/a#b" }), "resource http.url.fragment warning -", "%23",
		},
		"a fragment in url": {
			with(func(in *Input) { in.Resource = ""; in.Fields["url"] = "http://h/#b" }), "url http.url.fragment warning -", "",
		},
		"a query in the target": {
			target("http://h?key=1"), "target http.target.query warning -", "put parameters into query",
		},
		"a whole address as the resource": {
			with(func(in *Input) { in.Resource = "HTTPS://other/a" }), "resource http.resource.url warning -", "as a path of it",
		},
		"where a server listens": {
			target("http://0.0.0.0:8080"), "target http.url.address error http://127.0.0.1:8080", "0.0.0.0 is where a server listens",
		},
		"where a server listens, in IPv6": {target("http://[::]:8080/a"), "target http.url.address error http://[::1]:8080/a", ""},
		"where clouds keep credentials":   {target("http://169.254.169.254"), "target http.url.address error -", "credentials"},
		"the same, dressed up as IPv6":    {target("http://[::ffff:169.254.169.254]"), "target http.url.address error -", "link-local"},
		"link-local with a zone":          {target("http://[fe80::1%25eth0]"), "target http.url.address error -", "link-local"},
		"multicast":                       {target("http://224.0.0.1"), "target http.url.address error -", "multicast"},
		"user and password":               {target("http://ada:x@h"), "target http.url.user warning -", "Authorization"},
		"url beside resource":             {field("url", "http://u/"), "resource http.resource.ignored warning -", "ignored"},
		"a url that is no text":           {field("url", true), "url http.url.type error -", "not a bool"},
		"a query that is text":            {field("query", "a=1"), "query http.query.type error -", "name=value as name: value"},
		"a query that is a number":        {field("query", json.Number("1")), "query http.query.type error -", "not a number"},
		"each wrong parameter": {
			field("query", map[string]any{"b": map[string]any{}, "a": []any{"x", []any{}}, "c": "fine"}),
			"query.a.1 http.query.value error -\nquery.b http.query.value error -", "not a list",
		},
		"GET with a body": {field("body", map[string]any{}), "body http.body.method warning -", "did you mean POST?"},
		"HEAD with a body": {
			with(func(in *Input) { in.Method = "head"; in.Fields["body"] = "x" }), "body http.body.method warning -", "HEAD",
		},
		"a list said to be a form": {with(func(in *Input) {
			in.Method = "POST"
			in.Fields["body"] = []any{}
			in.Headers["content-type"] = "multipart/form-data"
		}), "body http.body.form warning -", "a list is sent as JSON"},
		"a form as text": {with(func(in *Input) {
			in.Method = "POST"
			in.Fields["body"] = "a=1"
			in.Headers["content-type"] = "application/x-www-form-urlencoded"
		}), "", ""},
		"followRedirects: yes": {
			field("followRedirects", "yes"), "followRedirects http.follow-redirects.type error true", "not text",
		},
		"followRedirects: Off": {
			field("followRedirects", "Off"), "followRedirects http.follow-redirects.type error false", "",
		},
		"followRedirects: maybe": {
			field("followRedirects", "maybe"), "followRedirects http.follow-redirects.type error -", "",
		},
		"followRedirects: 1": {
			field("followRedirects", json.Number("1")), "followRedirects http.follow-redirects.type error -", "not a number",
		},
		"maxRedirects in quotes": {field("maxRedirects", " 5 "), "maxRedirects http.max-redirects.type error 5", "not text"},
		"maxRedirects of words":  {field("maxRedirects", "few"), "maxRedirects http.max-redirects.type error -", ""},
		"maxRedirects below 0": {
			field("maxRedirects", json.Number("-1")), "maxRedirects http.max-redirects.range error 0", "want 0 or more",
		},
		"half a redirect": {
			field("maxRedirects", json.Number("2.5")), "maxRedirects http.max-redirects.type error -", "not 2.5",
		},
		"more redirects than can be counted": {
			field("maxRedirects", json.Number("1e400")), "maxRedirects http.max-redirects.type error -", "not 1e400",
		},
		"maxRedirects: true": {field("maxRedirects", true), "maxRedirects http.max-redirects.type error -", "not a bool"},
		"a limit without an effect": {
			with(func(in *Input) { in.Fields["followRedirects"] = false; in.Fields["maxRedirects"] = json.Number("1") }),
			"maxRedirects http.max-redirects.unused warning -", "no effect",
		},
		"a header's name with a blank":       {header("X A", "1"), "headers.X A http.header.name error -", "a blank"},
		"a header's name with a colon":       {header("X-A:", "1"), `headers.X-A: http.header.name error -`, `":"`},
		"a header without a name":            {header("", "1"), "headers. http.header.name error -", "nothing"},
		"a header's value with a line break": {header("X-A", "1\n"), "headers.X-A http.header.value error 1", "(LF)"},
		"a header's value that would inject": {header("X-A", "1\r\nX-B: 2"), "headers.X-A http.header.value error -", "(CR)"},
		"a tab in a header's value":          {header("X-A", "1\t2"), "", ""},
		"a header's value beyond ASCII":      {header("X-A", "ü\u010a\u560a"), "", ""},
		"a Host with a scheme":               {header("HOST", "http://h"), "headers.HOST http.header.host error -", "host:port"},
		"a Host with a port":                 {header("Host", "h:81"), "", ""},
		"a header that is computed": {
			header("content-length", "5"), "headers.content-length http.header.ignored warning -", "follows from the body",
		},
		"a header given twice": {
			with(func(in *Input) { in.Headers["x-a"] = "1"; in.Headers["X-A"] = "2" }), "headers.x-a http.header.duplicate warning -",
			"X-A",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			problems := Validate(tt.in)
			var got []string
			for _, p := range problems {
				severity, repair := p.Severity, "-"
				if severity == "" {
					severity = "error"
				}
				if p.Fix != nil {
					repair = *p.Fix
				}
				got = append(got, strings.Join([]string{p.Field, p.Code, severity, repair}, " "))
			}
			if have := strings.Join(got, "\n"); have != tt.want {
				t.Fatalf("got\n%s\nwant\n%s\n%+v", have, tt.want, problems)
			}
			if tt.part != "" && !strings.Contains(problems[0].Message, tt.part) {
				t.Errorf("message %q does not hold %q", problems[0].Message, tt.part)
			}
			if _, err := Build(tt.in); (err != nil) != strings.Contains(tt.want, " error ") {
				t.Errorf("Build: %v", err)
			}
		})
	}
}

func TestValuesThatHoldATemplateAreNotJudged(t *testing.T) {
	tests := map[string]struct {
		in   Input
		want string
	}{
		"a target": {Input{Target: "{{ env.API }}", Resource: "/x", Templated: []string{"target"}}, ""},
		"a target in parts": {
			Input{Target: "ht{{ s }}://{{ env.HOST }}:{{ p }}", Resource: "/x", Templated: []string{"target"}}, "",
		},
		"a method":   {Input{Method: "{{ m }}", Target: "http://h", Templated: []string{"method"}}, ""},
		"a resource": {Input{Target: "http://h", Resource: "/{{ a % b }}/%zz", Templated: []string{"resource"}}, ""},
		"the target is judged still": {
			Input{Target: "ftp://h", Resource: "/{{ a % b }}", Templated: []string{"resource"}}, "http.url.scheme",
		},
		"a url": {
			Input{Target: "http://h", Fields: map[string]any{"url": "{{ next }}"}, Templated: []string{"url"}}, "",
		},
		"a parameter": {
			Input{
				Target: "http://h", Fields: map[string]any{"query": map[string]any{"a": map[string]any{}}},
				Templated: []string{"query.a"},
			},
			"",
		},
		"the other parameter is still": {
			Input{
				Target: "http://h", Fields: map[string]any{"query": map[string]any{"a": map[string]any{}, "b": map[string]any{}}},
				Templated: []string{"query.a"},
			},
			"http.query.value",
		},
		"a part of a parameter": {
			Input{
				Target: "http://h", Fields: map[string]any{"query": map[string]any{"a": []any{[]any{}}}},
				Templated: []string{"query.a.0"},
			},
			"",
		},
		"a whole query": {
			Input{Target: "http://h", Fields: map[string]any{"query": "{{ q }}"}, Templated: []string{"query"}}, "",
		},
		"a header": {
			Input{Target: "http://h", Headers: map[string]string{"X-A": "{{ a }}\n"}, Templated: []string{"headers.X-A"}}, "",
		},
		"a number": {
			Input{Target: "http://h", Fields: map[string]any{"maxRedirects": "{{ n }}"}, Templated: []string{"maxRedirects"}}, "",
		},
		"a name that begins alike": {
			Input{Target: "http://h", Fields: map[string]any{"maxRedirects": "x"}, Templated: []string{"max"}}, "http.max-redirects.type",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var codes []string
			for _, p := range Validate(tt.in) {
				codes = append(codes, p.Code)
			}
			if have := strings.Join(codes, " "); have != tt.want {
				t.Errorf("codes %q, want %q", have, tt.want)
			}
		})
	}
}
