package plugin

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/speclens/speclens/capabilities"
)

// withMemory are limits of so many MiB for one instance and for all together.
func withMemory(each, total uint64) capabilities.Limits {
	l := generous()
	l.MemoryBytes, l.TotalMemoryBytes = each<<20, total<<20
	return l
}

// greedy grows its memory, page by page, until it gets no more, and writes to each page.
func greedy(a *asm) {
	a.Raw(0x03, 0x40) // loop
	a.Raw(0x3f, 0x00) // memory.size
	a.I32(1)          //
	a.Raw(0x6b)       // i32.sub
	a.I32(16)         //
	a.Raw(0x74)       // i32.shl: where the last page begins
	a.I32(7)
	a.Raw(0x36, 0x02, 0x10) // i32.store
	a.I32(1)
	a.Raw(0x40, 0x00) // memory.grow
	a.I32(-1)
	a.Raw(0x47, 0x0d, 0x00, 0x0b) // i32.ne, br_if 0, end
}

// greedyUntil is greedy that traps where it has fewer pages than that.
func greedyUntil(pages int32) func(a *asm) {
	return func(a *asm) {
		greedy(a)
		a.Raw(0x3f, 0x00)
		a.I32(pages)
		a.Raw(0x49, 0x04, 0x40, 0x00, 0x0b) // i32.lt_u, if, unreachable, end
		a.Return(`{"status":200,"duration_ms":1}`)
	}
}

func TestSixteenInstancesThatGrowToTheirLimitStayBelowTheBudgetOfAll(t *testing.T) {
	const each, total = 32, 64
	rss := peakRSS(t)
	p, _ := loadTiny(t, tiny{Execute: greedyUntil(each << 4)}, WithLimits(withMemory(each, total)))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
				t.Error(err) // whoever is first in the queue always gets what one may have
			}
		})
	}
	wg.Wait()
	budget := p.core.rt.memory
	if budget.peak > total<<20 || budget.peak < each<<20 {
		t.Errorf("at most %s were held, want %d to %d MiB", mebibytes(budget.peak), each, total)
	}
	if grown := rss(); grown > 3*total<<20 { // sixteen times the limit of one is 512 MiB
		t.Errorf("the process grew by %s", mebibytes(grown))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if budget.used != 0 || len(budget.lent) != 0 {
		t.Errorf("%d bytes and %d calls are on the budget of a plugin that is closed", budget.used, len(budget.lent))
	}
}

func TestAGuestThatGetsNoMemorySaysWhichLimitAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits capabilities.Limits
		want   string
		short  bool
	}{
		{
			"of all together", withMemory(32, 8),
			"plugin tiny@1.2.3: execute: it wants 8.1 MiB of memory, and all plugins together may hold 8 MiB; " +
				"raise speclens.plugins.memory in the editor or --plugin-memory on the command line: wasm error: unreachable", true,
		},
		{
			"of one", withMemory(8, 64),
			"plugin tiny@1.2.3: execute: wasm error: unreachable (it holds 8 MiB of memory, the most that one instance may)", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := loadTiny(t, tiny{Execute: greedyUntil(16 << 4)}, WithLimits(c.limits))
			for range 2 { // an instance that failed leaves nothing on the budget
				_, err := p.Execute(t.Context(), TestInput{}, nil)
				var short *ErrMemory
				if err == nil || err.Error() != c.want || errors.As(err, &short) != c.short {
					t.Errorf("error %v, want %s", err, c.want)
				}
			}
		})
	}
	r, _ := newTestRuntime(t, WithLimits(withMemory(32, 8)))
	_, err := r.LoadPlugin(t.Context(), "large", tiny{Info: tinyInfo, Pages: 12 << 4}.Bytes())
	if short := new(ErrMemory); !errors.As(err, &short) || !says(err, "plugin large: load: it wants 12 MiB of memory") {
		t.Errorf("a module that begins with more than all may hold: %v", err)
	}
	r.SetTotalMemory(16 << 20)
	if _, err := r.LoadPlugin(t.Context(), "large", tiny{Info: tinyInfo, Pages: 12 << 4}.Bytes()); err != nil {
		t.Errorf("with a higher limit: %v", err)
	}
}

