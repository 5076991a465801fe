package capabilities

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// recorder is a server that sends its client on as its routes say and keeps every request.
type recorder struct {
	*httptest.Server
	mu       sync.Mutex // guards all below
	routes   map[string]route
	requests []request
}

type route struct {
	status   int
	location string
}

type request struct {
	method, host, uri, body string
	header                  http.Header
}

func record(t *testing.T, secure bool) *recorder {
	t.Helper()
	r := &recorder{routes: map[string]route{}}
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.requests = append(r.requests, request{req.Method, req.Host, req.RequestURI, string(body), req.Header.Clone()})
		to, ok := r.routes[req.URL.Path]
		r.mu.Unlock()
		if ok {
			w.Header()["Location"] = []string{to.location}
			w.WriteHeader(to.status)
			_, _ = io.WriteString(w, "moved")
			return
		}
		_, _ = io.WriteString(w, "arrived")
	})
	r.Server = httptest.NewUnstartedServer(handler)
	if secure {
		r.StartTLS()
	} else {
		r.Start()
	}
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) port() string {
	u, _ := url.Parse(r.URL)
	return u.Port()
}

func (r *recorder) take() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.requests
	r.requests = nil
	return out
}

// secrets are headers that must not leave the origin, and harmless ones that may.
var (
	secrets = map[string]string{
		"Authorization": "Bearer s3cret", "Cookie": "sid=s3cret", "Proxy-Authorization": "Basic s3cret", "X-Api-Key": "s3cret",
		"X-Auth-Token": "s3cret", "X-Session-Id": "s3cret", "X-CSRF-Token": "s3cret", "Ocp-Apim-Subscription-Key": "s3cret",
		"X-Amz-Security-Token": "s3cret", "X-Whatever": "Bearer s3cret", "X-Plain": "eyJs3cret.s3cret.s3cret", "X-Password": "s3cret",
	}
	harmless = map[string]string{
		"Accept": "application/json", "X-Tenant": "blue", "Idempotency-Key": "42", "X-Author": "Ada", "X-Monkey": "1", "Traceparent": "00-1-2-01",
	}
)

func allHeaders() map[string]string {
	out := map[string]string{"Content-Type": "text/plain"}
	for _, set := range []map[string]string{secrets, harmless} {
		for name, value := range set {
			out[name] = value
		}
	}
	return out
}

func (r request) String() string { return r.method + " " + r.uri + " " + r.body }

func (r request) leaks() bool { return strings.Contains(fmt.Sprint(r.header, r.uri, r.body), "s3cret") }

