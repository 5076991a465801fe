package capabilities

import (
	"context"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// maxLogMessage is the longest log line that is kept, in bytes.
const maxLogMessage = 16 << 10

// hostLog is host_log(level, ptr, len).
func hostLog(ctx context.Context, m api.Module, stack []uint64) {
	c := callFrom(ctx)
	message, ok := c.read(m, "host_log", uint32(stack[1]), uint32(stack[2]))
	if !ok {
		return
	}
	level := LogLevel(int32(stack[0]))
	level = min(max(level, LevelDebug), LevelError)
	c.write(level, "log", string(message[:min(len(message), maxLogMessage)]))
}

// WriteStream passes on one line that the guest wrote to its standard output or error.
func (c *Call) WriteStream(stream, line string) {
	level := LevelInfo
	if stream == "stderr" {
		level = LevelWarn
	}
	c.write(level, stream, line)
}

func (c *Call) write(level LogLevel, source, message string) {
	if c.Log == nil {
		return
	}
	switch {
	case c.logged == c.Limits.LogEntries:
		level, source, message = LevelWarn, "host", "the plugin writes too much: the rest of this call's log is dropped"
	case c.logged > c.Limits.LogEntries:
		return
	}
	c.logged++
	c.Log(LogEntry{
		Time: time.Now(), Level: level, Plugin: c.Plugin, Version: c.Version, Source: source,
		Message: strings.ToValidUTF8(message, "\uFFFD"),
	})
}
