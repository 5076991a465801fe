package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

const patience = time.Minute

// peer is the other end of a connection, which writes whatever bytes a test wants.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	// served gets what Serve returned.
	served chan error
	c      *Conn
}

type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int
		Message string
	} `json:"error"`
}

func serve(t *testing.T, h Handler) *peer {
	t.Helper()
	ours, theirs := net.Pipe()
	p := &peer{t: t, conn: theirs, in: bufio.NewReader(theirs), served: make(chan error, 1), c: NewConn(ours, Options{})}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { p.served <- p.c.Serve(ctx, h) }()
	t.Cleanup(func() {
		cancel()
		_ = theirs.Close()
	})
	_ = theirs.SetDeadline(time.Now().Add(patience))
	return p
}

func (p *peer) write(raw string) {
	p.t.Helper()
	if _, err := io.WriteString(p.conn, raw); err != nil {
		p.t.Fatalf("write %.80q: %v", raw, err)
	}
}

func (p *peer) send(body string) {
	p.t.Helper()
	p.write(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
}

func (p *peer) raw() string {
	p.t.Helper()
	length := 0
	for {
		line, err := p.in.ReadString('\n')
		if err != nil {
			p.t.Fatalf("read a header: %v", err)
		}
		if line == "\r\n" {
			break
		}
		if _, err := fmt.Sscanf(line, "Content-Length: %d", &length); err != nil {
			p.t.Fatalf("header %q: %v", line, err)
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(p.in, body); err != nil {
		p.t.Fatalf("read a body: %v", err)
	}
	return string(body)
}

func (p *peer) receive() message {
	p.t.Helper()
	var m message
	raw := p.raw()
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		p.t.Fatalf("%s: %v", raw, err)
	}
	return m
}

// answer expects the next message to be an answer of that id and code, 0 for a result.
func (p *peer) answer(id string, code Code) message {
	p.t.Helper()
	m := p.receive()
	got := 0
	if m.Error != nil {
		got = m.Error.Code
	}
	if string(m.ID) != id || got != int(code) {
		p.t.Fatalf("got id %s, code %d, error %+v; want id %s, code %d", m.ID, got, m.Error, id, code)
	}
	return m
}

func (p *peer) alive() {
	p.t.Helper()
	p.send(`{"jsonrpc":"2.0","id":"alive?","method":"echo","params":"yes"}`)
	if m := p.answer(`"alive?"`, 0); string(m.Result) != `"yes"` {
		p.t.Fatalf("echo answered %s", m.Result)
	}
}

func (p *peer) end() error {
	p.t.Helper()
	select {
	case err := <-p.served:
		return err
	case <-time.After(patience):
		p.t.Fatal("Serve does not end")
		return nil
	}
}

func echo(_ context.Context, req *Request) (any, error) {
	switch req.Method {
	case "echo":
		return raw(req.Params), nil
	case "void":
		return nil, nil
	case "fail":
		return nil, errors.New("out of order")
	case "panic":
		panic("the handler's bug")
	}
	return nil, Errorf(MethodNotFound, "no method %q", req.Method)
}

func TestWhatIsNoRequestIsAnsweredAndTheConnectionLives(t *testing.T) {
	for name, tc := range map[string]struct {
		body, id string
		code     Code
	}{
		"broken JSON":                    {`{"jsonrpc":"2.0","id":1,"method":`, "null", ParseError},
		"broken JSON within parameters":  {`{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":}}`, "null", ParseError},
		"nothing at all":                 {``, "null", ParseError},
		"two values":                     {`{} {}`, "null", ParseError},
		"nesting beyond any sense":       {strings.Repeat("[", 100_000), "null", ParseError},
		"a number":                       {`5`, "null", InvalidRequest},
		"null":                           {`null`, "null", InvalidRequest},
		"no version":                     {`{"id":7,"method":"echo"}`, "7", InvalidRequest},
		"another version":                {`{"jsonrpc":"1.0","id":"x","method":"echo"}`, `"x"`, InvalidRequest},
		"a fractional id":                {`{"jsonrpc":"2.0","id":1.5,"method":"echo"}`, "null", InvalidRequest},
		"an object as id":                {`{"jsonrpc":"2.0","id":{},"method":"echo"}`, "null", InvalidRequest},
		"a number as method":             {`{"jsonrpc":"2.0","id":3,"method":4}`, "3", InvalidRequest},
		"request and response in one":    {`{"jsonrpc":"2.0","id":3,"method":"echo","result":1}`, "3", InvalidRequest},
		"an empty batch":                 {`[]`, "null", InvalidRequest},
		"an unknown method":              {`{"jsonrpc":"2.0","id":-3,"method":"nope"}`, "-3", MethodNotFound},
		"a handler that panics":          {`{"jsonrpc":"2.0","id":0,"method":"panic"}`, "0", InternalError},
		"a handler that fails":           {`{"jsonrpc":"2.0","id":9007199254740993,"method":"fail"}`, "9007199254740993", InternalError},
		"a text that is not UTF-8 as id": {"{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":4}", `"` + "\ufffd" + `"`, InvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, echo)
			p.send(tc.body)
			p.answer(tc.id, tc.code)
			p.alive()
		})
	}
}

