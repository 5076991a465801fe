//go:build browser

package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// page is a page of a real Chromium, driven by the DevTools protocol over a pipe:
// https://chromedevtools.github.io/devtools-protocol/.
type page struct {
	t       *testing.T
	out     io.Writer
	session string

	mu      sync.Mutex
	id      int                    // guarded by mu
	waiting map[int]chan devtools  // by id; guarded by mu
	events  map[string]chan []byte // that somebody waits for; guarded by mu
	// requests are the URLs that the page asked for, complaints what its scripts and the browser complained of.
	requests, complaints []string // guarded by mu
}

// devtools is a message of the protocol.
type devtools struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// newPage starts the Chromium that $CHROMIUM names.
func newPage(t *testing.T) *page {
	t.Helper()
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		t.Fatal("CHROMIUM names no browser; run these tests with editors/test/run-report.sh")
	}
	toBrowser, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromBrowser, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--force-device-scale-factor=1", "--hide-scrollbars",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{toBrowser, theirs}
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	_, _ = toBrowser.Close(), theirs.Close()
	p := &page{t: t, out: ours, waiting: map[int]chan devtools{}, events: map[string]chan []byte{}}
	ended := make(chan struct{})
	go func() { defer close(ended); p.read(fromBrowser) }()
	t.Cleanup(func() {
		_ = p.send(devtools{ID: -1, Method: "Browser.close"})
		_ = cmd.Wait() // the context bounds it
		cancel()
		_ = ours.Close()
		<-ended
	})
	var target struct{ TargetID string }
	p.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	p.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		p.call(domain+".enable", map[string]any{}, nil)
	}
	return p
}

// read hands out what the browser says, until it says no more.
func (p *page) read(from io.Reader) {
	r := bufio.NewReader(from)
	for {
		raw, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m devtools
		if json.Unmarshal(raw[:len(raw)-1], &m) != nil {
			continue
		}
		p.mu.Lock()
		if waiting := p.waiting[m.ID]; m.Method == "" && waiting != nil {
			delete(p.waiting, m.ID)
			waiting <- m
		}
		p.note(m)
		if event := p.events[m.Method]; event != nil {
			delete(p.events, m.Method)
			event <- m.Params
		}
		p.mu.Unlock()
	}
}

// note keeps what a page must not do. The caller holds mu.
func (p *page) note(m devtools) {
	var params struct {
		Request          struct{ URL string }
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
		Entry struct{ Level, Text string }
		Type  string
	}
	_ = json.Unmarshal(m.Params, &params)
	switch m.Method {
	case "Network.requestWillBeSent":
		p.requests = append(p.requests, params.Request.URL)
	case "Runtime.exceptionThrown":
		p.complaints = append(p.complaints, params.ExceptionDetails.Text+" "+params.ExceptionDetails.Exception.Description)
	case "Log.entryAdded":
		p.complaints = append(p.complaints, params.Entry.Level+": "+params.Entry.Text)
	case "Runtime.consoleAPICalled":
		p.complaints = append(p.complaints, "console."+params.Type)
	}
}

func (p *page) send(m devtools) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = p.out.Write(append(raw, 0))
	return err
}

// call asks the browser for something and waits for the answer.
func (p *page) call(method string, params, result any) {
	p.t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		p.t.Fatal(err)
	}
	answer := make(chan devtools, 1)
	p.mu.Lock()
	p.id++
	m := devtools{ID: p.id, SessionID: p.session, Method: method, Params: raw}
	p.waiting[p.id] = answer
	p.mu.Unlock()
	if err := p.send(m); err != nil {
		p.t.Fatal(err)
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			p.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				p.t.Fatalf("%s: %v", method, err)
			}
		}
	case <-time.After(time.Minute):
		p.t.Fatalf("%s: no answer", method)
	}
}

// show opens a file in a light or dark browser of some width, and waits until it is there.
func (p *page) show(file, scheme string, width int) {
	p.t.Helper()
	feature := map[string]any{"name": "prefers-color-scheme", "value": scheme}
	p.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{feature}}, nil)
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	loaded := make(chan []byte, 1)
	p.mu.Lock()
	p.events["Page.loadEventFired"] = loaded
	p.mu.Unlock()
	path, err := filepath.Abs(file)
	if err != nil {
		p.t.Fatal(err)
	}
	p.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	select {
	case <-loaded:
	case <-time.After(time.Minute):
		p.t.Fatal("the page does not load")
	}
}

// eval evaluates an expression in the page.
func (p *page) eval(expression string, result any) {
	p.t.Helper()
	var answer struct {
		Result struct {
			Value json.RawMessage
		}
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	p.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
	if answer.ExceptionDetails != nil {
		p.t.Fatalf("%s: %s", expression, answer.ExceptionDetails.Exception.Description)
	}
	if result != nil {
		if err := json.Unmarshal(answer.Result.Value, result); err != nil {
			p.t.Fatalf("%s: %v", expression, err)
		}
	}
}

// picture takes a picture of the whole page, where somebody wants pictures.
func (p *page) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("SPECLENS_SHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	p.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), png, 0o644)
	}
	if err != nil {
		p.t.Fatal(fmt.Errorf("take a picture: %w", err))
	}
}

// quiet fails where the pages asked for anything but themselves, or where anything complained.
func (p *page) quiet(file string) {
	p.t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.requests {
		if u != "file://"+path && u != "about:blank" {
			p.t.Errorf("the page asks for %s", u)
		}
	}
	if len(p.requests) == 0 {
		p.t.Error("the browser tells of no request at all, so nothing is known")
	}
	for _, c := range p.complaints {
		p.t.Errorf("the browser complains: %s", c)
	}
}
