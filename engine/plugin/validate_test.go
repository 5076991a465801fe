package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin/plugintest"
)

func TestValidateReportsWhatThePluginFinds(t *testing.T) {
	r, _ := newTestRuntime(t, WithCacheDir(plugintest.CacheDir(t)))
	p, err := r.LoadPlugin(t.Context(), "allfields", plugintest.Build(t, "allfields"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		input TestInput
		want  string
	}{
		{"nothing", TestInput{Target: "x", Fields: map[string]any{"text": "abc"}}, ""},
		{"a core field", TestInput{Fields: map[string]any{"text": "abc"}}, "target: where to?"},
		{
			"several fields", TestInput{Target: "x", Fields: map[string]any{
				"text": "ABC", "color": "blue", "options": map[string]any{}, "list": []any{1, "two"},
			}},
			"text: is not lower-case (warning, fix abc); color: is neither red nor green; options.depth: is required; list[1]: is no number",
		},
		{"a code", TestInput{Target: "x"}, "text: is required (allfields.text)"},
		{
			"nothing at, above or below what is templated",
			TestInput{
				Target: "x", Fields: map[string]any{
					"text": "{{ a }}B", "color": "{{ c }}", "options": map[string]any{}, "list": []any{"{{ x }}", "two"},
				},
				Templated: []string{"text", "color", "options.depth.deeper", "list[0]"},
			},
			"list[1]: is no number",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, e := range p.Validate(c.input) {
				text := e.Field + ": " + e.Message
				switch {
				case e.Fix != nil:
					text += fmt.Sprintf(" (%s, fix %s)", e.Severity, *e.Fix)
				case e.Code != "":
					text += " (" + e.Code + ")"
				}
				got = append(got, text)
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("found %q, want %q", strings.Join(got, "; "), c.want)
			}
		})
	}
}

func TestTemplatedPathsHideErrorsBesideThem(t *testing.T) {
	found := `[{"field":"query.limit","message":"m"}]`
	for _, c := range []struct {
		templated string
		want      int
	}{
		{"query.limit", 0},
		{"query", 0},
		{"query.limit.deeper", 0},
		{"query.limits", 1},
		{"que", 1},
		{"query.offset", 1},
		{"limit", 1},
		{"body", 1},
	} {
		plain, _ := loadTiny(t, tiny{Validate: returning(found)})
		if got := plain.Validate(TestInput{Templated: []string{c.templated}}); len(got) != c.want {
			t.Errorf("with %s templated: %v, want %d errors", c.templated, got, c.want)
		}
		knowing, _ := loadTiny(t, tiny{Info: `{"name":"k","version":"1","templates":true}`, Validate: returning(found)})
		if got := knowing.Validate(TestInput{Templated: []string{c.templated}}); len(got) != 1 {
			t.Errorf("a plugin that understands templates, with %s templated: %v, want its error", c.templated, got)
		}
	}
	indexed, _ := loadTiny(t, tiny{Validate: returning(`[{"field":"list.0","message":"m"},{"field":"list[1]","message":"m"}]`)})
	if got := indexed.Validate(TestInput{Templated: []string{"list[0]"}}); len(got) != 1 || got[0].Field != "list[1]" {
		t.Errorf("list.0 and list[0] are the same place: %v", got)
	}
	whole, _ := loadTiny(t, tiny{Validate: returning(`[{"field":"","message":"m"}]`)})
	if got := whole.Validate(TestInput{Templated: []string{"body"}}); len(got) != 0 {
		t.Errorf("the whole test is above everything: %v", got)
	}
	if got := whole.Validate(TestInput{}); len(got) != 1 {
		t.Errorf("without a template: %v, want the error", got)
	}
}

func TestValidateThatFindsNothingReturnsNil(t *testing.T) {
	for name, tiny := range map[string]tiny{
		"no validate export": {},
		"no bytes":           {Validate: func(a *asm) { a.I64(0) }},
		"null":               {Validate: returning("null")},
		"an empty list":      {Validate: returning("[]")},
	} {
		p, rec := loadTiny(t, tiny)
		if got := p.Validate(TestInput{}); got != nil {
			t.Errorf("%s: %v, want nil", name, got)
		}
		if len(rec.lines()) > 0 {
			t.Errorf("%s: log %v", name, rec.lines())
		}
	}
	many, _ := loadTiny(t, tiny{Validate: returning("[" + strings.Repeat(`{"field":"f","message":"m"},`, 1500) + `{"field":"f"}]`)})
	got := many.Validate(TestInput{})
	if len(got) != maxFieldErrors+1 {
		t.Fatalf("%d errors, want %d and one that says how many more there are", len(got), maxFieldErrors)
	}
	if last := got[maxFieldErrors]; last.Code != CodeTooMany || !strings.Contains(last.Message, "501 more complaints") {
		t.Errorf("the last error is %+v", last)
	}
}

