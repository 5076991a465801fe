package plugin

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
)

// gate is an HTTP client whose requests wait until it opens.
type gate struct {
	waiting chan struct{} // receives one value per request that waits
	open    chan struct{}
}

func newGate() gate { return gate{waiting: make(chan struct{}, 100), open: make(chan struct{})} }

func (g gate) Do(ctx context.Context, _ capabilities.HTTPRequest, _ capabilities.HTTPHooks) (*capabilities.HTTPResponse, error) {
	g.waiting <- struct{}{}
	select {
	case <-g.open:
		return &capabilities.HTTPResponse{Status: 200}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// gated is a plugin whose execute waits at the gate.
var gated = tiny{
	Initialize: starts, Execute: func(a *asm) { a.HTTP(`{"url":"http://x"}`) }, Destroy: func(a *asm) { a.Log(0, "destroyed") },
}

func TestThePoolGrowsToTheConcurrencyInUseUpToItsSizeAndShrinksWhenIdle(t *testing.T) {
	g := newGate()
	limits := generous()
	limits.Instances = 3
	limits.IdleInstance = 300 * time.Millisecond
	p, rec := loadTiny(t, gated, WithHTTP(g), WithLimits(limits))
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if _, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	for range 3 {
		<-g.waiting
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Execute(ctx, TestInput{Target: "http://x"}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a fourth call at once: %v, want it to wait for an instance until its context ends", err)
	}
	if n := len(g.waiting); n != 0 {
		t.Errorf("%d more calls run than there may be instances", n)
	}
	close(g.open)
	wg.Wait()
	if got := rec.count(started); got > 4 { // the one of the load may have been idle for too long
		t.Errorf("%d instances, want 3", got)
	}
	eventually(t, "all instances are closed", func() bool { return rec.count("destroyed") == rec.count(started) })
	if n := p.core.executing.idleCount(); n != 0 {
		t.Errorf("%d idle instances", n)
	}
	if _, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil); err != nil {
		t.Errorf("after the pool was empty: %v", err)
	}
}

func TestCallsOneAfterAnotherShareAnInstance(t *testing.T) {
	p, rec := loadTiny(t, tiny{Initialize: starts})
	for range 20 {
		if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := rec.count(started); got != 1 {
		t.Errorf("%d instances, want 1", got)
	}
}

func TestValidateAndExecuteUseDifferentInstances(t *testing.T) {
	p, rec := loadTiny(t, tiny{Initialize: starts, Validate: func(a *asm) { a.I64(0) }})
	for range 3 {
		p.Validate(TestInput{})
		if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := rec.count(started); got != 2 {
		t.Errorf("%d instances, want 2: what a run leaves in memory must not be there while editing", got)
	}
}

func TestAnInstanceIsReplacedWhenItIsWorn(t *testing.T) {
	destroy := func(a *asm) { a.Log(0, "destroyed") }
	growing := func(a *asm) {
		a.I32(20)
		a.Raw(0x40, 0x00, 0x1a) // memory.grow, drop
		a.Return(`{"status":0,"duration_ms":0}`)
	}
	byCalls, byMemory := generous(), generous()
	byCalls.CallsPerInstance = 3
	byMemory.SoftMemoryBytes = 1 << 20
	for _, c := range []struct {
		name   string
		limits capabilities.Limits
		tiny   tiny
		calls  int
		want   int // instances
	}{
		{"after many calls", byCalls, tiny{}, 7, 3},
		{"past the soft memory mark", byMemory, tiny{Execute: growing}, 3, 3},
		{"below the soft memory mark", byMemory, tiny{}, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.tiny.Initialize, c.tiny.Destroy = starts, destroy
			p, rec := loadTiny(t, c.tiny, WithLimits(c.limits))
			for range c.calls {
				if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
					t.Fatal(err)
				}
			}
			if got := rec.count(started); got != c.want {
				t.Errorf("%d instances, want %d", got, c.want)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if got := rec.count("destroyed"); got != c.want {
				t.Errorf("plugin_destroy ran %d times, want %d: once for each instance", got, c.want)
			}
		})
	}
}

func TestABrokenInstanceIsNotAskedToCleanUpAndABrokenCleanUpHarmsNobody(t *testing.T) {
	p, rec := loadTiny(t, tiny{Execute: (*asm).Unreachable, Destroy: func(a *asm) { a.Log(0, "destroyed") }})
	if _, err := p.Execute(t.Context(), TestInput{}, nil); err == nil {
		t.Fatal("no error")
	}
	if err := p.Close(); err != nil || rec.has("destroyed") {
		t.Errorf("close: %v, log %v", err, rec.lines())
	}
	trapping, rec := loadTiny(t, tiny{Destroy: (*asm).Unreachable})
	if err := trapping.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if !rec.has("plugin tiny@1.2.3: close: plugin_destroy: wasm error: unreachable") {
		t.Errorf("log %v", rec.lines())
	}
}

func TestPluginInitIsGivenItsConfigurationOncePerInstance(t *testing.T) {
	p, rec := loadTiny(t, tiny{
		Init:     func(a *asm) { logInput(a); a.I64(0) },
		Validate: func(a *asm) { a.I64(0) },
	})
	configs := func() string { return strings.ReplaceAll(strings.Join(rec.lines(), " "), "log info: ", "") }
	execute := func() {
		t.Helper()
		if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	execute()
	execute()
	if got := configs(); got != "null" {
		t.Errorf("without Init: %s, want null before the first call", got)
	}
	if err := p.Init(t.Context(), map[string]any{"token": "t", "n": 1}); err != nil {
		t.Fatal(err)
	}
	execute()
	if got := configs(); got != `null {"n":1,"token":"t"}` {
		t.Errorf("after Init: %s, want a new instance with the configuration", got)
	}
	if err := p.Init(t.Context(), map[string]any{"token": "t", "n": 1}); err != nil {
		t.Fatal(err)
	}
	execute()
	p.Validate(TestInput{})
	if got := configs(); got != `null {"n":1,"token":"t"} {"n":1,"token":"t"}` {
		t.Errorf("after the same Init again and Validate: %s, want one more, for the instance of Validate", got)
	}
	if err := p.Init(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := configs(); !strings.HasSuffix(got, " null") {
		t.Errorf("after Init with nothing: %s", got)
	}
}

func TestInitFails(t *testing.T) {
	echo := func(a *asm) { a.LocalGet(0) } // answers with its configuration
	for _, c := range []struct {
		name   string
		init   func(a *asm)
		config map[string]any
		want   string // "" for success
	}{
		{"with the error that the plugin returns", echo, map[string]any{"error": "no token"}, "plugin tiny@1.2.3: init: plugin_init: no token"},
		{"not with an empty error", echo, map[string]any{"error": ""}, ""},
		{"not with an answer of another form", echo, map[string]any{"ok": true}, ""},
		{"not with null", echo, nil, ""},
		{"not with an answer that is no JSON", returning("fine"), nil, ""},
		{"with a trap", (*asm).Unreachable, nil, "init: plugin_init: wasm error: unreachable"},
		{"with a loop", (*asm).Forever, nil, "init: plugin_init: no answer within 50ms"},
		{"with a configuration that is no JSON", echo, map[string]any{"f": func() {}}, "encode the configuration"},
	} {
		t.Run(c.name, func(t *testing.T) {
			limits := generous()
			if strings.Contains(c.want, "no answer") {
				limits.InitTimeout = 50 * time.Millisecond
			}
			p, _ := loadTiny(t, tiny{Init: c.init}, WithLimits(limits))
			err := p.Init(t.Context(), c.config)
			if c.want == "" {
				if err != nil {
					t.Errorf("error %v", err)
				}
				return
			}
			var typed *Error
			if !errors.As(err, &typed) || typed.Phase != PhaseInit || typed.Plugin != "tiny" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if strings.Contains(c.want, "encode") {
				return
			}
			if _, err := p.Execute(t.Context(), TestInput{}, nil); !errors.As(err, &typed) || typed.Phase != PhaseInit {
				t.Errorf("execute: %v, want the same error", err)
			}
		})
	}
	p, _ := loadTiny(t, tiny{})
	if err := p.Init(t.Context(), map[string]any{"a": 1}); err != nil {
		t.Errorf("a plugin without plugin_init: %v", err)
	}
}

func TestCloseWaitsForCallsUnderWayThenEndsThem(t *testing.T) {
	g := newGate()
	p, _ := loadTiny(t, gated, WithHTTP(g))
	result := make(chan error, 1)
	go func() {
		_, err := p.Execute(context.Background(), TestInput{Target: "http://x"}, nil)
		result <- err
	}()
	<-g.waiting
	closed := make(chan error, 1)
	go func() { closed <- p.Close() }()
	eventually(t, "new calls are refused", func() bool {
		_, err := p.Execute(t.Context(), TestInput{}, nil)
		return errors.Is(err, ErrClosed)
	})
	close(g.open)
	if err := <-result; err != nil {
		t.Errorf("the call under way: %v, want it to end in peace", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}

	limits := generous()
	limits.CloseGrace = 20 * time.Millisecond
	endless, _ := loadTiny(t, tiny{Execute: func(a *asm) { a.Emit(`{"kind":"Sent"}`); a.Forever() }}, WithLimits(limits))
	running := make(chan struct{})
	ctx := capabilities.WithSinks(context.Background(), capabilities.Sinks{})
	go func() {
		_, err := endless.Execute(ctx, TestInput{Timeout: "1h"}, (&opener{ch: running}).emit)
		result <- err
	}()
	<-running
	if err := endless.Close(); err != nil {
		t.Error(err)
	}
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Errorf("the endless call: %v, want ErrClosed", err)
	}
}

func TestNoCallAfterClosePanics(t *testing.T) {
	p, _ := loadTiny(t, tiny{Validate: func(a *asm) { a.I64(0) }})
	for range 2 {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, execute := p.Execute(t.Context(), TestInput{}, nil)
	for name, err := range map[string]error{"Execute": execute, "Init": p.Init(t.Context(), nil), "Prepare": p.Prepare(t.Context())} {
		var typed *Error
		if !errors.Is(err, ErrClosed) || !errors.As(err, &typed) || typed.Plugin != "tiny" || typed.Version != "1.2.3" {
			t.Errorf("%s: %v, want ErrClosed of tiny@1.2.3", name, err)
		}
	}
	if found := p.Validate(TestInput{}); len(found) != 1 || found[0].Code != CodeClosed {
		t.Errorf("Validate: %v", found)
	}
	if p.Info().Name != "tiny" || p.Paused() != nil {
		t.Error("Info and Paused need no module")
	}
}

func TestHandlesCloseOnTheirOwn(t *testing.T) {
	first, rec := loadTiny(t, tiny{Destroy: func(a *asm) { a.Log(0, "destroyed") }})
	second := first.share()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Execute(t.Context(), TestInput{}, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("the closed handle: %v", err)
	}
	if _, err := second.Execute(t.Context(), TestInput{}, nil); err != nil || rec.has("destroyed") {
		t.Errorf("the other handle: %v, log %v", err, rec.lines())
	}
	if err := second.Close(); err != nil || !rec.has("destroyed") {
		t.Errorf("the last handle: %v, log %v", err, rec.lines())
	}
}

func TestAPluginThatNobodyCanReachIsReleased(t *testing.T) {
	r, rec := newTestRuntime(t)
	func() {
		p, err := r.LoadPlugin(t.Context(), "x", tiny{Info: tinyInfo, Destroy: func(a *asm) { a.Log(0, "destroyed") }}.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
			t.Errorf("while it is in use: %v", err)
		}
	}()
	eventually(t, "the plugin is released", func() bool {
		runtime.GC()
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.cores) == 0 && rec.has("destroyed")
	})
}

func TestManyPluginsOfOneContentShareTheModule(t *testing.T) {
	r, _ := newTestRuntime(t)
	wasm := tiny{Info: tinyInfo}.Bytes()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			p, err := r.LoadPlugin(t.Context(), fmt.Sprint(i), wasm)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
				t.Error(err)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(r.compiler.modules); n != 0 {
		t.Errorf("%d modules remain", n)
	}
}
