package lsp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/speclens/speclens/lsp/lsptest"
)

func TestASavedSpecIsReadAsTheOriginalEngineWould(t *testing.T) {
	const (
		file  = "a.qube.yaml"
		typed = "target: http://localhost\ntests:\n  -\tGET /a -> 200\n"
	)
	told := func(ds any) bool { return strings.Contains(fmt.Sprint(ds), "would refuse this file") }
	t.Run("by default", func(t *testing.T) {
		e := lsptest.Start(t, lsptest.Options{})
		e.Open(file, typed)
		if told(e.Diagnostics(file)) {
			t.Error("it is told before the file is saved")
		}
		e.Save(file)
		e.Await("what the original engine would do", func(s *lsptest.State) bool { return told(s.Published[e.URI(file)].Diagnostics) })
		e.Replace(file, "/a", "/b")
		if told(e.Diagnostics(file)) {
			t.Error("it is still told of a text that was edited since")
		}
	})
	t.Run("switched off", func(t *testing.T) {
		e := lsptest.Start(t, lsptest.Options{InitOptions: map[string]any{"settings": map[string]any{"otherReaders": false}}})
		e.Open(file, typed)
		e.Save(file)
		again := e.Rediagnosed(file, func() { e.SetText(file, typed+"# edited\n"); e.Save(file) })
		if told(again) {
			t.Error("it is told though it is switched off")
		}
	})
}