func TestThreeFaultsPauseValidationWithOneNotice(t *testing.T) {
	for name, c := range map[string]struct {
		validate plugintest.Code
		phase    Phase
		is       error
	}{
		"trap":          {(*asm).Unreachable, PhaseValidate, nil},
		"loop":          {(*asm).Forever, PhaseValidate, context.DeadlineExceeded},
		"garbage":       {returning("{"), PhaseDecode, nil},
		"another type":  {returning(`{"a":1}`), PhaseDecode, nil},
		"bad address":   {func(a *asm) { a.I64(0x7fffffff<<32 | 1) }, PhaseValidate, nil},
		"long sleep":    {func(a *asm) { a.Sleep(int64(time.Hour)); a.Forever() }, PhaseValidate, context.DeadlineExceeded},
		"a huge answer": {func(a *asm) { a.I64(1<<32 | 0x7fffffff) }, PhaseValidate, nil},
	} {
		t.Run(name, func(t *testing.T) {
			limits := generous()
			if c.is != nil {
				limits.ValidateTimeout = 30 * time.Millisecond
				limits.HostCallGrace = 10 * time.Millisecond
			}
			p, rec := loadTiny(t, tiny{Validate: c.validate}, WithLimits(limits))
			for round := range 3 {
				if p.Paused() != nil {
					t.Fatalf("paused after %d faults", round)
				}
				found := p.Validate(TestInput{Templated: []string{""}})
				if len(found) != 1 || found[0].Code != CodeFault || found[0].Field != "" || found[0].Severity != "warning" ||
					!strings.HasPrefix(found[0].Message, "plugin tiny@1.2.3: "+string(c.phase)) {
					t.Fatalf("round %d: found %+v, want one warning that names the plugin", round, found)
				}
			}
			for range 5 {
				if found := p.Validate(TestInput{}); found != nil {
					t.Errorf("paused, and yet found %v", found)
				}
			}
			notices := rec.noticed()
			want := "tiny@1.2.3 failed 3 times within 1m0s: its validation is paused until its file changes"
			if len(notices) != 1 || !strings.Contains(notices[0].Message, want) {
				t.Fatalf("notices %+v, want one", notices)
			}
			var typed *Error
			if err := p.Paused(); !errors.As(err, &typed) || typed.Export != "validate" || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("paused for %v", err)
			}
			if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
				t.Errorf("execute does not work any more: %v", err)
			}
		})
	}
}

func TestFaultsFarApartDoNotPause(t *testing.T) {
	f := faults{most: 3, window: time.Minute}
	at := time.Unix(0, 0)
	fault := errors.New("x")
	for i := range 10 {
		if f.add(at.Add(time.Duration(i)*31*time.Second), fault) {
			t.Fatalf("paused at fault %d, with two in each minute", i)
		}
	}
	at = at.Add(time.Hour)
	f.add(at, fault)
	f.add(at.Add(time.Minute), fault)
	if !f.add(at.Add(time.Minute), fault) || f.cause() == nil {
		t.Error("three faults within a minute do not pause")
	}
	if f.add(at.Add(time.Minute), fault) {
		t.Error("it pauses twice")
	}
}

func TestALoopIsEndedInTimeByDefault(t *testing.T) {
	p, _ := loadTiny(t, tiny{Validate: (*asm).Forever}, WithLimits(capabilities.Limits{}))
	start := time.Now()
	found := p.Validate(TestInput{})
	if len(found) != 1 || !strings.Contains(found[0].Message, "no answer within 100ms") {
		t.Errorf("found %v", found)
	}
	if took := time.Since(start); took > 10*time.Second { // 101 ms on a quiet machine
		t.Errorf("it took %v", took)
	}
}

func TestOpeningAFileCanCauseNoTraffic(t *testing.T) {
	request := func(a *asm) { a.HTTP(`{"method":"GET","url":"http://x/"}`) }
	client := &fakeHTTP{}
	limits := generous()
	r, _ := newTestRuntime(t, WithHTTP(client), WithLimits(limits))
	p, err := r.LoadPlugin(t.Context(), "x", tiny{
		Info:       `{"name":"x","version":"1","capabilities":["http"]}`,
		Initialize: func(a *asm) { request(a); a.Drop() },
		Init:       request, Validate: request,
	}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	found := p.Validate(TestInput{Target: "http://x"})
	if len(found) != 1 || found[0].Code != CodeFault {
		t.Errorf("found %v, want the response, which is no list, to be a fault", found)
	}
	if err := p.Init(t.Context(), map[string]any{"a": 1}); !says(err, `capability "http" cannot be used in plugin_init`) {
		t.Errorf("init: %v, want the refusal that plugin_init returned", err)
	}
	if n := client.count(); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}
