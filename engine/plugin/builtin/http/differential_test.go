package http_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/schema"
)

// api is the server of the table: its answers depend on the path alone, and it keeps what it was sent.
type api struct {
	*httptest.Server
	mu   sync.Mutex // guards sent
	sent []string
}

func newAPI(t *testing.T) *api {
	a := &api{}
	a.Server = httptest.NewServer(nethttp.HandlerFunc(a.serve))
	t.Cleanup(a.Close)
	return a
}

func (a *api) serve(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	a.sent = append(a.sent, fmt.Sprintf("%s %s [%s] %s auth=%q host=%t", r.Method, r.RequestURI, r.Header.Get("Content-Type"), body,
		r.Header.Get("Authorization"), "http://"+r.Host == a.URL))
	a.mu.Unlock()
	w.Header()["Date"] = nil
	say := func(contentType, text string) {
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, text)
	}
	switch path := r.URL.Path; path {
	case "/json":
		say(
			"application/json",
			`{"id":9007199254740993,"pi":3.10,"big":12345678901234567890,"list":[1,"a",null,true],"deep":{"b":{},"a":[]}}`,
		)
	case "/html-in-json":
		say("application/json", `{"a":"<b>&</b>\u2028"}`)
	case "/problem":
		w.WriteHeader(404)
		say("application/problem+json; charset=utf-8", `{"title":"not here"}`)
	case "/bad-json":
		say("application/json", `{"id":`)
	case "/null":
		say("application/json", `null`)
	case "/ref":
		say("application/json", `{"$ref":1}`)
	case "/text-number":
		say("text/plain", `42`)
	case "/binary":
		say("application/octet-stream", "\x00\x01\xff\xfe\x89PNG")
	case "/latin1":
		say("text/plain; charset=iso-8859-1", "caf\xe9")
	case "/empty":
		w.WriteHeader(204)
	case "/no-type":
		w.Header()["Content-Type"] = nil
		_, _ = io.WriteString(w, "untyped")
	case "/repeated":
		w.Header()["Set-Cookie"] = []string{"a=1; Path=/", "b=2"}
		w.Header()["X-Many"] = []string{"1", "2", "3"}
		w.Header()["X-Latin"] = []string{"caf\xe9"}
		say("text/plain", "cookies")
	case "/large":
		say("text/plain", strings.Repeat("x", bodyLimit+1))
	case "/just-fits":
		say("text/plain", strings.Repeat("y", bodyLimit))
	case "/503":
		w.WriteHeader(503)
		say("text/plain", "down")
	case "/slow":
		<-r.Context().Done()
	case "/slow-body":
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "beginning")
		_ = nethttp.NewResponseController(w).Flush()
		<-r.Context().Done()
	case "/cut-off":
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "beginning")
	case "/loop":
		nethttp.Redirect(w, r, "/loop", nethttp.StatusFound)
	case "/to-file":
		w.Header().Set("Location", "file:///etc/passwd")
		w.WriteHeader(302)
	case "/to-metadata":
		w.Header().Set("Location", "http://169.254.169.254/latest/")
		w.WriteHeader(302)
	case "/to-other":
		w.Header().Set("Location", strings.Replace(a.URL, "127.0.0.1", "localhost", 1)+"/echo")
		w.WriteHeader(302)
	default:
		var status, hops int
		if n, _ := fmt.Sscanf(path, "/redirect/%d/%d", &status, &hops); n == 2 && hops > 0 {
			w.Header().Set("Location", fmt.Sprintf("/redirect/%d/%d", status, hops-1))
			w.WriteHeader(status)
			return
		}
		say("text/plain; charset=utf-8", "echo")
	}
}

func (a *api) take() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.sent
	a.sent = nil
	return out
}

// within is the time in the message about a timeout: the sandboxed plugin has the same limit twice, around the whole call
// and around the request in it.
var within = regexp.MustCompile(`within [0-9.]+m?s`)

// outcome is all that can be seen of one test, times apart.
type outcome struct {
	Problems []plugin.FieldError
	Output   *plugin.TestOutput
	Events   []schema.PluginEvent
	Sent     []string
	Err      string
}