func TestWhatNeedsNoAnswerGetsNoneAndTheConnectionLives(t *testing.T) {
	for name, body := range map[string]string{
		"a notification that fails":             `{"jsonrpc":"2.0","method":"fail"}`,
		"a notification that panics":            `{"jsonrpc":"2.0","method":"panic"}`,
		"an unknown notification":               `{"jsonrpc":"2.0","method":"$/nope","params":[1]}`,
		"a response to nothing":                 `{"jsonrpc":"2.0","id":77,"result":1}`,
		"a malformed response":                  `{"jsonrpc":"2.0","id":77,"result":1,"error":2}`,
		"an empty object":                       `{}`,
		"a cancellation of an unknown id":       `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":99}}`,
		"a cancellation of an id beyond 32 bit": `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":9007199254740993}}`,
		"a cancellation of null":                `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":null}}`,
		"a cancellation of nothing":             `{"jsonrpc":"2.0","method":"$/cancelRequest"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, echo)
			p.send(body)
			p.alive()
		})
	}
}

func TestEveryFormOfHeaderIsRead(t *testing.T) {
	const body = `{"jsonrpc":"2.0","id":1,"method":"void"}`
	length := fmt.Sprint(len(body))
	for name, header := range map[string]string{
		"line feeds only":      "Content-Length: " + length + "\n\n",
		"lower case":           "content-length:" + length + "\r\n\r\n",
		"a content type":       "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: " + length + "\r\n\r\n",
		"an unknown field":     "Content-Length: " + length + "\r\nX-Trace: a:b:c\r\n\r\n",
		"spaces round a value": "Content-Length:   " + length + "  \r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, echo)
			p.write(header + body)
			if m := p.answer("1", 0); string(m.Result) != "null" {
				t.Errorf("result of a void request = %q, want null", m.Result)
			}
		})
	}
	t.Run("byte by byte", func(t *testing.T) {
		t.Parallel()
		p := serve(t, echo)
		for _, b := range []byte("Content-Length: " + length + "\r\n\r\n" + body) {
			p.write(string(b))
		}
		p.answer("1", 0)
	})
}

func TestAHeaderThatCannotBeTrustedEndsTheConnection(t *testing.T) {
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"no colon":               {"garbage\r\n\r\n", ErrHeader},
		"no length":              {"Content-Type: x\r\n\r\n", ErrHeader},
		"a negative length":      {"Content-Length: -1\r\n\r\n", ErrHeader},
		"a length that is none":  {"Content-Length: 1e3\r\n\r\n", ErrHeader},
		"an endless header line": {strings.Repeat("x", 3*maxHeader), ErrHeader},
		"endless header lines":   {strings.Repeat("A: b\r\n", maxHeader/6+1), ErrHeader},
		"one byte too much":      {fmt.Sprintf("Content-Length: %d\r\n\r\n", MaxMessage+1), ErrTooLarge},
		"2 GiB":                  {"Content-Length: 2147483647\r\n\r\n", ErrTooLarge},
		"beyond 64 bits":         {"Content-Length: 99999999999999999999\r\n\r\n", ErrHeader},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, echo)
			go func() { _, _ = io.WriteString(p.conn, tc.raw) }()
			if err := p.end(); !errors.Is(err, tc.want) {
				t.Errorf("Serve returned %v, want %v", err, tc.want)
			}
		})
	}
}

func TestALieAboutTheLengthAllocatesLittle(t *testing.T) {
	p := serve(t, echo)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p.write(fmt.Sprintf("Content-Length: %d\r\n\r\n{", MaxMessage))
	_ = p.conn.Close()
	if err := p.end(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Serve returned %v, want an unexpected end", err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 10<<20 {
		t.Errorf("%d MiB were allocated for one byte", grown>>20)
	}
}

func TestTheEndOfTheStream(t *testing.T) {
	const whole = "Content-Length: 40\r\n\r\n" + `{"jsonrpc":"2.0","id":1,"method":"void"}`
	for cut := range len(whole) {
		p := serve(t, echo)
		p.write(whole[:cut])
		_ = p.conn.Close()
		err := p.end()
		switch {
		case cut == 0 && !Ended(err):
			t.Errorf("between two messages: %v, want a clean end", err)
		case cut > 0 && !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("after %d bytes: %v, want an unexpected end", cut, err)
		}
	}
}

func TestMessagesAreHandledInTheOrderOfTheWire(t *testing.T) {
	var seen []string // touched by the handler alone: the race detector would tell if two ran at once
	p := serve(t, func(_ context.Context, req *Request) (any, error) {
		if req.Method == "count" {
			return len(seen), nil
		}
		seen = append(seen, string(req.Params))
		return nil, nil
	})
	for i := range 2000 {
		p.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":"change","params":[%d]}`, i))
	}
	p.send(`{"jsonrpc":"2.0","id":1,"method":"count"}`)
	if m := p.answer("1", 0); string(m.Result) != "2000" {
		t.Fatalf("%s messages were handled", m.Result)
	}
	for i, params := range seen {
		if params != fmt.Sprintf("[%d]", i) {
			t.Fatalf("message %d was %s", i, params)
		}
	}
}