func TestNoCredentialLeavesTheOrigin(t *testing.T) {
	a, b, secure := record(t, false), record(t, false), record(t, true)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	loopback := at("127.0.0.1")
	c := client(t, HTTPLimits{}, WithRootCAs(roots), WithResolver(resolver(t, map[string][][]netip.Addr{
		"a.test": loopback, "sub.a.test": loopback, "b.test": loopback,
	})))
	aURL := "http://a.test:" + a.port()
	a.routes = map[string]route{
		"/other-host":  {302, "http://b.test:" + a.port() + "/end"},
		"/sub":         {302, "http://sub.a.test:" + a.port() + "/end"},
		"/other-port":  {302, "http://a.test:" + b.port() + "/end"},
		"/user":        {302, "http://eve:evil@b.test:" + b.port() + "/end"},
		"/same-user":   {302, "http://eve:evil@a.test:" + a.port() + "/end"},
		"/chain":       {302, "http://b.test:" + b.port() + "/chain"},
		"/back":        {302, "http://b.test:" + b.port() + "/back"},
		"/relative":    {302, "end?x=1#part"},
		"/network":     {302, "//b.test:" + b.port() + "/end"},
		"/case":        {302, "HTTP://A.TEST:" + a.port() + "/end"},
		"/307":         {307, "/end"},
		"/308":         {308, "/end"},
		"/307-off":     {307, "http://b.test:" + b.port() + "/end"},
		"/308-off":     {308, "http://b.test:" + b.port() + "/end"},
		"/metadata":    {302, "http://169.254.169.254/latest/meta-data/"},
		"/file":        {302, "file:///etc/passwd"},
		"/javascript":  {302, "javascript:alert(1)"},
		"/broken":      {302, "http://[::1"},
		"/control":     {302, "/end?a\tb"},
		"/no-location": {302, ""},
		"/300":         {300, "/end"},
		"/304":         {304, "/end"},
		"/tls":         {302, secure.URL + "/end"},
	}
	b.routes = map[string]route{
		"/chain": {302, "/end"},
		"/back":  {302, aURL + "/end"},
	}
	secure.routes = map[string]route{
		"/down": {302, "http://127.0.0.1:" + a.port() + "/end"},
		"/same": {302, "/end"},
	}

	const body = "s3cret body"
	tests := []struct {
		name, from string
		body       string
		status     int           // of the last response
		kind       HTTPErrorKind // or the error
		parts      []string
		atA, atB   []string // requests, secrets apart
		keeps      bool     // the last request still has the credentials
	}{
		{name: "another host on the same port", from: aURL + "/other-host", status: 200, atA: []string{"GET /other-host ", "GET /end "}},
		{name: "a subdomain", from: aURL + "/sub", status: 200, atA: []string{"GET /sub ", "GET /end "}},
		{
			name: "another port of the same host", from: aURL + "/other-port", status: 200, atA: []string{"GET /other-port "},
			atB: []string{"GET /end "},
		},
		{
			name: "https to http on the same host", from: secure.URL + "/down", kind: HTTPRedirect,
			parts: []string{"from https to http://127.0.0.1"},
		},
		{name: "http to https is another origin", from: aURL + "/tls", status: 200, atA: []string{"GET /tls "}},
		{
			name: "user information in the location", from: aURL + "/user", status: 200, atA: []string{"GET /user "},
			atB: []string{"GET /end "},
		},
		{name: "user information for the same origin is not taken over", from: aURL + "/same-user", status: 200, keeps: true,
			atA: []string{"GET /same-user ", "GET /end "}},
		{
			name: "from a to b and on to b", from: aURL + "/chain", status: 200, atA: []string{"GET /chain "},
			atB: []string{"GET /chain ", "GET /end "},
		},
		{
			name: "from a to b and back to a", from: aURL + "/back", status: 200, atA: []string{"GET /back ", "GET /end "},
			atB: []string{"GET /back "},
		},
		{name: "a relative location stays at the origin", from: aURL + "/relative", status: 200, keeps: true,
			atA: []string{"GET /relative ", "GET /end?x=1 "}},
		{
			name: "a location without a scheme", from: aURL + "/network", status: 200, atA: []string{"GET /network "},
			atB: []string{"GET /end "},
		},
		{
			name: "the case of scheme and host is of no account", from: aURL + "/case", status: 200, keeps: true,
			atA: []string{"GET /case ", "GET /end "},
		},
		{name: "307 repeats method and body", from: aURL + "/307", body: body, status: 200, keeps: true,
			atA: []string{"POST /307 " + body, "POST /end " + body}},
		{name: "308 repeats method and body", from: aURL + "/308", body: body, status: 200, keeps: true,
			atA: []string{"POST /308 " + body, "POST /end " + body}},
		{name: "307 to another origin does not take the body along", from: aURL + "/307-off", body: body, kind: HTTPRedirect,
			parts: []string{"another origin", "followRedirects"}, atA: []string{"POST /307-off " + body}},
		{name: "308 to another origin does not take the body along", from: aURL + "/308-off", body: body, kind: HTTPRedirect,
			parts: []string{"another origin"}, atA: []string{"POST /308-off " + body}},
		{name: "307 to another origin goes on where there is no body", from: aURL + "/307-off", status: 200,
			atA: []string{"GET /307-off "}, atB: []string{"GET /end "}},
		{name: "302 to another origin drops the body and goes on", from: aURL + "/other-port", body: body, status: 200,
			atA: []string{"POST /other-port " + body}, atB: []string{"GET /end "}},
		{
			name: "the metadata service", from: aURL + "/metadata", kind: HTTPDenied, parts: []string{"169.254.169.254", "metadata"},
			atA: []string{"GET /metadata "},
		},
		{name: "a file", from: aURL + "/file", kind: HTTPRedirect, parts: []string{`"file"`}, atA: []string{"GET /file "}},
		{
			name: "a script", from: aURL + "/javascript", kind: HTTPRedirect, parts: []string{`"javascript"`},
			atA: []string{"GET /javascript "},
		},
		{
			name: "a location that is no URL", from: aURL + "/broken", kind: HTTPRedirect, parts: []string{"not a URL"},
			atA: []string{"GET /broken "},
		},
		{
			name: "a location with a control character", from: aURL + "/control", kind: HTTPRedirect, parts: []string{"a tab"},
			atA: []string{"GET /control "},
		},
		{
			name: "a redirect without a location is the response", from: aURL + "/no-location", status: 302, keeps: true,
			atA: []string{"GET /no-location "},
		},
		{name: "300 is the response", from: aURL + "/300", status: 300, keeps: true, atA: []string{"GET /300 "}},
		{name: "304 is the response", from: aURL + "/304", status: 304, keeps: true, atA: []string{"GET /304 "}},
		{name: "https to the same origin keeps them", from: secure.URL + "/same", status: 200, keeps: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			method := "GET"
			if tt.body != "" {
				method = "POST"
			}
			response, err := c.Do(
				t.Context(), HTTPRequest{Method: method, URL: tt.from, Headers: allHeaders(), Body: []byte(tt.body)}, HTTPHooks{},
			)
			if tt.kind != "" {
				wantKind(t, err, tt.kind, tt.parts...)
			} else if err != nil || response.Status != tt.status {
				t.Fatalf("response %+v, err %v, want status %d", response, err, tt.status)
			}
			atA, atB, atSecure := a.take(), b.take(), secure.take()
			compare(t, "a", atA, tt.atA)
			compare(t, "b", atB, tt.atB)
			origin, _ := url.Parse(tt.from)
			left := false
			for _, got := range slices.Concat(atA, atB, atSecure) {
				if away := !strings.EqualFold(got.host, origin.Host); away && got.leaks() {
					t.Errorf("%s got a credential: %v %v", got.host, got, got.header)
				}
				left = left || !strings.EqualFold(got.host, origin.Host)
				if left && got.header.Get("X-Tenant") != "blue" {
					t.Errorf("a harmless header was lost: %v", got.header)
				}
			}
			all := slices.Concat(atA, atB, atSecure)
			if last := all[len(all)-1]; tt.keeps != last.leaks() && tt.kind == "" && tt.name != "from a to b and back to a" {
				t.Errorf("credentials kept = %t, want %t: %v", last.leaks(), tt.keeps, last.header)
			}
			if tt.name == "from a to b and back to a" && atA[1].leaks() {
				t.Error("credentials came back with the return to the origin")
			}
		})
	}
}