func TestACallWaitsForMemoryThatOthersUse(t *testing.T) {
	g := newGate()
	r, rec := newTestRuntime(t, WithHTTP(g), WithLimits(withMemory(8, 8)))
	load := func(name string) *WASMPlugin {
		t.Helper()
		module := gated
		module.Info = strings.Replace(tinyInfo, `"tiny"`, `"`+name+`"`, 1)
		p, err := r.LoadPlugin(t.Context(), name, module.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first, second := load("first"), load("second")
	results := make(chan error, 2)
	execute := func(ctx context.Context, p *WASMPlugin) {
		_, err := p.Execute(ctx, TestInput{Target: "http://x"}, nil)
		results <- err
	}
	go execute(t.Context(), first)
	<-g.waiting
	if rec.count("destroyed") == 0 {
		// The instance of the second plugin is idle since it was loaded.
		first.core.rt.shed()
		eventually(t, "the idle instance is closed", func() bool { return rec.has("destroyed") })
	}
	ctx, cancel := context.WithCancel(t.Context())
	go execute(ctx, second)
	eventually(t, "the user can see why nothing happens", func() bool { return rec.has("waits for memory") })
	cancel()
	err := <-results
	if short := new(ErrMemory); !errors.As(err, &short) || !errors.Is(err, context.Canceled) ||
		!says(err, "plugin second@1.2.3: load: there is no memory left for it: it wants 0.1 MiB, other calls hold 0.1 MiB, and all plugins together may hold 8 MiB") ||
		!says(err, "or run fewer tests at a time") {
		t.Errorf("while another call holds it: %v", err)
	}
	go execute(t.Context(), second)
	eventually(t, "the second one waits", func() bool { return rec.count("waits for memory") == 2 })
	close(g.open)
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestALimitThatIsRaisedLetsThoseGoOnWhoWait(t *testing.T) {
	g := newGate()
	p, rec := loadTiny(t, gated, WithHTTP(g), WithLimits(withMemory(8, 8)))
	results := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := p.Execute(t.Context(), TestInput{Target: "http://x"}, nil)
			results <- err
		}()
	}
	<-g.waiting
	eventually(t, "the other one waits", func() bool { return rec.has("waits for memory") })
	p.core.rt.SetTotalMemory(32 << 20)
	<-g.waiting
	close(g.open)
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestValidationIsNotPausedBecauseAllPluginsTogetherLackMemory(t *testing.T) {
	p, rec := loadTiny(t, tiny{Validate: greedyUntil(16 << 4)}, WithLimits(withMemory(32, 8)))
	for range 2 * p.core.rt.limits.Faults {
		if found := p.Validate(TestInput{}); len(found) != 1 || !strings.Contains(found[0].Message, "all plugins together may hold 8 MiB") {
			t.Errorf("found %v", found)
		}
	}
	if p.Paused() != nil || len(rec.noticed()) > 0 {
		t.Errorf("paused for %v; notices %v", p.Paused(), rec.noticed())
	}
}

func TestMemoryGrowsWithoutLosingWhatItHolds(t *testing.T) {
	mapped, err := reserve(8 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]space{"reserved": mapped, "on the heap": &heapSpace{}} {
		small, err := s.commit(1 << 16)
		if err != nil {
			t.Fatal(err)
		}
		small[len(small)-1] = 7
		large, err := s.commit(8 << 20)
		if err != nil {
			t.Fatal(err)
		}
		if len(large) != 8<<20 || large[1<<16-1] != 7 || large[1<<16] != 0 || large[8<<20-1] != 0 {
			t.Errorf("%s: what was written is lost, or what is new is not empty", name)
		}
		if name == "reserved" && &small[0] != &large[0] {
			t.Error("memory for which addresses are set aside moved")
		}
		s.release()
	}
}
