package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/engine/plugin"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// phase is where a server stands in its life.
type phase int32

const (
	created phase = iota // waits for initialize
	serving
	ending // waits for exit
)

// Server is the server of one connection.
type Server struct {
	opts    Options
	log     *slog.Logger
	conn    *wire.Conn
	session *engine.Session
	loader  *plugin.Loader
	methods map[string]method

	phase   atomic.Int32
	started atomic.Bool            // by initialized, which counts once
	client  atomic.Pointer[client] // set by initialize, before which nothing reads it
	// spellings are the URIs of open documents as the editor wrote them, by canonical URI. Replaced as a whole, by
	// handlers in the order of the wire.
	spellings atomic.Pointer[map[string]string]

	diagnoser *diagnoser
	typing    *typing
	pulls     *pulls
	runs      *runs
	lenses    refresher
	hints     refresher
	plugins   *pluginWatch
	index     indexer
	results   resultFiles
	config    configuration

	// ctx ends with the connection; work counts what runs beside it.
	ctx    context.Context //nolint:containedctx // of the connection, which the server is made for
	cancel context.CancelFunc
	work   sync.WaitGroup

	// end gets why the session ended, when it was not the connection.
	end chan error
}

// errNoShutdown says that an editor ended without saying so before.
var errNoShutdown = errors.New("the editor sent exit without shutdown")

// Serve serves one connection until it ends. See package lsp.
func Serve(ctx context.Context, conn io.ReadWriteCloser, opts Options) error {
	tuneMemory()
	s, err := newServer(ctx, conn, opts)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	return s.serve(ctx)
}

// newServer makes the server of a connection that nobody reads yet.
func newServer(ctx context.Context, conn io.ReadWriteCloser, opts Options) (*Server, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Quiet <= 0 {
		opts.Quiet = defaultQuiet
	}
	if opts.Rest <= 0 {
		opts.Rest = defaultRest
	}
	s := &Server{
		opts: opts, log: opts.Logger, conn: wire.NewConn(conn, wire.Options{Logger: opts.Logger}),
		methods: methods(), runs: newRuns(), lenses: newRefresher(), hints: newRefresher(), pulls: newPulls(), plugins: newPluginWatch(),
		end: make(chan error, 1),
	}
	s.loader = plugin.NewLoader(append(s.pluginOptions(), opts.Plugins...)...)
	// Without folders this loads what is built in, at no cost: nothing is unknown while the folders are looked at.
	builtins, err := s.loader.LoadDirs(ctx)
	if err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s.session = engine.NewSession(engine.Options{Settings: opts.Settings, Registry: builtins})
	s.diagnoser = newDiagnoser(s)
	s.typing = newTyping(opts.Rest)
	s.spellings.Store(&map[string]string{})
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s, nil
}

// serve reads the connection until it ends.
func (s *Server) serve(ctx context.Context) error {
	defer s.close()
	if s.opts.ClientProcessID > 0 {
		s.watchProcess(s.opts.ClientProcessID)
	}
	return s.outcome(ctx, s.conn.Serve(ctx, s.handle))
}

// outcome turns the end of the connection into the end of the session.
func (s *Server) outcome(ctx context.Context, err error) error {
	select {
	case why := <-s.end:
		return why
	default:
	}
	switch {
	case ctx.Err() != nil:
		return nil
	case wire.Ended(err) && phase(s.phase.Load()) == ending:
		return nil
	case wire.Ended(err):
		return errors.New("the editor closed the connection without shutdown")
	case err != nil:
		return fmt.Errorf("the connection to the editor broke: %w", err)
	}
	return nil
}

// stop ends the session for a reason.
func (s *Server) stop(why error) {
	select {
	case s.end <- why:
	default:
	}
	s.conn.Close()
}

// close ends what runs beside the connection.
func (s *Server) close() {
	s.cancel()
	s.diagnoser.end()
	ended := make(chan struct{})
	go func() {
		s.work.Wait()
		close(ended)
	}()
	patience, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	select {
	case <-ended:
	case <-patience.Done():
		s.log.Warn("gave up on work that does not end")
	}
	if err := s.loader.Close(patience); err != nil {
		s.log.Warn("close the plugins", "error", err)
	}
	s.results.remove(s.log)
}

// background runs something beside the connection; Serve waits for it.
func (s *Server) background(name string, do func(ctx context.Context)) {
	s.work.Go(func() {
		defer s.guard(name)
		do(s.ctx)
	})
}

// guard keeps a panic of background work from taking the server down.
func (s *Server) guard(name string) {
	if r := recover(); r != nil {
		s.log.Error("background work panicked", "work", name, "panic", r, "stack", stack())
	}
}

// handle answers one message, as far as the phase allows.
func (s *Server) handle(ctx context.Context, req *wire.Request) (any, error) {
	answer, known := s.methods[req.Method]
	switch phase(s.phase.Load()) {
	case created:
		if !allowedEarly(req.Method) {
			return nil, refusal(req, wire.ServerNotInitialized, "the server waits for initialize")
		}
	case ending:
		if !allowedLate(req.Method) {
			return nil, refusal(req, wire.InvalidRequest, "the server was told to shut down")
		}
	case serving:
	}
	if !known {
		return nil, refusal(req, wire.MethodNotFound, fmt.Sprintf("the server does not know the method %.80q", req.Method))
	}
	return answer(s, ctx, req)
}

// refusal is the error for a request; a notification is dropped in silence.
func refusal(req *wire.Request, code wire.Code, message string) error {
	if !req.IsCall() {
		return nil
	}
	return wire.Errorf(code, "%s", message)
}

// spell gives a document's URI as the editor wrote it.
func (s *Server) spell(uri string) string {
	if spelling, ok := (*s.spellings.Load())[engine.CanonicalURI(uri)]; ok {
		return spelling
	}
	return uri
}

// ask sends a request that needs no human and waits for the answer, for a while.
func (s *Server) ask(ctx context.Context, method string, params, result any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return s.conn.Call(ctx, method, params, result)
}

// after waits; it returns false where ctx ended first.
func after(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