func TestReleasedRequestsLetLaterMessagesPassAndRunAFewAtATime(t *testing.T) {
	started, finish := make(chan string, 100), make(chan struct{})
	ours, theirs := net.Pipe()
	c := NewConn(ours, Options{Concurrency: 3})
	served := make(chan error, 1)
	go func() {
		served <- c.Serve(t.Context(), func(ctx context.Context, req *Request) (any, error) {
			if req.Method != "slow" {
				return echo(ctx, req)
			}
			if err := req.Release(ctx); err != nil {
				return nil, err
			}
			started <- string(req.Params)
			<-finish
			return raw(req.Params), nil
		})
	}()
	p := &peer{t: t, conn: theirs, in: bufio.NewReader(theirs), served: served, c: c}
	for i := range 10 {
		p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"slow","params":"the parameters of %d"}`, i, i))
	}
	p.alive()
	for range 3 {
		<-started
	}
	if n := len(started); n > 0 {
		t.Errorf("%d more than three ran at a time", n)
	}
	close(finish)
	got := map[string]string{}
	for range 10 {
		m := p.receive()
		got[string(m.ID)] = string(m.Result)
	}
	for i := range 10 {
		if want := fmt.Sprintf(`"the parameters of %d"`, i); got[fmt.Sprint(i)] != want {
			t.Errorf("request %d answered %s", i, got[fmt.Sprint(i)])
		}
	}
	_ = theirs.Close()
	<-served
}

func TestCancellation(t *testing.T) {
	started := make(chan struct{}, 1000)
	slow := func(ctx context.Context, req *Request) (any, error) {
		if req.Method != "slow" {
			return echo(ctx, req)
		}
		if err := req.Release(ctx); err != nil {
			return nil, err
		}
		started <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for name, id := range map[string]string{"a number": "12", "a string": `"ab\"c"`, "zero": "0", "beyond 32 bit": "9007199254740993"} {
		t.Run("by "+name, func(t *testing.T) {
			p := serve(t, slow)
			p.send(`{"jsonrpc":"2.0","id":` + id + `,"method":"slow"}`)
			<-started
			p.send(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":` + id + `}}`)
			p.answer(id, RequestCancelled)
			p.alive()
		})
	}
	t.Run("reaches those that wait for their turn", func(t *testing.T) {
		p := serve(t, slow)
		const n = 500
		go func() {
			for i := range n {
				body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"slow"}`, i)
				fmt.Fprintf(p.conn, "Content-Length: %d\r\n\r\n%s", len(body), body)
			}
			for i := range n {
				body := fmt.Sprintf(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":%d}}`, i)
				fmt.Fprintf(p.conn, "Content-Length: %d\r\n\r\n%s", len(body), body)
			}
		}()
		answers := map[string]int{}
		for range n {
			m := p.receive()
			if m.Error == nil || m.Error.Code != int(RequestCancelled) {
				t.Fatalf("answer %+v", m)
			}
			answers[string(m.ID)]++
		}
		if len(answers) != n {
			t.Errorf("%d of %d requests were answered", len(answers), n)
		}
		p.alive()
	})
	t.Run("a second request with the id of one under way", func(t *testing.T) {
		p := serve(t, slow)
		p.send(`{"jsonrpc":"2.0","id":5,"method":"slow"}`)
		p.send(`{"jsonrpc":"2.0","id":5,"method":"echo"}`)
		p.answer("5", InvalidRequest)
		p.send(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":5}}`)
		p.answer("5", RequestCancelled)
		p.send(`{"jsonrpc":"2.0","id":5,"method":"echo","params":[1]}`)
		p.answer("5", 0)
	})
}

