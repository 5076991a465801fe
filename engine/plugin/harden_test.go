package plugin

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/speclens/speclens/engine/plugin/plugintest"
)

// table is the content of a table section: each table is funcref with limits.
func table(limits ...[]byte) []byte {
	out := []byte{byte(len(limits))}
	for _, l := range limits {
		out = append(append(out, funcref), l...)
	}
	return out
}

func atLeast(n uint64) []byte { return binary.AppendUvarint([]byte{0}, n) }
func between(least, most uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint([]byte{1}, least), most)
}

func TestATreeOfCallsWithoutLoopsIsEnded(t *testing.T) {
	// validate(n) calls validate(n-1) eight times; functions 0-6 are imports, plugin_info is 7, execute 9, validate 10.
	tree := tiny{
		Execute: func(a *asm) { a.I64(20); a.CallIndex(10) },
		Validate: func(a *asm) {
			a.LocalGet(0)
			a.Raw(0x50, 0x04, 0x40) // i64.eqz, if
			a.I64(0)
			a.Raw(0x0f, 0x0b) // return, end
			for range 8 {
				a.LocalGet(0)
				a.I64(1)
				a.Raw(0x7d) // i64.sub
				a.CallIndex(10)
				a.Drop()
			}
			a.I64(0)
		},
	}
	p, _ := loadTiny(t, tree)
	start := time.Now()
	_, err := p.Execute(t.Context(), TestInput{Timeout: "50ms"}, nil)
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 30*time.Second {
		t.Errorf("error %v after %v, want it to end with its deadline", err, took)
	}
}

func TestTablesAreLimited(t *testing.T) {
	grow := func(by int32) plugintest.Code { // traps unless the table grows
		return func(a *asm) {
			a.Raw(0xd0, funcref) // ref.null func
			a.I32(by)
			a.Raw(0xfc, 0x0f, 0x00) // table.grow 0
			a.I32(0)
			a.Raw(0x48, 0x04, 0x40, 0x00, 0x0b) // lt_s, if, unreachable, end
			a.Return(`{"status":"grown","duration_ms":0}`)
		}
	}
	for _, c := range []struct {
		name    string
		table   []byte
		execute plugintest.Code
		want    string // part of the error; empty for none
	}{
		{"a small one", table(atLeast(10)), nil, ""},
		{"one that grows a little", table(atLeast(10)), grow(1000), ""},
		{"one that grows up to its own limit", table(between(10, 20)), grow(10), ""},
		{"one that grows over its own limit", table(between(10, 20)), grow(11), "unreachable"},
		{"one that grows over the limit", table(atLeast(10)), grow(maxTableEntries), "unreachable"},
		{"one with a limit over the limit", table(between(10, 1<<27)), grow(maxTableEntries), "unreachable"},
		{"one that begins over the limit", table(atLeast(1 << 27)), nil, "tables of 134217728 entries are over the limit of 1048576"},
		{"two that together are over the limit", table(atLeast(maxTableEntries), atLeast(1)), nil, "tables of 1048577 entries"},
		{"one of another kind", []byte{1, 0x40, 0, 10}, nil, "compile:"},
		{"one with other limits", []byte{1, funcref, 4, 10}, nil, "compile:"},
		{"one that is cut off", []byte{2, funcref, 0, 10}, nil, "compile:"},
		{"more after the last", []byte{1, funcref, 0, 10, 0}, nil, "compile:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := newTestRuntime(t)
			p, err := r.LoadPlugin(t.Context(), "x", tiny{Info: tinyInfo, Table: c.table, Execute: c.execute}.Bytes())
			if err == nil {
				_, err = p.Execute(t.Context(), TestInput{}, nil)
			}
			if c.want == "" && err != nil || c.want != "" && (!says(err, c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestHardenRefusesWhatIsNotWellFormed(t *testing.T) {
	whole := tiny{Info: tinyInfo, Table: table(atLeast(1))}.Bytes()
	if _, err := harden(whole); err != nil {
		t.Fatal(err)
	}
	boundaries := 0
	for cut := range whole {
		hardened, err := harden(whole[:cut])
		if err == nil {
			boundaries++ // between two sections
			if len(hardened) < cut {
				t.Errorf("cut at %d: %d bytes", cut, len(hardened))
			}
		}
	}
	if boundaries == 0 || boundaries > 10 {
		t.Errorf("%d of %d cuts are taken for whole modules", boundaries, len(whole))
	}
	for name, section := range map[string][]byte{
		"a body that is too long":   {10, 4, 1, 9, 0, 0x0b},
		"locals without end":        {10, 9, 1, 7, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0x7f},
		"a number that never ends":  {10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"more after the last body":  {10, 5, 1, 2, 0, 0x0b, 0},
		"more bodies than bytes":    {10, 5, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"more tables than bytes":    {4, 5, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"a section beyond the file": {0, 9, 1},
	} {
		if _, err := harden(append([]byte("\x00asm\x01\x00\x00\x00"), section...)); !errors.Is(err, errWASM) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
