package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
)

// fakeHTTP answers each request with response and records it.
type fakeHTTP struct {
	response *capabilities.HTTPResponse
	err      error

	mu       sync.Mutex
	requests []capabilities.HTTPRequest // guarded by mu
}

func (f *fakeHTTP) Do(_ context.Context, req capabilities.HTTPRequest, _ capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, req)
	if f.err != nil {
		return nil, f.err
	}
	if f.response != nil {
		return f.response, nil
	}
	return &capabilities.HTTPResponse{Status: 204}, nil
}

func (f *fakeHTTP) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

func TestARequestAndItsResponse(t *testing.T) {
	no, two := false, 2
	client := &fakeHTTP{response: &capabilities.HTTPResponse{
		Status: 201, Headers: map[string]string{"Content-Type": "application/json"},
		HeadersAll: map[string][]string{"Content-Type": {"application/json"}},
		Body:       []byte(`{"a":1}`), Duration: 30 * time.Millisecond, BodyDuration: 4 * time.Millisecond, Truncated: true,
		URL: "http://x/end", Remote: "127.0.0.1:80", TLS: "TLS 1.3", Proto: "HTTP/2.0",
		Timings:   capabilities.HTTPTimings{Wait: 1500 * time.Microsecond},
		Redirects: []capabilities.Redirect{{Status: 302, Location: "http://x/end"}},
	}}
	request := `{"method":"POST","url":"http://x/start","headers":{"A":"b"},"body":"aGk=","timeout_ms":250,` +
		`"follow_redirects":false,"max_redirects":2,"later":1}`
	p, rec := loadTiny(t, tiny{Execute: func(a *asm) {
		// Log what the host returned, then return an output.
		a.Raw(0x41, 0x80, 0x02) // i32.const 256: the packed location is kept there
		a.HTTP(request)
		a.Raw(0x37, 0x03, 0x00) // i64.store
		a.I32(1)
		a.I32(256)
		a.Raw(0x28, 0x02, 0x04) // i32.load offset 4: the pointer
		a.I32(256)
		a.Raw(0x28, 0x02, 0x00) // i32.load: the length
		a.Call("host_log")
		a.Return(`{"status":0,"duration_ms":0}`)
	}}, WithHTTP(client))
	if _, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil); err != nil {
		t.Fatal(err)
	}
	want := capabilities.HTTPRequest{
		Method: "POST", URL: "http://x/start", Headers: map[string]string{"A": "b"}, Body: []byte("hi"), Timeout: 250 * time.Millisecond,
		FollowRedirects: &no, MaxRedirects: &two,
	}
	if got, _ := json.Marshal(client.requests); string(got) != "["+mustJSON(want)+"]" {
		t.Errorf("request %s", got)
	}
	wantResponse := `log info: {"status":201,"headers":{"Content-Type":"application/json"},"body":"eyJhIjoxfQ==","duration_ms":30,` +
		`"headers_all":{"Content-Type":["application/json"]},"body_ms":4,"body_bytes":7,"truncated":true,"url":"http://x/end",` +
		`"remote":"127.0.0.1:80","tls":"TLS 1.3","proto":"HTTP/2.0",` +
		`"timings":{"wait":1.5},"redirects":[{"status":302,"location":"http://x/end"}]}`
	if got := strings.Join(rec.lines(), "\n"); got != wantResponse {
		t.Errorf("response\n%s, want\n%s", got, wantResponse)
	}
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestWhatARequestMayReach(t *testing.T) {
	const declares, silent = `{"name":"t","version":"1","capabilities":["http"]}`, `{"name":"t","version":"1"}`
	for _, c := range []struct {
		name  string
		info  string
		url   string
		input TestInput
		grant *capabilities.Grant
		want  string // part of the error; empty where the request is sent
	}{
		{"the test's target", declares, "http://api.test/x", TestInput{Target: "http://api.test"}, nil, ""},
		{
			"the target's host in another case and with its port spelt out", declares, "HTTP://API.test:80/x",
			TestInput{Target: "http://api.test/base"}, nil, "",
		},
		{
			"the url field that stands in the target's place", declares, "http://api.test/x",
			TestInput{Fields: map[string]any{"url": "http://api.test/x"}}, nil, "",
		},
		{"the resource that is a whole URL", declares, "http://api.test/x", TestInput{Resource: "http://api.test/x"}, nil, ""},
		{"another host", declares, "http://evil.test/x", TestInput{Target: "http://api.test"}, nil, "http to evil.test:80 is not granted"},
		{"another port", declares, "http://api.test:8080/x", TestInput{Target: "http://api.test"}, nil, "http to api.test:8080 is not granted"},
		{"a host that only begins alike", declares, "http://api.test.evil.test/", TestInput{Target: "http://api.test"}, nil, "not granted"},
		{
			"user information that looks like the target", declares, "http://api.test@evil.test/",
			TestInput{Target: "http://api.test"}, nil, "http to evil.test:80",
		},
		{
			"nothing without a declaration", silent, "http://api.test/x", TestInput{Target: "http://api.test"}, nil,
			`capability "http" is not declared`,
		},
		{"nothing without a target", declares, "http://api.test/x", TestInput{}, nil, "not granted"},
		{
			"a granted host", declares, "http://other.test/x", TestInput{Target: "http://api.test"},
			&capabilities.Grant{HTTP: []string{"other.test"}}, "",
		},
		{
			"the target no more once a grant leaves it out", declares, "http://api.test/x",
			TestInput{Target: "http://api.test"}, &capabilities.Grant{HTTP: []string{"other.test"}}, "not granted",
		},
		{
			"nothing with an empty grant", declares, "http://api.test/x", TestInput{Target: "http://api.test"},
			&capabilities.Grant{HTTP: []string{}}, "not granted",
		},
		{
			"nothing that is denied", declares, "http://api.test/x", TestInput{Target: "http://api.test"},
			&capabilities.Grant{HTTP: []string{"*"}, Deny: []string{"api.test:*"}}, "denied by a rule",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := &fakeHTTP{}
			wasm := tiny{Info: c.info, Execute: func(a *asm) { a.HTTP(fmt.Sprintf(`{"url":%q}`, c.url)) }}.Bytes()
			r, _ := newTestRuntime(t, WithHTTP(client))
			p, err := r.LoadPlugin(t.Context(), "t", wasm)
			if err != nil {
				t.Fatal(err)
			}
			if c.grant != nil {
				r.SetGrants(capabilities.Grants{"sha256:" + p.SHA256(): *c.grant})
			}
			out, err := p.Execute(t.Context(), c.input, nil)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case c.want == "" && (out.Error != "" || client.count() != 1):
				t.Errorf("error %q, %d requests; want it to be sent", out.Error, client.count())
			case c.want != "" && (!strings.Contains(out.Error, c.want) || client.count() != 0):
				t.Errorf("error %q, %d requests; want %q and none", out.Error, client.count(), c.want)
			}
		})
	}
}

