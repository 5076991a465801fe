package plugin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/schema"
)

func TestEventsOfACall(t *testing.T) {
	for _, c := range []struct {
		name    string
		execute func(a *asm)
		want    string   // kinds and data, in order
		log     []string // parts, each exactly once
	}{
		{
			"streamed ones come first and in order",
			func(a *asm) {
				a.Emit(`{"kind":"Sent","data":{"n":1}}`)
				a.Emit(`{"kind":"Sent","data":{"n":2}}`)
				a.Return(`{"status":0,"duration_ms":0,"events":[{"kind":"Sent","data":{"n":3}}]}`)
			},
			"Sent{n:1} Sent{n:2} Sent{n:3}", nil,
		},
		{
			"one that is streamed and returned is delivered once, by kind and data",
			func(a *asm) {
				a.Emit(`{"kind":"Sent","data":{"n":1,"m":2}}`)
				a.Emit(`{"kind":"Sent","data":{}}`)
				a.Return(`{"status":0,"duration_ms":0,"events":[{"kind":"Sent","data":{"m":2,"n":1}},{"kind":"Sent"},{"kind":"Sent","data":{"n":9}}]}`)
			},
			"Sent{m:2 n:1} Sent{} Sent{n:9}", nil,
		},
		{
			"two that are alike and streamed are two, and a third that is returned is a third",
			func(a *asm) {
				a.Emit(`{"kind":"Sent"}`)
				a.Emit(`{"kind":"Sent"}`)
				a.Return(`{"status":0,"duration_ms":0,"events":[{"kind":"Sent"},{"kind":"Sent"},{"kind":"Sent"}]}`)
			},
			"Sent{} Sent{} Sent{}", nil,
		},
		{
			"an undeclared kind is passed on with one warning",
			func(a *asm) {
				a.Emit(`{"kind":"Odd"}`)
				a.Emit(`{"kind":"Odd","data":{"n":1}}`)
				a.Return(`{"status":0,"duration_ms":0}`)
			},
			"Odd{} Odd{n:1}", []string{`event "Odd" is not declared`},
		},
		{
			"bad JSON costs one warning",
			func(a *asm) {
				a.Emit(`{"kind":`)
				a.Emit(`[]`)
				a.Emit(`{"kind":"Sent"}`)
				a.Return(`{"status":0,"duration_ms":0}`)
			},
			"Sent{}", []string{"host_emit_event: not an event"},
		},
		{
			"no kind is no event",
			func(a *asm) {
				a.Emit(`{"data":{}}`)
				a.Return(`{"status":0,"duration_ms":0,"events":[{}]}`)
			},
			"", []string{"an event has no kind"},
		},
		{
			"an address outside the memory is ignored with one warning",
			func(a *asm) {
				for range 2 {
					a.I32(0x7fffffff)
					a.I32(50)
					a.Call("host_emit_event")
				}
				a.Return(`{"status":0,"duration_ms":0}`)
			},
			"", []string{"host_emit_event: 50 bytes at 0x7fffffff are outside"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, rec := loadTiny(t, tiny{Execute: c.execute})
			var events collector
			out, err := p.Execute(t.Context(), TestInput{}, events.emit)
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(events.events); got != c.want {
				t.Errorf("delivered %q, want %q", got, c.want)
			}
			if got := describe(out.Events); got != c.want {
				t.Errorf("listed %q, want %q", got, c.want)
			}
			for _, part := range c.log {
				if n := rec.count(part); n != 1 {
					t.Errorf("%q is logged %d times: %v", part, n, rec.lines())
				}
			}
			if len(c.log) == 0 && len(rec.lines()) > 0 {
				t.Errorf("log %v", rec.lines())
			}
			if out, err := p.Execute(t.Context(), TestInput{}, nil); err != nil || describe(out.Events) != c.want {
				t.Errorf("without a sink: %v, %v", out, err)
			}
		})
	}
}

func describe(events []schema.PluginEvent) string {
	var out []string
	for _, e := range events {
		out = append(out, e.Kind+strings.TrimPrefix(strings.NewReplacer("[", "{", "]", "}").Replace(fmt.Sprint(e.Data)), "map"))
	}
	return strings.Join(out, " ")
}