func run(t *testing.T, p plugin.Plugin, a *api, input plugin.TestInput) outcome {
	t.Helper()
	a.take()
	out := outcome{Problems: p.Validate(input)}
	var mu sync.Mutex
	output, err := p.Execute(t.Context(), input, func(e schema.PluginEvent) {
		mu.Lock()
		defer mu.Unlock()
		out.Events = append(out.Events, e)
	})
	if err != nil {
		out.Err = err.Error()
	}
	out.Sent = a.take()
	out.Output = output
	if output == nil {
		return out
	}
	if !cmp.Equal(output.Events, out.Events) {
		t.Errorf("the output lists other events than were delivered: %s", cmp.Diff(out.Events, output.Events))
	}
	out.Events = slices.Clone(out.Events)
	for i, e := range out.Events {
		if ms, ok := e.Data["duration_ms"]; ok {
			if _, isNumber := ms.(json.Number); !isNumber {
				t.Errorf("duration_ms is a %T", ms)
			}
			data := map[string]any{}
			for k, v := range e.Data {
				data[k] = v
			}
			data["duration_ms"] = "some"
			out.Events[i].Data = data
		}
	}
	output.DurationMs, output.Events = 0, nil
	output.Error = within.ReplaceAllString(output.Error, "within some time")
	if timings, ok := output.Metadata["timings_ms"].(map[string]any); ok {
		for _, phase := range []string{"wait", "body", "total"} {
			if _, isNumber := timings[phase].(json.Number); !isNumber {
				t.Errorf("timings_ms.%s is %v", phase, timings[phase])
			}
		}
		output.Metadata["timings_ms"] = "some"
	}
	return out
}

// one case of the table; what is empty is not checked against the built-in plugin, but always against the other.
type differential struct {
	name   string
	input  plugin.TestInput
	status int
	body   any
	sent   []string // a prefix of each request line
	events string   // kinds
	err    string   // part of Output.Error
	codes  string   // of the field errors
}