func TestABatchIsAnsweredMemberByMember(t *testing.T) {
	p := serve(t, echo)
	p.send(`[{"jsonrpc":"2.0","id":1,"method":"echo","params":["a"]},{"jsonrpc":"2.0","method":"panic"},5,` +
		`{"jsonrpc":"2.0","id":"b","method":"panic"}]`)
	var answers []message
	if err := json.Unmarshal([]byte(p.raw()), &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != 3 {
		t.Errorf("%d answers: %+v", len(answers), answers)
	}
	p.alive()
}

func TestAPeerThatDoesNotReadHoldsUpNobody(t *testing.T) {
	seen := make(chan string, 1)
	p := serve(t, func(ctx context.Context, req *Request) (any, error) {
		if req.Method == "last" {
			seen <- req.Method
		}
		return echo(ctx, req)
	})
	for i := range 100 {
		if err := p.c.NotifyLatest("one", "state", map[string]int{"n": i}); err != nil {
			t.Fatal(err)
		}
		p.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"void"}`, i))
	}
	p.send(`{"jsonrpc":"2.0","method":"last"}`)
	<-seen
	// The first state may be on its way already; of the others only the newest is left.
	var states []string
	answers := 0
	for answers < 100 {
		if m := p.receive(); m.Method == "state" {
			states = append(states, string(m.Params))
		} else {
			answers++
		}
	}
	if len(states) > 3 || states[len(states)-1] != `{"n":99}` {
		t.Errorf("states that came: %v", states)
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	q := newQueue()
	chunk := make([]byte, 1<<20)
	for range softLimit>>20 + 1 {
		if err := q.put(chunk, ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.offer(chunk); err != nil || q.lost() != 1 {
		t.Errorf("an optional message beyond the limit: %v, %d lost", err, q.lost())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := q.room(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("there is room: %v", err)
	}
	go func() { _ = q.run(io.Discard) }()
	if err := q.room(t.Context()); err != nil {
		t.Errorf("no room after a drain: %v", err)
	}
	q.end(ErrClosed)
	if err := q.put(chunk, ""); !errors.Is(err, ErrClosed) {
		t.Errorf("put after the end: %v", err)
	}

	q = newQueue()
	var err error
	for range hardLimit>>20 + 1 {
		err = q.put(chunk, "")
	}
	if !errors.Is(err, ErrStalled) {
		t.Errorf("beyond the hard limit: %v, want ErrStalled", err)
	}
}

func TestCalls(t *testing.T) {
	t.Run("a released handler asks back", func(t *testing.T) {
		var c *Conn
		p := serve(t, func(ctx context.Context, req *Request) (any, error) {
			req.Detach()
			var answer string
			if err := c.Call(ctx, "ask", []int{1}, &answer); err != nil {
				return nil, err
			}
			return "you said " + answer, nil
		})
		c = p.c
		p.send(`{"jsonrpc":"2.0","id":1,"method":"talk"}`)
		ask := p.receive()
		p.send(`{"jsonrpc":"2.0","id":` + string(ask.ID) + `,"result":"hi"}`)
		if m := p.answer("1", 0); string(m.Result) != `"you said hi"` {
			t.Errorf("answered %s", m.Result)
		}
	})
	t.Run("an error keeps its code", func(t *testing.T) {
		p := serve(t, echo)
		got := make(chan error, 1)
		go func() { got <- p.c.Call(t.Context(), "ask", nil, nil) }()
		ask := p.receive()
		p.send(`{"jsonrpc":"2.0","id":` + string(ask.ID) + `,"error":{"code":-32601,"message":"never heard of it"}}`)
		want := &Error{Code: MethodNotFound, Message: "never heard of it"}
		if err := <-got; !reflect.DeepEqual(err, want) {
			t.Errorf("got %#v", err)
		}
	})
	t.Run("without an answer they end with their context and say so", func(t *testing.T) {
		p := serve(t, echo)
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error, 1)
		go func() { got <- p.c.Call(ctx, "ask", nil, nil) }()
		ask := p.receive()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		m := p.receive()
		if m.Method != cancelRequest || string(m.Params) != `{"id":`+string(ask.ID)+`}` {
			t.Errorf("got %+v", m)
		}
		p.send(`{"jsonrpc":"2.0","id":` + string(ask.ID) + `,"result":"too late"}`)
		p.alive()
	})
	t.Run("end with the connection", func(t *testing.T) {
		p := serve(t, echo)
		got := make(chan error, 1)
		go func() { got <- p.c.Call(t.Context(), "ask", nil, nil) }()
		p.receive()
		_ = p.conn.Close()
		if err := <-got; err == nil {
			t.Error("no error")
		}
	})
}

func TestCloseWritesWhatIsQueued(t *testing.T) {
	p := serve(t, echo)
	for i := range 100 {
		if err := p.c.Notify("n", i); err != nil {
			t.Fatal(err)
		}
	}
	p.c.Close()
	for i := range 100 {
		if m := p.receive(); string(m.Params) != fmt.Sprint(i) {
			t.Fatalf("message %d: %s", i, m.Params)
		}
	}
	if err := p.end(); err != nil {
		t.Errorf("Serve returned %v", err)
	}
	if err := p.c.Notify("n", 1); !errors.Is(err, ErrClosed) {
		t.Errorf("Notify after the end: %v", err)
	}
}

// stuck is a stream whose reads no Close ends, like standard input.
type stuck struct {
	io.Writer
	never chan struct{}
}

func (s stuck) Read([]byte) (int, error) { <-s.never; return 0, io.EOF }
func (s stuck) Close() error             { return nil }

func TestAReadThatCloseDoesNotEndIsAbandoned(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	c := NewConn(stuck{io.Discard, never}, Options{})
	served := make(chan error, 1)
	go func() { served <- c.Serve(t.Context(), echo) }()
	c.Close()
	select {
	case err := <-served:
		if err != nil {
			t.Errorf("Serve returned %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Serve waits for a read that never ends")
	}
}
