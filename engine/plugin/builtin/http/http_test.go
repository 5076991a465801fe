package http_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/engine/plugin/builtin/http"
	"github.com/speclens/speclens/engine/plugin/plugintest"
	"github.com/speclens/speclens/schema"
)

func kinds(events []schema.PluginEvent) string {
	var out []string
	for _, e := range events {
		out = append(out, e.Plugin+"."+e.Kind)
	}
	return strings.Join(out, " ")
}

// each runs a test for the plugin that is built in and for the one in the sandbox.
func each(t *testing.T, test func(t *testing.T, p plugin.Plugin)) {
	t.Run("built in", func(t *testing.T) { test(t, http.New(http.WithDoer(client))) })
	t.Run("sandboxed", func(t *testing.T) { test(t, sharedGuest(t)) })
}

func TestEventsComeAsTheyHappen(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	s := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if r.URL.Path == "/" {
			nethttp.Redirect(w, r, "/next", nethttp.StatusFound)
			return
		}
		begun <- struct{}{}
		<-release
	}))
	t.Cleanup(s.Close)
	each(t, func(t *testing.T, p plugin.Plugin) {
		events := make(chan schema.PluginEvent, 3)
		done := make(chan error, 1)
		go func() {
			_, err := p.Execute(t.Context(), plugin.TestInput{Target: s.URL + "/"}, func(e schema.PluginEvent) { events <- e })
			done <- err
		}()
		<-begun // the response is still held back
		want := []schema.PluginEvent{
			{Plugin: "http", Kind: "Sent", Data: map[string]any{"method": "GET", "url": s.URL + "/", "bytes": json.Number("0")}},
			{Plugin: "http", Kind: "Redirected", Data: map[string]any{"status": json.Number("302"), "location": s.URL + "/next"}},
		}
		for _, w := range want {
			select {
			case got := <-events:
				if diff := cmp.Diff(w, got); diff != "" {
					t.Error(diff)
				}
			default:
				t.Errorf("%s has not come yet", w.Kind)
			}
		}
		release <- struct{}{}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := <-events; got.Kind != "Received" || got.Data["status"] != json.Number("200") {
			t.Errorf("last event = %+v", got)
		}
	})
}

func TestWithoutASinkTheEventsAreInTheOutput(t *testing.T) {
	a := newAPI(t)
	each(t, func(t *testing.T, p plugin.Plugin) {
		out, err := p.Execute(t.Context(), plugin.TestInput{Target: a.URL, Resource: "/redirect/302/1"}, nil)
		if err != nil || kinds(out.Events) != "http.Sent http.Redirected http.Received" {
			t.Errorf("output %+v, err %v", out, err)
		}
	})
}

type doer func(capabilities.HTTPRequest, capabilities.HTTPHooks) (*capabilities.HTTPResponse, error)

func (d doer) Do(_ context.Context, req capabilities.HTTPRequest, hooks capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
	return d(req, hooks)
}

func TestTheContextsSinksReplaceClientAndEvents(t *testing.T) {
	each(t, func(t *testing.T, p plugin.Plugin) {
		var (
			seen     []schema.PluginEvent
			received capabilities.HTTPRequest
		)
		ctx := capabilities.WithSinks(t.Context(), capabilities.Sinks{
			Events: func(e schema.PluginEvent) { seen = append(seen, e) },
			HTTP: doer(func(req capabilities.HTTPRequest, hooks capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
				received = req
				hooks.Sent(req.Method, req.URL, len(req.Body))
				return &capabilities.HTTPResponse{
					Status: 299, Headers: map[string]string{
						"Content-Type": "application/json",
					}, Body: []byte(`[1]`), Duration: 1500 * time.Millisecond,
					Timings: capabilities.HTTPTimings{Wait: 1234567 * time.Nanosecond},
				}, nil
			}),
		})
		limit := json.Number("7")
		out, err := p.Execute(ctx, plugin.TestInput{
			Method: "post", Target: "http://nowhere.test", Timeout: "2s", Headers: map[string]string{"X-A": "1"},
			Fields: map[string]any{"body": []any{}, "maxRedirects": limit, "followRedirects": false},
		}, func(schema.PluginEvent) { t.Error("the sink of the call was used") })
		if err != nil {
			t.Fatal(err)
		}
		if out.Status != json.Number("299") || !cmp.Equal(out.Body, []any{json.Number("1")}) || out.DurationMs != 1500 {
			t.Errorf("output = %+v", out)
		}
		if diff := cmp.Diff(map[string]any{"wait": json.Number("1.234")}, out.Metadata["timings_ms"]); diff != "" {
			t.Error(diff)
		}
		if kinds(seen) != "http.Sent http.Received" {
			t.Errorf("events = %v", seen)
		}
		follow, most := false, 7
		want := capabilities.HTTPRequest{
			Method: "POST", URL: "http://nowhere.test", Headers: map[string]string{
				"X-A": "1", "Content-Type": "application/json",
			}, Body: []byte("[]"),
			Timeout: 2 * time.Second, FollowRedirects: &follow, MaxRedirects: &most,
		}
		if diff := cmp.Diff(want, received); diff != "" {
			t.Error(diff)
		}
	})
}

