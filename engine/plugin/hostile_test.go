package plugin

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/speclens/speclens/capabilities"
	"github.com/speclens/speclens/engine/plugin/plugintest"
)

// TestHostilePluginsHarmNobodyElse validates on every keystroke with a dozen plugins that do their worst, beside one that
// behaves: each costs one notice, and the good one always answers.
func TestHostilePluginsHarmNobodyElse(t *testing.T) {
	const keystrokes = 30
	overflow := func(a *asm) { a.LocalGet(0); a.CallIndex(10) } // validate, which is the function after execute
	hostile := map[string]tiny{
		"loop":               {Validate: (*asm).Forever},
		"loop at a start":    {Validate: (*asm).Unreachable, Init: (*asm).Forever},
		"recursion":          {Validate: overflow},
		"trap":               {Validate: (*asm).Unreachable},
		"exit":               {Validate: func(a *asm) { a.I32(0); a.Call("proc_exit"); a.I64(0) }},
		"growth":             {Validate: func(a *asm) { a.Repeat(1<<30, func() { a.I32(1); a.Raw(0x40, 0x00, 0x1a) }); a.I64(0) }},
		"a gigabyte":         {Validate: func(a *asm) { a.I64(1<<32 | 1<<30) }},
		"garbage":            {Validate: returning("\xff\x00{{{")},
		"bad pointer":        {Validate: func(a *asm) { a.I64(-1 << 32); a.I64(7); a.Raw(0x84) }},
		"host call spin":     {Validate: func(a *asm) { a.Repeat(1<<30, func() { a.Log(3, "spam") }); a.I64(0) }},
		"failing allocation": {Validate: func(a *asm) { a.I64(0) }, Allocate: func(a *asm) { a.I64(0) }},
		"long sleep":         {Validate: func(a *asm) { a.Repeat(1<<20, func() { a.Sleep(int64(time.Hour)) }); a.I64(0) }},
	}
	limits := capabilities.Limits{ // those of validation are the default ones
		InitTimeout: 100 * time.Millisecond, InfoTimeout: 20 * time.Second, LogEntries: 10, HostCallGrace: 10 * time.Millisecond,
	}
	r, rec := newTestRuntime(t, WithLimits(limits))
	load := func(name string, module tiny) *WASMPlugin {
		t.Helper()
		module.Info = fmt.Sprintf(`{"name":%q,"version":"6.6.6"}`, strings.ReplaceAll(name, " ", "-"))
		p, err := r.LoadPlugin(t.Context(), name, module.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	good, _ := loadTiny(t, tiny{Validate: returning(`[{"field":"f","message":"m"}]`)})
	var plugins []*WASMPlugin
	for name, module := range hostile {
		plugins = append(plugins, load(name, module))
	}

	stop := make(chan struct{})
	var wrong, answers int
	var beside sync.WaitGroup
	beside.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if found := good.Validate(TestInput{}); len(found) != 1 || found[0].Field != "f" {
				wrong++
			}
			answers++
		}
	})
	var all sync.WaitGroup
	for _, p := range plugins {
		all.Go(func() {
			for range keystrokes {
				start := time.Now()
				p.Validate(TestInput{})
				if took := time.Since(start); took > 10*time.Second { // 100 to 110 ms alone on a machine
					t.Errorf("%s took %v", p.Info().Name, took)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	beside.Wait()
	if wrong > 0 || answers == 0 {
		t.Errorf("the plugin that behaves: %d of %d answers are wrong", wrong, answers)
	}
	notices := map[string]int{}
	for _, n := range rec.noticed() {
		notices[n.Plugin]++
	}
	for name := range hostile {
		if n := notices[strings.ReplaceAll(name, " ", "-")]; n != 1 {
			t.Errorf("%s: %d notices, want 1", name, n)
		}
	}
}

func TestAHostileModuleIsRefusedOrLoadedButNothingElse(t *testing.T) {
	limits := generous()
	limits.ModuleBytes = 8 << 20
	r, _ := newTestRuntime(t, WithLimits(limits))
	if _, err := r.LoadPlugin(t.Context(), "big", plugintest.Tiny{Info: tinyInfo + string(make([]byte, 8<<20))}.Bytes()); err == nil {
		t.Error("a module of more than 8 MiB loads")
	}
	p, err := r.LoadPlugin(t.Context(), "many", plugintest.Tiny{Info: tinyInfo, Functions: 5_000}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Execute(t.Context(), TestInput{}, nil); err != nil {
		t.Error(err)
	}
}
