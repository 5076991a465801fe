package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin/plugintest"
	"github.com/speclens/speclens/schema"
)

type (
	asm  = plugintest.Asm
	tiny = plugintest.Tiny
)

// returning is code that returns a constant.
func returning(s string) plugintest.Code { return func(a *asm) { a.Return(s) } }

// starts is code for _initialize that makes instances countable.
func starts(a *asm) { a.Log(0, "instance started") }

const started = "instance started"

func TestAFaultIsAnErrorThatSaysWhereAndTheInstanceIsReplaced(t *testing.T) {
	recursion := func(a *asm) { a.LocalGet(0); a.CallIndex(9) } // imports are 0-6; plugin_info 7, allocate 8, execute 9
	limits := generous()
	limits.OutputBytes = 1 << 20
	limits.MemoryBytes = 4 << 20
	for _, c := range []struct {
		name  string
		tiny  tiny
		phase Phase
		want  string
		is    error
	}{
		{"a trap", tiny{Execute: (*asm).Unreachable}, PhaseExecute, "wasm error: unreachable", nil},
		{
			"a trap after some words",
			tiny{Execute: func(a *asm) { a.Write(2, "panic: out of luck\n\ngoroutine 1"); a.Unreachable() }},
			PhaseExecute, "wasm error: unreachable; it wrote: panic: out of luck goroutine 1", nil,
		},
		{
			"an exit", tiny{Execute: func(a *asm) { a.I32(3); a.Call("proc_exit"); a.I64(0) }}, PhaseExecute,
			"the plugin ended itself with exit code 3", nil,
		},
		{
			"an exit with the code that stands for a timeout",
			tiny{Execute: func(a *asm) { a.I32(-0x10000001); a.Call("proc_exit"); a.I64(0) }},
			PhaseExecute, "ended itself with exit code 4026531839", nil,
		},
		{"a loop", tiny{Execute: (*asm).Forever}, PhaseExecute, "no answer within 200ms", context.DeadlineExceeded},
		{"endless recursion", tiny{Execute: recursion}, PhaseExecute, "stack overflow", nil},
		{"no output", tiny{Execute: func(a *asm) { a.I64(0) }}, PhaseDecode, "returned nothing", nil},
		{"null", tiny{Execute: returning(" null ")}, PhaseDecode, "returned null", nil},
		{"half a JSON value", tiny{Execute: returning(`{"status":200`)}, PhaseDecode, "is not a test's output", nil},
		{"two JSON values", tiny{Execute: returning(`{"status":1} {}`)}, PhaseDecode, "more follows", nil},
		{"JSON of another form", tiny{Execute: returning(`{"status":1,"headers":[1]}`)}, PhaseDecode, "cannot unmarshal array", nil},
		{
			"output outside its memory", tiny{Execute: func(a *asm) { a.I64(0x7ffffff0<<32 | 64) }}, PhaseExecute,
			"64 bytes at 0x7ffffff0, outside its memory", nil,
		},
		{
			"output that ends outside its memory", tiny{Execute: func(a *asm) { a.I64(0xfff0<<32 | 0xffff0) }}, PhaseExecute,
			"outside its memory", nil,
		},
		{
			"too much output", tiny{Execute: func(a *asm) { a.I64(0<<32 | 0x7fffffff) }}, PhaseExecute,
			"output of 2147483647 bytes is over the limit of 1048576", nil,
		},
		{"allocate that traps", tiny{Allocate: (*asm).Unreachable}, PhaseExecute, "wasm error: unreachable", nil},
		{"allocate that gives too little", tiny{Allocate: func(a *asm) { a.I64(64<<32 | 1) }}, PhaseExecute, "returned a buffer of 1 bytes", nil},
		{"allocate that gives nothing", tiny{Allocate: func(a *asm) { a.I64(0) }}, PhaseExecute, "returned a buffer of 0 bytes", nil},
		{
			"allocate that points outside",
			tiny{Allocate: func(a *asm) { a.I64(0x70000000 << 32); a.LocalGet(0); a.Raw(0xad, 0x84) }},
			PhaseExecute, "a buffer at 0x70000000, outside the module's memory", nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.tiny.Initialize = starts
			limits := limits
			limits.ExecuteTimeout = time.Minute
			if c.is != nil {
				limits.ExecuteTimeout = 200 * time.Millisecond
			}
			p, rec := loadTiny(t, c.tiny, WithLimits(limits))
			rounds := 2
			if c.name == "endless recursion" { // it takes a while until the stack is full
				rounds = 1
			}
			for round := 1; round <= rounds; round++ {
				_, err := p.Execute(t.Context(), TestInput{Target: "x"}, nil)
				var typed *Error
				if !errors.As(err, &typed) {
					t.Fatalf("error %v, want *Error", err)
				}
				if typed.Plugin != "tiny" || typed.Version != "1.2.3" || typed.Export != "execute" || typed.Phase != c.phase {
					t.Errorf("error of %s@%s, phase %s, export %s", typed.Plugin, typed.Version, typed.Phase, typed.Export)
				}
				if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "plugin tiny@1.2.3: "+string(c.phase)) {
					t.Errorf("error %q lacks %q", err, c.want)
				}
				if c.is != nil && !errors.Is(err, c.is) {
					t.Errorf("errors.Is(%v, %v) = false", err, c.is)
				}
				if got := rec.count(started); got != round {
					t.Errorf("%d instances after %d calls: a broken instance must not be used again", got, round)
				}
			}
		})
	}
	var exited *ErrExited
	p, _ := loadTiny(t, tiny{Execute: func(a *asm) { a.I32(3); a.Call("proc_exit"); a.I64(0) }})
	if _, err := p.Execute(t.Context(), TestInput{}, nil); !errors.As(err, &exited) || exited.Code != 3 {
		t.Errorf("error %v, want *ErrExited with code 3", err)
	}
}