func compare(t *testing.T, where string, got []request, want []string) {
	t.Helper()
	var have []string
	for _, r := range got {
		have = append(have, r.String())
	}
	if want != nil && !slices.Equal(have, want) {
		t.Errorf("at %s: %q, want %q", where, have, want)
	}
}

func TestEveryHarmlessHeaderTravelsAndNoSecretOneDoes(t *testing.T) {
	for name, value := range secrets {
		if !looksLikeCredential(name, value) {
			t.Errorf("%s: %s passes for harmless", name, value)
		}
	}
	for name, value := range harmless {
		if looksLikeCredential(name, value) {
			t.Errorf("%s: %s passes for a credential", name, value)
		}
	}
}

// The table is that of RFC 9110 sections 15.4.2 to 15.4.9: only POST may become GET at 301 and 302.
func TestTheMethodAndBodyAfterARedirectAreThoseOfTheStandard(t *testing.T) {
	s := record(t, false)
	c := client(t, HTTPLimits{})
	statuses := []int{301, 302, 303, 307, 308}
	table := map[string][]string{ // a small letter says that the body is not repeated
		"GET":     {"GET", "GET", "get", "GET", "GET"},
		"HEAD":    {"HEAD", "HEAD", "head", "HEAD", "HEAD"},
		"POST":    {"get", "get", "get", "POST", "POST"},
		"PUT":     {"PUT", "PUT", "get", "PUT", "PUT"},
		"PATCH":   {"PATCH", "PATCH", "get", "PATCH", "PATCH"},
		"DELETE":  {"DELETE", "DELETE", "get", "DELETE", "DELETE"},
		"OPTIONS": {"OPTIONS", "OPTIONS", "get", "OPTIONS", "OPTIONS"},
		"PURGE":   {"PURGE", "PURGE", "get", "PURGE", "PURGE"},
	}
	for method, row := range table {
		for i, status := range statuses {
			for _, body := range []string{"text", ""} {
				t.Run(fmt.Sprintf("%d after %s with %q is %s", status, method, body, row[i]), func(t *testing.T) {
					s.routes = map[string]route{"/from": {status, "/to"}}
					_, err := c.Do(t.Context(), HTTPRequest{
						Method: method, URL: s.URL + "/from", Body: []byte(body),
						Headers: map[string]string{"Content-Type": "text/plain", "Content-Language": "en", "X-Kept": "1"},
					}, HTTPHooks{})
					if err != nil {
						t.Fatal(err)
					}
					got := s.take()
					if len(got) != 2 || got[1].method != strings.ToUpper(row[i]) || got[1].header.Get("X-Kept") != "1" {
						t.Fatalf("requests = %v", got)
					}
					keeps := row[i] == strings.ToUpper(row[i])
					wantBody, wantType, wantLanguage := "", "", ""
					if keeps {
						wantBody, wantType, wantLanguage = body, "text/plain", "en"
					}
					if got[1].body != wantBody || got[1].header.Get("Content-Type") != wantType ||
						got[1].header.Get("Content-Language") != wantLanguage {
						t.Errorf("second request = %v %v", got[1], got[1].header)
					}
				})
			}
		}
	}
}