func TestAGrantBelongsToTheBytesOfAModule(t *testing.T) {
	client := &fakeHTTP{}
	load := func(version string) (*WASMRuntime, *WASMPlugin) {
		r, _ := newTestRuntime(t, WithHTTP(client))
		p, err := r.LoadPlugin(t.Context(), "t", tiny{
			Info:    `{"name":"t","version":"` + version + `","capabilities":["http"]}`,
			Execute: func(a *asm) { a.HTTP(`{"url":"http://db.test"}`) },
		}.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return r, p
	}
	_, first := load("1")
	grants := capabilities.Grants{"sha256:" + first.SHA256(): {HTTP: []string{"db.test"}}}
	for _, c := range []struct {
		version string
		want    int
	}{{"1", 1}, {"2", 1}} {
		r, p := load(c.version)
		r.SetGrants(grants)
		if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
			t.Fatal(err)
		}
		if client.count() != c.want {
			t.Errorf("version %s: %d requests, want %d", c.version, client.count(), c.want)
		}
	}
}

func TestARedirectAwayFromWhatIsGrantedIsRefused(t *testing.T) {
	reached := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer other.Close()
	api := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer api.Close()
	request := func(a *asm) { a.HTTP(`{"url":"` + api.URL + `"}`) }
	r, _ := newTestRuntime(t)
	p, err := r.LoadPlugin(t.Context(), "t", tiny{Info: tinyInfo, Execute: request}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Execute(t.Context(), TestInput{Target: api.URL}, nil)
	if err != nil || !strings.Contains(out.Error, "is not granted") || reached != 0 {
		t.Errorf("output %+v, %v, and the other server was reached %d times", out, err, reached)
	}
	r.SetGrants(capabilities.Grants{"sha256:" + p.SHA256(): {HTTP: []string{"127.0.0.1:*"}}})
	out, err = p.Execute(t.Context(), TestInput{Target: api.URL}, nil)
	if err != nil || out.Error != "" || reached != 1 {
		t.Errorf("granted: output %+v, %v, reached %d times", out, err, reached)
	}
}

func TestWhatIsWrongWithARequestIsSaidInItsResponse(t *testing.T) {
	for _, c := range []struct{ name, request, want string }{
		{"no JSON", `{"url":`, "the request is not JSON of the expected form"},
		{"another type", `{"url":7}`, "cannot unmarshal number"},
		{"a body that is no base64", `{"url":"http://x","body":"%%%"}`, "not base64"},
		{"a body of another form", `{"url":"http://x","body":{"ref":1}}`, `base64 text or {"body_ref": number}`},
		{"a body that the call does not keep", `{"url":"http://x","body_ref":7}`, "body_ref 7: this call keeps no such body"},
		{"the client's own error", `{"url":"http://x"}`, "refused by x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := loadTiny(t, tiny{Execute: func(a *asm) { a.HTTP(c.request) }}, WithHTTP(&fakeHTTP{err: fmt.Errorf("refused by x")}))
			out, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil)
			if err != nil || !strings.Contains(out.Error, c.want) {
				t.Errorf("output %+v, %v; want the error %q", out, err, c.want)
			}
		})
	}
	p, _ := loadTiny(t, tiny{Execute: func(a *asm) { a.I32(0x7fffffff); a.I32(9); a.Call("host_http_request") }})
	if out, err := p.Execute(t.Context(), TestInput{}, nil); err != nil || !strings.Contains(out.Error, "outside the module's memory") {
		t.Errorf("a request outside the memory: %+v, %v", out, err)
	}
}