func fields(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

func number(s string) json.Number { return json.Number(s) }

func table(a *api) []differential {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	closed := "http://" + l.Addr().String()
	_ = l.Close()
	to := func(method, resource string, pairs ...any) plugin.TestInput {
		return plugin.TestInput{Method: method, Target: a.URL, Resource: resource, Fields: fields(pairs...)}
	}
	with := func(in plugin.TestInput, pairs ...string) plugin.TestInput {
		in.Headers = map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			in.Headers[pairs[i]] = pairs[i+1]
		}
		return in
	}
	limited := func(in plugin.TestInput, timeout string) plugin.TestInput {
		in.Timeout = timeout
		return in
	}
	const all = "Sent Received"
	return []differential{
		// Methods.
		{name: "no method is GET", input: to("", "/echo"), status: 200, sent: []string{"GET /echo "}, events: all, body: "echo"},
		{name: "a method in lower case", input: to("post", "/echo"), sent: []string{"POST /echo "}, status: 200},
		{name: "DELETE", input: to("DELETE", "/echo"), sent: []string{"DELETE /echo "}},
		{name: "HEAD has no body", input: to("HEAD", "/json"), sent: []string{"HEAD /json "}, status: 200, events: all},
		{name: "OPTIONS", input: to("OPTIONS", "/echo"), sent: []string{"OPTIONS /echo "}},
		{name: "TRACE", input: to("TRACE", "/echo"), sent: []string{"TRACE /echo "}, status: 200},
		{name: "CONNECT", input: to("CONNECT", "/echo")},
		{name: "an unusual method is sent", input: to("PURGE", "/echo"), sent: []string{"PURGE /echo "}, codes: "http.method.unusual"},
		{
			name: "a slip of the pen is sent, with a warning", input: to("GTE", "/echo"), sent: []string{"GTE /echo "},
			codes: "http.method.unusual",
		},
		{name: "a method that is no token", input: to("GET /x", "/echo"), err: "method: the method holds a blank", codes: "http.method"},
		{name: "a method that would split the line", input: to("GET\r\nX: y", "/echo"), err: "a line break (CR)", codes: "http.method"},

		// Addresses.
		{
			name: "target and resource meet with one slash", input: plugin.TestInput{Target: a.URL + "//", Resource: "//echo"},
			sent: []string{"GET /echo "},
		},
		{name: "target alone", input: plugin.TestInput{Target: a.URL + "/echo/"}, sent: []string{"GET /echo/ "}},
		{name: "resource alone", input: plugin.TestInput{Resource: a.URL + "/echo"}, sent: []string{"GET /echo "}},
		{
			name: "url before both", input: to("GET", "/ignored", "url", a.URL+"/json"), sent: []string{"GET /json "},
			codes: "http.resource.ignored",
		},
		{name: "an empty url is none", input: to("GET", "/echo", "url", ""), sent: []string{"GET /echo "}},
		{name: "a url that is a number", input: to("GET", "/echo", "url", number("5")), err: "url: want text", codes: "http.url.type"},
		{name: "no address at all", input: plugin.TestInput{}, err: "target: no address", codes: "http.url.missing"},
		{
			name: "a target without a scheme", input: plugin.TestInput{Target: "localhost:8080", Resource: "/x"}, err: "no scheme",
			codes: "http.url.scheme",
		},
		{
			name: "another scheme", input: plugin.TestInput{Target: "ftp://localhost", Resource: "/x"}, err: "ftp",
			codes: "http.url.scheme",
		},
		{name: "a bad escape in the resource", input: to("GET", "/%zz"), err: "resource: not a URL", codes: "http.url"},
		{
			name: "a line break in the resource", input: to("GET", "/echo\r\nX-Injected: 1"), err: "resource: the address holds a line break",
			codes: "http.url.control",
		},
		{
			name: "the resource is not escaped twice", input: to("GET", "/echo/a%2Fb c?x=%20&y=é"),
			sent: []string{"GET /echo/a%2Fb%20c?x=%20&y=%C3%A9 "},
		},
		{name: "user and password in the target", input: plugin.TestInput{
			Target: strings.Replace(a.URL, "://", "://ada:pw@", 1), Resource: "/echo",
		},
			sent: []string{`GET /echo []  auth="Basic YWRhOnB3"`}, codes: "http.url.user"},

		// Queries.
		{name: "a query is sorted and escaped", input: to(
			"GET", "/echo", "query", fields("b", "x y&z=ü/?", "a", number("1"), "~-._", "~-._"),
		),
			sent: []string{"GET /echo?a=1&b=x%20y%26z%3D%C3%BC%2F%3F&~-._=~-._ "}},
		{
			name: "a query follows the one of the resource", input: to("GET", "/echo?z=1", "query", fields("a", "2")),
			sent: []string{"GET /echo?z=1&a=2 "},
		},
		{name: "lists repeat, null is left out", input: to(
			"GET", "/echo", "query", fields("n", nil, "l", []any{"x", nil, number("2"), true}, "e", []any{}),
		),
			sent: []string{"GET /echo?l=x&l=2&l=true "}},
		{name: "numbers of a query are exact", input: to(
			"GET", "/echo", "query", fields("i", number("9007199254740993"), "f", number("1.50"), "e", number("1e3")),
		),
			sent: []string{"GET /echo?e=1e3&f=1.50&i=9007199254740993 "}},
		{name: "a query that is text", input: to("GET", "/echo", "query", "a=1"), err: "query: want a map", codes: "http.query.type"},
		{
			name: "a query that is a list", input: to("GET", "/echo", "query", []any{"a"}), err: "query: want a map",
			codes: "http.query.type",
		},
		{name: "maps within a query", input: to("GET", "/echo", "query", fields("f", fields("a", "b"), "g", []any{"x", []any{}})),
			err: "query.f: want text", codes: "http.query.value http.query.value"},
		{name: "an empty query", input: to("GET", "/echo", "query", fields()), sent: []string{"GET /echo "}},

		// Bodies.
		{
			name: "a body of text", input: to("POST", "/echo", "body", "a=1&b"),
			sent: []string{"POST /echo [text/plain; charset=utf-8] a=1&b "},
		},
		{
			name: "a body of empty text", input: to("POST", "/echo", "body", ""),
			sent: []string{"POST /echo [text/plain; charset=utf-8]  "},
		},
		{name: "a body of null is none", input: to("POST", "/echo", "body", nil), sent: []string{"POST /echo []  "}},
		{name: "a body of a map is JSON, sorted and exact", input: to(
			"PUT", "/echo", "body", fields("z", number("9007199254740993"), "a", []any{true, nil, number("1.10")}, "h", "<&>"),
		),
			sent: []string{`PUT /echo [application/json] {"a":[true,null,1.10],"h":"<&>","z":9007199254740993} `}},
		{name: "a body of a list", input: to("POST", "/echo", "body", []any{}), sent: []string{"POST /echo [application/json] [] "}},
		{
			name: "a body of a number", input: to("POST", "/echo", "body", number("12345678901234567890")),
			sent: []string{"POST /echo [application/json] 12345678901234567890 "},
		},
		{name: "a body of a bool", input: to("POST", "/echo", "body", false), sent: []string{"POST /echo [application/json] false "}},
		{name: "a content type in any case is kept", input: with(
			to("POST", "/echo", "body", fields("a", number("1"))), "content-TYPE", "application/merge-patch+json",
		),
			sent: []string{`POST /echo [application/merge-patch+json] {"a":1} `}},
		{name: "a map said to be a form", input: with(
			to("POST", "/echo", "body", fields("a", "1")), "Content-Type", "application/x-www-form-urlencoded",
		),
			sent: []string{`POST /echo [application/x-www-form-urlencoded] {"a":"1"} `}, codes: "http.body.form"},
		{
			name: "a body for GET is sent, with a warning", input: to("GET", "/echo", "body", "x"),
			sent: []string{"GET /echo [text/plain; charset=utf-8] x "}, codes: "http.body.method",
		},
		{name: "a body beyond ASCII", input: to("POST", "/echo", "body", fields("grüße", "\u2028 \u0000 🎉")), status: 200},
		{name: "a large body", input: to("POST", "/echo", "body", strings.Repeat("z", 300_000)), status: 200},

		// Headers.
		{
			name: "headers arrive", input: with(to("GET", "/echo"), "authorization", "Bearer t"),
			sent: []string{`GET /echo []  auth="Bearer t"`},
		},
		{
			name: "the Host header is honoured", input: with(to("GET", "/echo"), "Host", "shop.test"),
			sent: []string{`GET /echo []  auth="" host=false`},
		},
		{
			name: "a line break in a header", input: with(to("GET", "/echo"), "X-A", "1\r\nX-B: 2"),
			err: "headers.X-A: the value holds a line break", codes: "http.header.value",
		},
		{
			name: "a header's name with a blank", input: with(to("GET", "/echo"), "X A", "1"), err: "headers.X A: the name holds a blank",
			codes: "http.header.name",
		},
		{name: "a Host that is none", input: with(to("GET", "/echo"), "host", "a/b"), err: "headers.host", codes: "http.header.host"},
		{
			name: "a length that is ours", input: with(to("POST", "/echo", "body", "abc"), "Content-Length", "7"), status: 200,
			codes: "http.header.ignored",
		},
		{
			name: "a header given twice", input: with(to("GET", "/echo"), "x-a", "1", "X-A", "2"), status: 200,
			codes: "http.header.duplicate",
		},

		// Responses.
		{name: "JSON keeps every digit", input: to("GET", "/json"), status: 200, events: all, body: fields(
			"id", number("9007199254740993"), "pi", number("3.10"),
			"big", number("12345678901234567890"), "list", []any{
				number("1"), "a", nil, true,
			}, "deep", fields("a", []any{}, "b", fields()))},
		{name: "JSON with markup", input: to("GET", "/html-in-json"), body: fields("a", "<b>&</b>\u2028")},
		{name: "a problem is JSON", input: to("GET", "/problem"), status: 404},
		{name: "broken JSON is text", input: to("GET", "/bad-json"), status: 200, body: `{"id":`},
		{name: "JSON null", input: to("GET", "/null"), status: 200},
		{name: "JSON that looks like a reference to a body", input: to("GET", "/ref"), status: 200, body: fields("$ref", number("1"))},
		{name: "a number as text stays text", input: to("GET", "/text-number"), body: "42"},
		{name: "binary", input: to("GET", "/binary"), status: 200, body: "\x00\x01\ufffd\ufffd\ufffdPNG"},
		{name: "Latin-1", input: to("GET", "/latin1"), body: "café"},
		{name: "no content", input: to("GET", "/empty"), status: 204, events: all},
		{name: "no content type", input: to("GET", "/no-type"), body: "untyped"},
		{name: "repeated headers", input: to("GET", "/repeated"), status: 200},
		{name: "a server's error is a response", input: to("GET", "/503"), status: 503, body: "down"},
		{name: "a body over the limit is cut", input: to("GET", "/large"), status: 200, body: strings.Repeat("x", bodyLimit)},
		{name: "a body at the limit is whole", input: to("GET", "/just-fits"), status: 200, body: strings.Repeat("y", bodyLimit)},

		// Redirects.
		{name: "a redirect is followed", input: to("GET", "/redirect/302/1"), status: 200, events: "Sent Redirected Received"},
		{
			name: "303 drops the body", input: to("POST", "/redirect/303/1", "body", "x"),
			sent: []string{"POST /redirect/303/1 [text/plain; charset=utf-8] x ", "GET /redirect/303/0 []  "},
		},
		{
			name: "307 keeps the body", input: to("POST", "/redirect/307/1", "body", "x"),
			sent: []string{"POST /redirect/307/1 ", "POST /redirect/307/0 [text/plain; charset=utf-8] x "},
		},
		{name: "ten redirects", input: to("GET", "/redirect/301/10"), status: 200},
		{name: "eleven redirects", input: to("GET", "/redirect/301/11"), err: "more than 10 redirects"},
		{name: "a loop", input: to("GET", "/loop"), err: "loop", events: "Sent" + strings.Repeat(" Redirected", 10)},
		{name: "a lower limit", input: to("GET", "/redirect/302/3", "maxRedirects", number("2")), err: "more than 2 redirects"},
		{name: "a higher limit", input: to("GET", "/redirect/302/12", "maxRedirects", number("12")), status: 200},
		{name: "no redirect allowed", input: to("GET", "/redirect/302/1", "maxRedirects", number("0")), err: "maxRedirects is 0"},
		{name: "redirects off", input: to("GET", "/redirect/302/1", "followRedirects", false), status: 302, events: all},
		{name: "redirects on", input: to("GET", "/redirect/302/1", "followRedirects", true), status: 200},
		{
			name: "redirects off and limited", input: to("GET", "/echo", "followRedirects", false, "maxRedirects", number("2")),
			status: 200, codes: "http.max-redirects.unused",
		},
		{
			name: "redirects neither on nor off", input: to("GET", "/echo", "followRedirects", "no"),
			err: "followRedirects: want true or false", codes: "http.follow-redirects.type",
		},
		{
			name: "a limit that is text", input: to("GET", "/echo", "maxRedirects", "5"), err: "maxRedirects: want a whole number",
			codes: "http.max-redirects.type",
		},
		{
			name: "a limit that is not whole", input: to("GET", "/echo", "maxRedirects", number("1.5")), err: "not 1.5",
			codes: "http.max-redirects.type",
		},
		{
			name: "a limit below 0", input: to("GET", "/echo", "maxRedirects", number("-1")), err: "want 0 or more",
			codes: "http.max-redirects.range",
		},
		{name: "a redirect to a file", input: to("GET", "/to-file"), err: `"file" is not http or https`},
		{name: "a redirect to the metadata service", input: to("GET", "/to-metadata"), err: "169.254.169.254", events: "Sent Redirected"},
		{name: "credentials stay at their origin", input: with(to("GET", "/to-other"), "Authorization", "Bearer t"),
			sent: []string{`GET /to-other []  auth="Bearer t" host=true`, `GET /echo []  auth="" host=false`}},

		// Failures.
		{name: "nothing listens", input: plugin.TestInput{Target: closed, Resource: "/x"}, err: "connection refused"},
		{
			name: "an address that is refused", input: plugin.TestInput{Target: "http://169.254.169.254", Resource: "/x"},
			err: "169.254.169.254", codes: "http.url.address",
		},
		{
			name:  "an address that is refused when it is dialled",
			input: plugin.TestInput{Target: "http://100.100.100.200", Resource: "/x"}, err: "metadata",
		},
		{
			name: "where a server listens", input: plugin.TestInput{Target: strings.Replace(a.URL, "127.0.0.1", "0.0.0.0", 1)},
			err: "use 127.0.0.1", codes: "http.url.address",
		},
		{
			name:  "TLS where there is none",
			input: plugin.TestInput{Target: strings.Replace(a.URL, "http:", "https:", 1), Resource: "/x"}, err: "does not speak TLS",
		},
		{
			name: "a timeout before the response", input: limited(to("GET", "/slow"), "200ms"),
			err: "within some time: timed out while waiting for the response", events: "Sent",
		},
		{
			name: "a timeout in the body", input: limited(to("GET", "/slow-body"), "200ms"),
			err: "within some time: timed out while reading the response's body",
		},
		{name: "a timeout that is long enough", input: limited(to("GET", "/echo"), "1m"), status: 200},
		{name: "a body that is cut off", input: to("GET", "/cut-off"), err: "9 of the 100 bytes", events: "Sent"},
		{name: "several mistakes at once", input: with(to("G T", "/x\ny", "query", "a", "maxRedirects", "x"), "A B", "1"), err: "; ",
			codes: "http.method http.url.control http.header.name http.query.type http.max-redirects.type"},
	}
}