func TestTheNumberOfRedirectsIsLimited(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		switch {
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case n > 0:
			http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
		default:
			_, _ = io.WriteString(w, "end")
		}
	})
	tests := []struct {
		name   string
		path   string
		max    *int
		follow *bool
		hops   int
		parts  []string
	}{
		{name: "ten are followed", path: "/10", hops: 10},
		{name: "eleven are not", path: "/11", parts: []string{"more than 10 redirects", "/0", "maxRedirects"}},
		{name: "a lower limit is kept", path: "/3", max: ptr(3), hops: 3},
		{name: "one more than the lower limit is an error", path: "/4", max: ptr(3), parts: []string{"more than 3 redirects"}},
		{name: "a limit of one", path: "/2", max: ptr(1), parts: []string{"more than 1 redirect;"}},
		{name: "a higher limit is kept", path: "/25", max: ptr(25), hops: 25},
		{name: "none at all", path: "/1", max: ptr(0), parts: []string{"maxRedirects is 0"}},
		{name: "none needed", path: "/0", max: ptr(0)},
		{name: "a loop is called one", path: "/loop", parts: []string{"loop", "/loop comes again"}},
		{name: "a redirect that is not followed is the response", path: "/3", follow: ptr(false), max: ptr(0)},
		{name: "a negative limit is refused", path: "/0", max: ptr(-1), parts: []string{"less than 0"}},
	}
	c := client(t, HTTPLimits{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var seen []Redirect
			response, err := c.Do(t.Context(), HTTPRequest{
				URL: s.URL + tt.path, MaxRedirects: tt.max, FollowRedirects: tt.follow,
			}, HTTPHooks{
				Redirected: func(status int, location string) { seen = append(seen, Redirect{status, location}) },
			})
			if tt.parts != nil {
				kind := HTTPRedirect
				if tt.max != nil && *tt.max < 0 {
					kind = HTTPBadRequest
				}
				wantKind(t, err, kind, tt.parts...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(response.Redirects) != tt.hops || !slices.Equal(seen, response.Redirects) {
				t.Errorf("redirects = %v, seen = %v", response.Redirects, seen)
			}
			wantStatus, wantURL := 200, s.URL+"/0"
			if tt.follow != nil {
				wantStatus, wantURL = 302, s.URL+"/3"
			}
			if response.Status != wantStatus || response.URL != wantURL {
				t.Errorf("status %d at %s", response.Status, response.URL)
			}
		})
	}
}

func TestTheHostHeaderStaysWithItsOrigin(t *testing.T) {
	a, b := record(t, false), record(t, false)
	a.routes = map[string]route{"/near": {302, "/end"}, "/far": {302, b.URL + "/end"}}
	c := client(t, HTTPLimits{})
	for _, path := range []string{"/near", "/far"} {
		if _, err := c.Do(
			t.Context(), HTTPRequest{URL: a.URL + path, Headers: map[string]string{"Host": "shop.test"}}, HTTPHooks{},
		); err != nil {
			t.Fatal(err)
		}
	}
	for _, got := range a.take() {
		if got.host != "shop.test" {
			t.Errorf("%v went to host %q", got, got.host)
		}
	}
	if got := b.take(); len(got) != 1 || got[0].host != strings.TrimPrefix(b.URL, "http://") {
		t.Errorf("the other origin got %+v", got)
	}
}

func TestAHeaderWithASecretStaysWhateverItsNameAndABodyAlways(t *testing.T) {
	a, b := record(t, false), record(t, false)
	a.routes = map[string]route{"/": {307, b.URL + "/end"}}
	c := client(t, HTTPLimits{})
	hooks := HTTPHooks{Secret: func(text string) bool { return strings.Contains(text, "s3cret") }}
	send := func(method, body string) error {
		_, err := c.Do(t.Context(), HTTPRequest{Method: method, URL: a.URL + "/", Body: []byte(body), Headers: map[string]string{
			"X-Odd": "it is s3cret", "X-Even": "it is not", "Authorization": "Bearer unknown to the hook",
		}}, hooks)
		return err
	}
	if err := send("GET", ""); err != nil {
		t.Fatal(err)
	}
	got := b.take()
	if len(got) != 1 || got[0].leaks() ||
		got[0].header.Get("X-Even") == "" || got[0].header.Get("Authorization") != "" {
		t.Errorf("the other origin got %+v", got)
	}
	wantKind(t, send("POST", "harmless"), HTTPRedirect, "body")
	if got := b.take(); len(got) != 0 {
		t.Errorf("the other origin got %+v", got)
	}
}
