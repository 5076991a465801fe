package plugin

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/speclens/speclens/capabilities"
)

// instance is one running copy of a module. It serves one call at a time; the pool sees to that.
type instance struct {
	core   *core
	mod    api.Module
	memory *guestMemory

	allocate, deallocate, execute, validate, init, info, destroy api.Function

	// call is the one under way, for the functions that wazero calls without a context.
	call   atomic.Pointer[capabilities.Call]
	stdout lineWriter
	stderr lineWriter

	calls int
	// generation is that of the configuration which plugin_init was given, 0 before it was called.
	generation int
	// broken instances are never used again.
	broken bool
	// idleSince is guarded by the pool's mutex.
	idleSince time.Time
}

// start instantiates a module, with memory that holds what it begins with, and runs its start function.
func (c *core) start(ctx context.Context, m *module, memory *guestMemory) (*instance, error) {
	ctx, cancel := c.whileOpen(ctx)
	defer cancel()
	in := &instance{core: c, memory: memory}
	memory.wait = in.waits
	if err := memory.open(m.initialMemory()); err != nil {
		in.close()
		return nil, c.fail(PhaseLoad, "", err)
	}
	in.stdout = lineWriter{in: in, stream: "stdout"}
	in.stderr = lineWriter{in: in, stream: "stderr"}
	config := wazero.NewModuleConfig().
		WithName("").           // many instances exist at a time
		WithStartFunctions().   // called below, under a deadline
		WithStdout(&in.stdout). // never the server's own
		WithStderr(&in.stderr).
		WithRandSource(rand.Reader).
		WithSysWalltime().
		WithSysNanotime().
		WithNanosleep(in.sleep)

	call := c.newCall(ctx, exportInitialize)
	err := c.guarded(ctx, in, call, c.rt.limits.InitTimeout, func(guest context.Context) error {
		mod, err := m.machine.runtime.InstantiateModule(experimental.WithMemoryAllocator(guest, memory), m.compiled, config)
		if err != nil {
			return err
		}
		in.mod = mod
		start := mod.ExportedFunction(exportInitialize)
		if start == nil {
			call.Export = exportStart
			start = mod.ExportedFunction(exportStart)
		}
		if start == nil {
			return nil
		}
		_, err = start.Call(guest)
		return err
	})
	if err != nil {
		in.close()
		return nil, c.startError(call.Export, err)
	}
	in.bind()
	return in, nil
}

func (c *core) startError(export string, err error) error {
	var exited *ErrExited
	if export == exportStart && errors.As(err, &exited) {
		err = fmt.Errorf("this is a command module, whose _start runs once and then ends (%w): %s", err, reactorAdvice)
	}
	return c.fail(PhaseLoad, export, err)
}

func (in *instance) bind() {
	in.allocate = in.mod.ExportedFunction(exportAllocate)
	in.deallocate = in.mod.ExportedFunction(exportDeallocate)
	in.execute = in.mod.ExportedFunction(exportExecute)
	in.validate = in.mod.ExportedFunction(exportValidate)
	in.init = in.mod.ExportedFunction(exportInit)
	in.info = in.mod.ExportedFunction(exportInfo)
	in.destroy = in.mod.ExportedFunction(exportDestroy)
}

// invoke hands input to f and returns a copy of what f returns; nil where that is nothing.
func (in *instance) invoke(ctx context.Context, call *capabilities.Call, f api.Function, input []byte) ([]byte, error) {
	packed, err := call.Give(ctx, in.mod, input)
	if err != nil {
		return nil, err
	}
	stack := [1]uint64{packed}
	if err := f.CallWithStack(ctx, stack[:]); err != nil {
		return nil, err
	}
	ptr, length := capabilities.Unpack(stack[0])
	if length == 0 {
		return nil, nil
	}
	if size, most := int64(length), in.core.rt.limits.OutputBytes; size > most {
		return nil, &ErrTooLarge{What: "output", Size: size, Most: most}
	}
	view, ok := in.mod.Memory().Read(ptr, length)
	if !ok {
		return nil, fmt.Errorf("returned %d bytes at %#x, outside its memory of %d bytes", length, ptr, in.mod.Memory().Size())
	}
	output := bytes.Clone(view)
	if in.deallocate != nil {
		if err := in.deallocate.CallWithStack(ctx, []uint64{stack[0]}); err != nil {
			return nil, fmt.Errorf("deallocate: %w", err)
		}
	}
	return output, nil
}

// worn says that the instance should be replaced: guests pin buffers, and memory never shrinks.
func (in *instance) worn() bool {
	limits := in.core.rt.limits
	return in.calls >= limits.CallsPerInstance || uint64(in.mod.Memory().Size()) > limits.SoftMemoryBytes
}

// destroyTimeout bounds plugin_destroy.
const destroyTimeout = time.Second

// retire lets the guest clean up, unless it is broken, and closes it.
func (in *instance) retire() {
	if !in.broken && in.destroy != nil {
		call := in.core.newCall(context.Background(), exportDestroy)
		err := in.core.guarded(context.Background(), in, call, destroyTimeout, func(guest context.Context) error {
			return in.destroy.CallWithStack(guest, nil)
		})
		if err != nil {
			call.Warn("destroy", "%v", in.core.fail(PhaseClose, exportDestroy, err))
		}
	}
	in.close()
}

func (in *instance) close() {
	if in.mod != nil {
		_ = in.mod.Close(context.Background()) // an instance without files has nothing that can fail to close
	}
	in.memory.close()
}

// waits is the context of the call under way, nil where there is none.
func (in *instance) waits() context.Context {
	if call := in.call.Load(); call != nil {
		return call.Host
	}
	return nil
}

// sleep is what the guest's clock calls; it ends with the call.
func (in *instance) sleep(ns int64) {
	if call := in.call.Load(); call != nil {
		call.Sleep(time.Duration(ns))
	}
}

// flush ends the lines that the guest left open.
func (in *instance) flush(call *capabilities.Call) {
	in.stdout.flush(call)
	in.stderr.flush(call)
}

// lastWords returns what the guest wrote to stderr in its last call, for an error's text.
func (in *instance) lastWords() string {
	words := strings.TrimSpace(string(in.stderr.words))
	if words == "" {
		return ""
	}
	return "; it wrote: " + strings.ToValidUTF8(strings.Join(strings.Fields(words), " "), "\uFFFD")
}

// lineWriter sends a guest's standard stream to the log, line by line.
type lineWriter struct {
	in     *instance
	stream string
	line   []byte
	words  []byte // the beginning of what the present call wrote
}

const (
	maxLine  = 8 << 10
	maxWords = 512
)

// Write never fails: a guest must not notice that nobody listens.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.words = append(w.words, p[:min(len(p), maxWords-len(w.words))]...)
	call := w.in.call.Load()
	for rest := p; len(rest) > 0; {
		line, after, found := bytes.Cut(rest, []byte("\n"))
		w.line = append(w.line, line[:min(len(line), maxLine-len(w.line))]...)
		if found {
			w.emit(call)
		}
		rest = after
	}
	return len(p), nil
}

func (w *lineWriter) flush(call *capabilities.Call) {
	if len(w.line) > 0 {
		w.emit(call)
	}
}

func (w *lineWriter) emit(call *capabilities.Call) {
	if call != nil {
		call.WriteStream(w.stream, strings.TrimSuffix(string(w.line), "\r"))
	}
	w.line = w.line[:0]
}