func TestACancelledTestIsAnError(t *testing.T) {
	begun := make(chan struct{}, 1)
	s := httptest.NewServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		begun <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	each(t, func(t *testing.T, p plugin.Plugin) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-begun; cancel() }()
		out, err := p.Execute(ctx, plugin.TestInput{Target: s.URL}, nil)
		var known *plugin.Error
		if out != nil || !errors.Is(
			err, context.Canceled,
		) || !errors.As(err, &known) || known.Plugin != "http" || known.Phase != plugin.PhaseExecute {
			t.Errorf("output %+v, err %v", out, err)
		}
	})
}

func TestATimeoutThatIsNoneIsAnError(t *testing.T) {
	a := newAPI(t)
	each(t, func(t *testing.T, p plugin.Plugin) {
		out, err := p.Execute(t.Context(), plugin.TestInput{Target: a.URL, Timeout: "soon"}, nil)
		text := fmt.Sprint(err)
		if out != nil {
			text = out.Error
		}
		if !strings.Contains(text, `timeout`) || !strings.Contains(text, `"soon"`) {
			t.Errorf("output %+v, err %v", out, err)
		}
		if sent := a.take(); len(sent) != 0 {
			t.Errorf("sent %q", sent)
		}
	})
}

func TestManyTestsRunAtOnce(t *testing.T) {
	a := newAPI(t)
	each(t, func(t *testing.T, p plugin.Plugin) {
		var wait sync.WaitGroup
		for worker := range 6 {
			wait.Go(func() {
				for i := range 5 {
					resource := fmt.Sprintf("/echo/%d/%d", worker, i)
					input := plugin.TestInput{
						Target: a.URL, Resource: resource, Fields: map[string]any{"body": strings.Repeat("x", worker*1000)},
					}
					input.Method = "POST"
					out, err := p.Execute(t.Context(), input, nil)
					if err != nil || out.Error != "" || out.Metadata["url"] != a.URL+resource || out.Body != "echo" {
						t.Errorf("%s: output %+v, err %v", resource, out, err)
						return
					}
					if problems := p.Validate(input); len(problems) != 0 {
						t.Errorf("%s: problems %+v", resource, problems)
					}
				}
			})
		}
		wait.Wait()
		if sent := a.take(); len(sent) != 30 {
			t.Errorf("%d requests", len(sent))
		}
	})
}

func TestAfterCloseThePluginSaysSo(t *testing.T) {
	a := newAPI(t)
	check := func(t *testing.T, p plugin.Plugin) {
		t.Helper()
		input := plugin.TestInput{Target: a.URL}
		if err := p.Init(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if out, err := p.Execute(t.Context(), input, nil); err != nil || out.Error != "" {
			t.Fatalf("before: output %+v, err %v", out, err)
		}
		if err := errors.Join(p.Close(), p.Close()); err != nil {
			t.Fatal(err)
		}
		out, err := p.Execute(t.Context(), input, nil)
		var known *plugin.Error
		if out != nil || !errors.Is(err, plugin.ErrClosed) || !errors.As(err, &known) {
			t.Errorf("after: output %+v, err %v", out, err)
		}
		if problems := p.Validate(input); len(problems) != 1 || problems[0].Code != plugin.CodeClosed || problems[0].Severity != "warning" {
			t.Errorf("after: problems %+v", problems)
		}
		if p.Info().Name != "http" {
			t.Errorf("after: info %+v", p.Info())
		}
	}
	t.Run("built in", func(t *testing.T) { check(t, http.New(http.WithDoer(client))) })
	t.Run("sandboxed", func(t *testing.T) { check(t, loadGuest(t, plugintest.Build(t, "http"))) })
	t.Run("with a client of its own", func(t *testing.T) { check(t, http.New()) })
}

func TestTheRegistryTakesThePluginForBothProtocols(t *testing.T) {
	r := plugin.NewRegistry()
	p := http.New()
	if err := r.Register(p); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if r.Lookup("http") != plugin.Plugin(p) || r.Lookup("HTTPS") != plugin.Plugin(p) {
		t.Error("a protocol is missing")
	}
	if spec := r.EventSchema("http.Received"); spec == nil || spec.Anchor != "expect" {
		t.Errorf("http.Received = %+v", spec)
	}
}

func TestSecretsOfTheURLStayOutOfEventsAndResults(t *testing.T) {
	a := newAPI(t)
	each(t, func(t *testing.T, p plugin.Plugin) {
		for _, target := range []string{strings.Replace(a.URL, "://", "://ada:hunter2@", 1), "http://ada:hunter2@127.0.0.1:1"} {
			out, err := p.Execute(t.Context(), plugin.TestInput{Target: target, Resource: "/redirect/302/1"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := json.Marshal(out)
			if err != nil || strings.Contains(string(encoded), "hunter2") {
				t.Errorf("output %s, err %v", encoded, err)
			}
		}
	})
}