func TestTheHostSaysWhoseAnEventIs(t *testing.T) {
	p, _ := loadTiny(t, tiny{Execute: func(a *asm) {
		a.Emit(`{"plugin":"http","kind":"Sent"}`)
		a.Return(`{"status":0,"duration_ms":0,"events":[{"plugin":"redis","kind":"Sent","data":{"n":1}}]}`)
	}})
	var events collector
	if _, err := p.Execute(t.Context(), TestInput{}, events.emit); err != nil {
		t.Fatal(err)
	}
	if len(events.events) != 2 {
		t.Fatalf("%d events", len(events.events))
	}
	for _, e := range events.events {
		if e.Plugin != "tiny" {
			t.Errorf("event %+v, want it to be of the plugin tiny", e)
		}
	}
}

func TestAFloodOfEventsIsCut(t *testing.T) {
	limits := generous()
	limits.Events = 100
	for name, execute := range map[string]func(a *asm){
		"streamed": func(a *asm) {
			a.Repeat(5000, func() { a.Emit(`{"kind":"Sent"}`) })
			a.Return(`{"status":0,"duration_ms":0}`)
		},
		"returned": func(a *asm) {
			a.Return(`{"status":0,"duration_ms":0,"events":[` + strings.Repeat(`{"kind":"Sent"},`, 4999) + `{"kind":"Sent"}]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, rec := loadTiny(t, tiny{Execute: execute}, WithLimits(limits))
			var events collector
			out, err := p.Execute(t.Context(), TestInput{}, events.emit)
			if err != nil {
				t.Fatal(err)
			}
			if len(events.events) != 100 || len(out.Events) != 100 {
				t.Errorf("%d events delivered, %d listed, want 100", len(events.events), len(out.Events))
			}
			if rec.count("more than 100 events") != 1 {
				t.Errorf("log %v, want one warning", rec.lines())
			}
		})
	}
}

func TestAFloodOfLogLinesIsCut(t *testing.T) {
	limits := generous()
	limits.LogEntries = 10
	p, rec := loadTiny(t, tiny{Execute: func(a *asm) {
		a.Repeat(1000, func() { a.Log(1, "again") })
		a.Return(`{"status":0,"duration_ms":0}`)
	}}, WithLimits(limits))
	if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := rec.lines(); len(got) != 11 || !strings.Contains(got[10], "writes too much") {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}

func TestSinksReplaceEachEffectOnItsOwn(t *testing.T) {
	p, rec := loadTiny(t, tiny{Execute: func(a *asm) {
		a.Emit(`{"kind":"Sent"}`)
		a.Log(3, "words")
		a.Return(`{"status":0,"duration_ms":0}`)
	}})
	var own, sink collector
	var logged []capabilities.LogEntry
	ctx := capabilities.WithSinks(t.Context(), capabilities.Sinks{Events: sink.emit})
	if _, err := p.Execute(ctx, TestInput{}, own.emit); err != nil {
		t.Fatal(err)
	}
	if own.kinds() != "" || sink.kinds() != "Sent" || rec.count("words") != 1 {
		t.Errorf("own %q, sink %q, log %v", own.kinds(), sink.kinds(), rec.lines())
	}
	ctx = capabilities.WithSinks(t.Context(), capabilities.Sinks{Log: func(e capabilities.LogEntry) { logged = append(logged, e) }})
	if _, err := p.Execute(ctx, TestInput{}, own.emit); err != nil {
		t.Fatal(err)
	}
	if own.kinds() != "Sent" || rec.count("words") != 1 || len(logged) != 1 {
		t.Fatalf("own %q, log %v, sink %v", own.kinds(), rec.lines(), logged)
	}
	e := logged[0]
	if e.Plugin != "tiny" || e.Version != "1.2.3" || e.Level != capabilities.LevelError || e.Message != "words" || e.Time.IsZero() {
		t.Errorf("entry %+v", e)
	}
}