func TestBuffersThatTheHostReadAreFreed(t *testing.T) {
	p, rec := loadTiny(t, tiny{Deallocate: func(a *asm) { logInput(a) }, Execute: returning(`{"status":1,"duration_ms":2}`)})
	if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
		t.Fatal(err)
	}
	want := "log info: " + tinyInfo + "\nlog info: " + `{"status":1,"duration_ms":2}`
	if got := strings.Join(rec.lines(), "\n"); got != want {
		t.Errorf("freed\n%s, want\n%s", got, want)
	}

	// It traps at its second call, which is the first execute.
	trapping, _ := loadTiny(t, tiny{Deallocate: func(a *asm) {
		a.I32(32)
		a.Raw(0x28, 0x02, 0x00, 0x04, 0x40, 0x00, 0x0b) // i32.load, if, unreachable, end
		a.I32(32)
		a.I32(1)
		a.Raw(0x36, 0x02, 0x00)
	}})
	if _, err := trapping.Execute(t.Context(), TestInput{}, nil); !says(err, "deallocate: wasm error: unreachable") {
		t.Errorf("error %v, want one about deallocate", err)
	}
}

func TestAGoGuestThatMisbehavesHarmsNoCallButItsOwn(t *testing.T) {
	limits := generous()
	limits.MemoryBytes = 32 << 20
	limits.SoftMemoryBytes = 24 << 20
	limits.ExecuteTimeout = time.Minute
	r, rec := newTestRuntime(t, WithCacheDir(plugintest.CacheDir(t)), WithLimits(limits))
	p, err := r.LoadPlugin(t.Context(), "misbehave", plugintest.Build(t, "misbehave"))
	if err != nil {
		t.Fatal(err)
	}
	do := func(what, timeout string) (*TestOutput, error) {
		return p.Execute(t.Context(), TestInput{Fields: map[string]any{"do": what}, Timeout: timeout}, nil)
	}
	for _, c := range []struct{ do, timeout, want string }{
		{"panic", "", "panic: boom goes the guest"},
		{"nil", "", "nil pointer dereference"},
		{"exit", "", "exit code 3"},
		{"loop", "50ms", "no answer within 50ms"},
		{"deadlock", "", "all goroutines are asleep"},
		{"recurse", "", "stack"},
		{"grow", "", "out of memory"},
		{"garbage", "", "is not a test's output"},
		{"wrong types", "", "cannot unmarshal array"},
		{"nothing", "", "returned nothing"},
		{"far away", "", "outside its memory"},
		{"too much", "", "over the limit"},
	} {
		_, err := do(c.do, c.timeout)
		if !says(err, c.want) || !strings.HasPrefix(err.Error(), "plugin misbehave@0.0.1: ") {
			t.Errorf("%s: error %v, want one with %q", c.do, err, c.want)
		}
		if out, err := do("", ""); err != nil || out.Status != "fine" {
			t.Errorf("the call after %s: %v, %v", c.do, out, err)
		}
	}

	out, err := do("files", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(out.Body); got != "map[args:0 env:0 error:open /etc/hostname: Bad file number]" {
		t.Errorf("the guest sees %s: want no file, no environment and no arguments", got)
	}
	if _, err := do("print", ""); err != nil {
		t.Fatal(err)
	}
	if !rec.has("stdout info: to standard output") || !rec.has("stderr warn: to standard error") {
		t.Errorf("what the guest prints belongs into the log: %v", rec.lines())
	}
}

func TestExecutePassesInputAndOutputUnharmed(t *testing.T) {
	p, _ := loadTiny(t, tiny{Execute: returning(`{"status":9007199254740993,"headers":{"A":"b"},"body":{"n":9007199254740993},
		"duration_ms":12,"error":"refused","metadata":{"m":1.50},"headers_all":{"A":["b","c"]},"later":true}`)})
	out, err := p.Execute(t.Context(), TestInput{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"status":9007199254740993,"headers":{"A":"b"},"body":{"n":9007199254740993},"duration_ms":12,"error":"refused",` +
		`"metadata":{"m":1.50},"headers_all":{"A":["b","c"]}}`
	if string(got) != want {
		t.Errorf("output\n%s, want\n%s", got, want)
	}

	echo, rec := loadTiny(t, tiny{Execute: func(a *asm) {
		logInput(a)
		a.Return(`{"status":0,"duration_ms":0}`)
	}})
	input := TestInput{
		Method: "GET", Resource: "/a<b>", Target: "http://x", Headers: map[string]string{"H": "v"}, Timeout: "2s",
		Fields: map[string]any{"n": json.Number("9007199254740993"), "s": "ü"},
	}
	if _, err := echo.Execute(t.Context(), input, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := echo.Execute(t.Context(), TestInput{}, nil); err != nil {
		t.Fatal(err)
	}
	wantLog := []string{
		`log info: {"method":"GET","resource":"/a\u003cb\u003e","target":"http://x","headers":{"H":"v"},` +
			`"timeout":"2s","fields":{"n":9007199254740993,"s":"ü"}}`,
		`log info: {"target":""}`,
	}
	if got := rec.lines(); strings.Join(got, "\n") != strings.Join(wantLog, "\n") {
		t.Errorf("the guest got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wantLog, "\n"))
	}
}

// logInput logs the bytes behind the function's packed parameter.
func logInput(a *asm) {
	a.I32(1)
	a.LocalGet(0)
	a.I64(32)
	a.Raw(0x88, 0xa7) // i64.shr_u, i32.wrap_i64
	a.LocalGet(0)
	a.Raw(0xa7)
	a.Call("host_log")
}

func TestTheTimeoutOfATestIsItsDeadline(t *testing.T) {
	p, _ := loadTiny(t, tiny{Execute: (*asm).Forever})
	for timeout, want := range map[string]string{
		"30ms": "no answer within 30ms",
		"soon": `timeout "soon" is not a duration such as "2s"`,
		"-1s":  `timeout "-1s" is negative`,
		"5":    `timeout "5" is not a duration`,
	} {
		_, err := p.Execute(t.Context(), TestInput{Timeout: timeout}, nil)
		if !says(err, want) {
			t.Errorf("timeout %s: error %v, want %q", timeout, err, want)
		}
	}
	quick, _ := loadTiny(t, tiny{Execute: (*asm).Forever}, WithLimits(capabilities.Limits{ExecuteTimeout: 20 * time.Millisecond}))
	for _, timeout := range []string{"", "0s"} {
		if _, err := quick.Execute(t.Context(), TestInput{Timeout: timeout}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("timeout %q: %v, want the default deadline", timeout, err)
		}
	}
	if _, err := p.Execute(t.Context(), TestInput{Fields: map[string]any{"f": func() {}}}, nil); !says(err, "encode the test") {
		t.Errorf("fields that are no JSON: %v", err)
	}
}

func TestTheCallersContextEndsACall(t *testing.T) {
	p, rec := loadTiny(t, tiny{Initialize: starts, Execute: func(a *asm) { a.Log(1, "running"); a.Forever() }})
	ctx, cancel := context.WithCancel(t.Context())
	ctx = capabilities.WithSinks(ctx, capabilities.Sinks{Log: func(e capabilities.LogEntry) {
		if e.Message == "running" {
			cancel()
		}
	}})
	if _, err := p.Execute(ctx, TestInput{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	// On a busy machine a deadline may come before there is an instance.
	for short := 30 * time.Millisecond; rec.count(started) < 2 && short < time.Minute; short *= 4 {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		if _, err := p.Execute(ctx, TestInput{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		cancel()
	}
	if got := rec.count(started); got != 2 {
		t.Errorf("%d instances, want a new one after the first was ended", got)
	}
}

// waiter is an HTTP client whose requests end with their context.
type waiter struct{ asked chan struct{} }

func (w waiter) Do(ctx context.Context, _ capabilities.HTTPRequest, _ capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
	if w.asked != nil {
		close(w.asked)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAWaitThatEndsWithItsContextCostsNoInstance(t *testing.T) {
	ctx := capabilities.WithSinks(t.Context(), capabilities.Sinks{HTTP: waiter{}})
	limits := generous()
	limits.HostCallGrace = 10 * time.Second
	p, rec := loadTiny(t, tiny{Initialize: starts, Execute: func(a *asm) { a.HTTP(`{"method":"GET","url":"http://x/"}`) }}, WithLimits(limits))
	for range 2 {
		out, err := p.Execute(ctx, TestInput{Target: "http://x", Timeout: "400ms"}, nil)
		if err != nil || out.Error != context.DeadlineExceeded.Error() {
			t.Errorf("output %+v, %v; want the plugin's own words about the timeout", out, err)
		}
	}
	sleeper, sleeps := loadTiny(t, tiny{Initialize: starts, Execute: func(a *asm) {
		a.Sleep(int64(time.Hour))
		a.Return(`{"status":"awake","duration_ms":0}`)
	}}, WithLimits(limits))
	for range 2 {
		out, err := sleeper.Execute(ctx, TestInput{Timeout: "400ms"}, nil)
		if err != nil || out.Status != "awake" {
			t.Errorf("output %+v, %v; want the sleep to end with the deadline", out, err)
		}
	}
	if rec.count(started) != 1 || sleeps.count(started) != 1 {
		t.Errorf("%d and %d instances, want the first to live on", rec.count(started), sleeps.count(started))
	}

	asked := make(chan struct{})
	cancelled, cancel := context.WithCancel(capabilities.WithSinks(t.Context(), capabilities.Sinks{HTTP: waiter{asked}}))
	go func() { <-asked; cancel() }()
	if _, err := p.Execute(cancelled, TestInput{Target: "http://x"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if rec.count(started) != 1 {
		t.Error("the instance was lost")
	}
}

func TestAGuestThatGoesOnAfterItsDeadlineIsEnded(t *testing.T) {
	limits := generous()
	limits.HostCallGrace = 30 * time.Millisecond
	p, rec := loadTiny(t, tiny{Initialize: starts, Execute: func(a *asm) { a.Sleep(int64(time.Hour)); a.Forever() }}, WithLimits(limits))
	// The second call has an instance of its own; on a busy machine a deadline may come before there is one.
	for calls, limit := 0, 20*time.Millisecond; calls < 2 || rec.count(started) < 2 && limit < time.Minute; calls, limit = calls+1, 2*limit {
		if _, err := p.Execute(t.Context(), TestInput{Timeout: limit.String()}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
	}
	if rec.count(started) != 2 {
		t.Errorf("%d instances, want 2", rec.count(started))
	}
}

func TestSleepIsReal(t *testing.T) {
	p, _ := loadTiny(t, tiny{Execute: func(a *asm) {
		a.Sleep(int64(40 * time.Millisecond))
		a.Return(`{"status":0,"duration_ms":0}`)
	}})
	start := time.Now()
	if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 40*time.Millisecond {
		t.Errorf("a sleep of 40 ms took %v", took)
	}
}

func TestTwoHundredCallsAtOnceGetTwoHundredRightAnswers(t *testing.T) {
	limits := generous()
	limits.Instances = 4
	r, _ := newTestRuntime(t, WithCacheDir(plugintest.CacheDir(t)), WithLimits(limits))
	p, err := r.LoadPlugin(t.Context(), "allfields", plugintest.Build(t, "allfields"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			var events collector
			resource := fmt.Sprintf("/thing/%d", i)
			out, err := p.Execute(t.Context(), TestInput{
				Method: "ECHO", Resource: resource, Target: "all://x",
				Fields: map[string]any{"text": strings.Repeat("x", i*10), "pause_ms": i % 3},
			}, events.emit)
			if err != nil {
				t.Error(err)
				return
			}
			body := out.Body.(map[string]any)
			if body["resource"] != resource || len(body["fields"].(map[string]any)["text"].(string)) != i*10 {
				t.Errorf("call %d got the answer of %v", i, body["resource"])
			}
			if got := events.kinds(); got != "Started Step.Done Undeclared Finished" {
				t.Errorf("call %d got the events %q", i, got)
			}
		})
	}
	wg.Wait()
	if n := p.core.executing.idleCount(); n < 1 || n > 4 {
		t.Errorf("%d instances, want 1 to 4", n)
	}
}

func TestAPanicOfTheHostCostsTheCallOnly(t *testing.T) {
	if err := recovered(func() error { panic("ouch") }); !says(err, "the host failed in this call: ouch") {
		t.Errorf("error %v", err)
	}
	// A sink that panics does so in a host function, with the guest's frames below it.
	p, rec := loadTiny(t, tiny{Initialize: starts, Execute: func(a *asm) {
		a.Emit(`{"kind":"Sent"}`)
		a.Return(`{"status":0,"duration_ms":0}`)
	}})
	_, err := p.Execute(t.Context(), TestInput{}, func(schema.PluginEvent) { panic("sink") })
	var typed *Error
	if !errors.As(err, &typed) || !says(err, "sink") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil || rec.count(started) != 2 {
		t.Errorf("the next call: %v, %d instances", err, rec.count(started))
	}
}