func TestAllocateMustNotAskForAnotherBuffer(t *testing.T) {
	client := &fakeHTTP{}
	p, rec := loadTiny(t, tiny{
		Initialize: starts,
		Allocate: func(a *asm) { // asks for a response before it returns a buffer at 512 KiB
			a.HTTP(`{"url":"http://x"}`)
			a.Drop()
			a.I64(0x80000 << 32)
			a.LocalGet(0)
			a.Raw(0xad, 0x84)
		},
		Pages: 16,
	}, WithHTTP(client))
	if _, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil); err != nil {
		t.Fatal(err)
	}
	if !rec.has("allocate called a host function that needs allocate") {
		t.Errorf("log %v", rec.lines())
	}
	if _, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := rec.count(started); got != 2 {
		t.Errorf("%d instances, want the first to be given up", got)
	}
}

func TestBodiesByHandle(t *testing.T) {
	response := func(contentType, body string) *capabilities.HTTPResponse {
		return &capabilities.HTTPResponse{Status: 200, Headers: map[string]string{"content-type": contentType}, Body: []byte(body)}
	}
	for _, c := range []struct {
		name     string
		response *capabilities.HTTPResponse
		requests []string
		output   string
		body     any
		want     string // the body of the output as JSON, or the error
	}{
		{
			"JSON is parsed", response("application/json", `{"n":9007199254740993}`),
			[]string{`{"url":"http://x","body_handle":true}`}, `{"$ref":1}`, nil, `{"n":9007199254740993}`,
		},
		{
			"broken JSON is text", response("application/json", `{"n":`), []string{`{"url":"http://x","body_handle":true}`},
			`{"$ref":1}`, nil, `"{\"n\":"`,
		},
		{"text is text", response("text/plain", `{"n":1}`), []string{`{"url":"http://x","body_handle":true}`}, `{"$ref":1}`, nil, `"{\"n\":1}"`},
		{"nothing is absent", response("application/json", ``), []string{`{"url":"http://x","body_handle":true}`}, `{"$ref":1}`, nil, `null`},
		{
			"each has its number", response("text/plain", `b`),
			[]string{`{"url":"http://x","body_handle":true}`, `{"url":"http://x","body_handle":true}`}, `{"$ref":2}`, nil,
			`"b"`,
		},
		{
			"the test's own body, sent and returned", response("text/plain", `b`), []string{`{"url":"http://x","body_ref":0}`},
			`{"$ref":0}`, map[string]any{"b": 1, "a": "<"}, `{"a":"<","b":1}`,
		},
		{
			"a number that is not kept", response("text/plain", `b`), []string{`{"url":"http://x","body_handle":true}`},
			`{"$ref":5}`, nil, `refers to body 5`,
		},
		{
			"a body of that form, where nothing is kept", response("text/plain", `b`), []string{`{"url":"http://x"}`},
			`{"$ref":1}`, nil, `{"$ref":1}`,
		},
		{
			"a reference of JSON schema", response("text/plain", `b`), []string{`{"url":"http://x","body_handle":true}`},
			`{"$ref":"#/a"}`, nil, `{"$ref":"#/a"}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := &fakeHTTP{response: c.response}
			p, _ := loadTiny(t, tiny{Execute: func(a *asm) {
				for _, request := range c.requests {
					a.HTTP(request)
					a.Drop()
				}
				a.Return(`{"status":0,"duration_ms":0,"body":` + c.output + `}`)
			}}, WithHTTP(client))
			input := TestInput{Target: "http://x", Fields: map[string]any{"body": c.body}}
			out, err := p.Execute(t.Context(), input, nil)
			got := ""
			if err != nil {
				got = err.Error()
			} else if b, err := marshalPlain(out.Body); err == nil {
				got = string(b)
			}
			if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
				t.Errorf("body %s, want %s", got, c.want)
			}
			if strings.Contains(c.requests[0], "body_ref") {
				if sent := string(client.requests[0].Body); sent != `{"a":"<","b":1}` {
					t.Errorf("sent %q", sent)
				}
			}
		})
	}
}

func TestTheBodyStaysOutOfTheGuest(t *testing.T) {
	client := &fakeHTTP{response: &capabilities.HTTPResponse{Status: 200, Body: make([]byte, 2<<20)}}
	limits := generous()
	limits.MemoryBytes = 1 << 20
	request := `{"url":"http://x","body_handle":true}`
	p, _ := loadTiny(t, tiny{Execute: func(a *asm) {
		a.HTTP(request)
		a.Drop()
		a.Return(`{"status":200,"duration_ms":0,"body":{"$ref":1}}`)
	}}, WithHTTP(client), WithLimits(limits))
	out, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil)
	if err != nil || len(out.Body.(string)) != 2<<20 {
		t.Fatalf("%v", err)
	}
	// Without a handle the body does not fit into the guest, which costs the instance and nothing else.
	whole, rec := loadTiny(t, tiny{Initialize: starts, Execute: func(a *asm) {
		a.HTTP(`{"url":"http://x"}`)
		a.Drop()
		a.Return(`{"status":200,"duration_ms":0}`)
	}}, WithHTTP(client), WithLimits(limits))
	for range 2 {
		if _, err := whole.Execute(t.Context(), TestInput{Target: "http://x"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if !rec.has("could not be handed over") || rec.count(started) != 2 {
		t.Errorf("log %v", rec.lines())
	}
}

func TestGrantsMayBeGivenFromTheStart(t *testing.T) {
	client := &fakeHTTP{}
	wasm := tiny{Info: tinyInfo, Execute: func(a *asm) { a.HTTP(`{"url":"http://db.test"}`) }}.Bytes()
	r, _ := newTestRuntime(t, WithHTTP(client), WithGrants(capabilities.Grants{"sha256:" + hashOf(wasm): {HTTP: []string{"*"}}}))
	p, err := r.LoadPlugin(t.Context(), "x", wasm)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := p.Execute(t.Context(), TestInput{}, nil); err != nil || out.Error != "" || client.count() != 1 {
		t.Errorf("%+v, %v, %d requests", out, err, client.count())
	}
}

func TestTheTestsOwnBodyIsSentByHandle(t *testing.T) {
	for name, c := range map[string]struct {
		body any
		want string
	}{
		"text as it is":        {"a <b>", "a <b>"},
		"compact sorted JSON":  {map[string]any{"b": json.Number("9007199254740993"), "a": "<"}, `{"a":"<","b":9007199254740993}`},
		"nothing for none":     {nil, ""},
		"a list":               {[]any{true}, "[true]"},
		"empty text, no bytes": {"", ""},
	} {
		client := &fakeHTTP{}
		p, _ := loadTiny(t, tiny{Execute: func(a *asm) { a.HTTP(`{"url":"http://x","body":{"body_ref":0}}`) }}, WithHTTP(client))
		out, err := p.Execute(t.Context(), TestInput{Target: "http://x", Fields: map[string]any{"body": c.body}}, nil)
		if err != nil || out.Error != "" || client.count() != 1 {
			t.Fatalf("%s: %+v, %v", name, out, err)
		}
		if got := string(client.requests[0].Body); got != c.want {
			t.Errorf("%s: sent %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatAGuestHandsOverIsLimited(t *testing.T) {
	limits := generous()
	limits.OutputBytes = 1 << 10
	long := strings.Repeat("x", 2<<10)
	p, rec := loadTiny(t, tiny{Execute: func(a *asm) {
		a.Log(1, long)
		a.Emit(long)
		a.HTTP(long)
	}}, WithLimits(limits))
	out, err := p.Execute(t.Context(), TestInput{}, nil)
	if err != nil || !strings.Contains(out.Error, "too large") {
		t.Errorf("%+v, %v", out, err)
	}
	for _, function := range []string{"host_log", "host_emit_event", "host_http_request"} {
		if rec.count(function+": 2048 bytes are over the limit of 1024") != 1 {
			t.Errorf("%s: log %v", function, rec.lines())
		}
	}
}

func TestRepeatedHeadersOfAPluginOfTheOriginalContractKeepTheirValues(t *testing.T) {
	client := &fakeHTTP{response: &capabilities.HTTPResponse{
		Status: 200, Headers: map[string]string{"Set-Cookie": "a=1, b=2"}, HeadersAll: map[string][]string{"Set-Cookie": {"a=1", "b=2"}},
	}}
	p, _ := loadTiny(t, tiny{Execute: func(a *asm) {
		a.HTTP(`{"method":"GET","url":"http://x/"}`)
		a.Drop()
		a.Return(`{"status":200,"headers":{"Set-Cookie":"a=1, b=2"},"duration_ms":0}`)
	}}, WithHTTP(client))
	out, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := out.HeadersAll["Set-Cookie"]; len(got) != 2 || got[0] != "a=1" || got[1] != "b=2" {
		t.Errorf("HeadersAll %v", out.HeadersAll)
	}
	if out.Headers["Set-Cookie"] != "a=1, b=2" {
		t.Errorf("Headers %v", out.Headers)
	}
}