func TestTheBuiltInAndTheSandboxedPluginHaveTheSameOutcomes(t *testing.T) {
	a := newAPI(t)
	builtIn := http.New(http.WithDoer(client))
	sandboxed := sharedGuest(t)

	if diff := cmp.Diff(builtIn.Info(), sandboxed.Info()); diff != "" {
		t.Errorf("info: built in (-), sandboxed (+):\n%s", diff)
	}
	cases := table(a)
	if len(cases) < 40 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			want := run(t, builtIn, a, tt.input)
			tt.check(t, want)
			got := run(t, sandboxed, a, tt.input)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("built in (-), sandboxed (+):\n%s", diff)
			}
		})
	}
}

func (tt differential) check(t *testing.T, got outcome) {
	t.Helper()
	if got.Err != "" {
		t.Fatalf("err = %s", got.Err)
	}
	out := got.Output
	if !strings.Contains(out.Error, tt.err) || (tt.err == "") != (out.Error == "") {
		t.Fatalf("error = %q, want a part %q", out.Error, tt.err)
	}
	if tt.status != 0 && out.Status != number(fmt.Sprint(tt.status)) {
		t.Errorf("status = %#v, want %d", out.Status, tt.status)
	}
	if tt.body != nil && !cmp.Equal(out.Body, tt.body) {
		t.Errorf("body: %s", cmp.Diff(tt.body, out.Body))
	}
	if tt.sent != nil {
		if len(got.Sent) != len(tt.sent) {
			t.Errorf("sent %q, want %q", got.Sent, tt.sent)
		}
		for i := range min(len(got.Sent), len(tt.sent)) {
			if !strings.HasPrefix(got.Sent[i], tt.sent[i]) {
				t.Errorf("sent %q, want %q", got.Sent[i], tt.sent[i])
			}
		}
	}
	var kinds, codes []string
	for _, e := range got.Events {
		kinds = append(kinds, e.Kind)
	}
	if have := strings.Join(kinds, " "); tt.events != "" && have != tt.events {
		t.Errorf("events %q, want %q", have, tt.events)
	}
	for _, p := range got.Problems {
		codes = append(codes, p.Code)
	}
	if have := strings.Join(codes, " "); have != tt.codes {
		t.Errorf("codes %q, want %q", have, tt.codes)
	}
}
