package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/speclens/speclens/engine/run"
)

// fanOut is one sink in place of several.
type fanOut []runSink

// Emit gives an event to each of them.
func (f fanOut) Emit(e run.Event) {
	for _, s := range f {
		s.Emit(e)
	}
}

// logSink writes to the program's log what plugins log below warnings, which the terminal shows with -v only.
type logSink struct{ log *slog.Logger }

// Emit takes the log lines among the events.
func (l logSink) Emit(e run.Event) {
	line, ok := e.(run.Log)
	if !ok {
		return
	}
	switch line.Level {
	case "debug":
		l.log.Debug(line.Message, "plugin", line.Plugin, "test", line.Test.Name)
	case "info":
		l.log.Info(line.Message, "plugin", line.Plugin, "test", line.Test.Name)
	}
}

// Err is nil: a log that cannot be written has nowhere to say so.
func (logSink) Err() error { return nil }

// Err is the first error that any of them has.
func (f fanOut) Err() error {
	var errs []error
	for _, s := range f {
		errs = append(errs, s.Err())
	}
	return errors.Join(errs...)
}

// reportTo is one --report FORMAT=FILE.
type reportTo struct{ format, path string }

// parseReports reads the values of --report. known says which formats there are, names lists them for people.
func parseReports(values []string, known func(string) bool, names string) ([]reportTo, error) {
	var list []reportTo
	seen := map[string]bool{}
	for _, v := range values {
		format, path, ok := strings.Cut(v, "=")
		switch {
		case !ok || path == "":
			return nil, usage("--report %q: write FORMAT=FILE, such as junit=report.xml", v)
		case !known(format):
			return nil, usage("--report %q: unknown format %q; choose one of %s", v, format, names)
		case seen[filepath.Clean(path)]:
			return nil, usage("--report %q: another report goes to this file already", v)
		}
		seen[filepath.Clean(path)] = true
		list = append(list, reportTo{format, path})
	}
	return list, nil
}

// reportFile is a file that is written beside its place and put there when it is whole, so that nobody ever reads half a
// report and an earlier one survives a run that ends early. What is no regular file, such as /dev/stdout, is written as it is.
type reportFile struct {
	*bufio.Writer
	file *os.File
	path string // where it goes; empty where it is written in place
	done bool
}

// unfinished are the files that stand beside the places of reports, for a process that has to end at once.
var unfinished besides

type besides struct {
	mu    sync.Mutex
	paths map[string]bool // guarded by mu
}

func (b *besides) add(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.paths == nil {
		b.paths = map[string]bool{}
	}
	b.paths[path] = true
}

func (b *besides) remove(path string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.paths, path)
}

// discard removes them. It keeps the lock: nothing may come after it.
func (b *besides) discard() {
	b.mu.Lock()
	for path := range b.paths {
		_ = os.Remove(path)
	}
}

// openReport makes sure that a report can be written. The error says why it cannot.
func openReport(path string) (*reportFile, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the file that a link names is replaced, not the link
	}
	mode := fs.FileMode(0o644)
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("write the report: %s is a folder; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("write the report: %w", err)
		}
		return &reportFile{Writer: bufio.NewWriter(f), file: f}, nil
	case err == nil:
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, fmt.Errorf("write the report %s: %w", path, err)
	}
	unfinished.add(f.Name())
	r := &reportFile{Writer: bufio.NewWriter(f), file: f, path: path}
	if err := f.Chmod(mode); err != nil {
		r.discard()
		return nil, fmt.Errorf("write the report %s: %w", path, err)
	}
	return r, nil
}

// commit puts the report in its place; one to which nothing was written is dropped.
func (r *reportFile) commit() error {
	info, err := r.file.Stat()
	if err != nil {
		r.discard()
		return fmt.Errorf("write the report: %w", err)
	}
	if r.path != "" && info.Size() == 0 && r.Buffered() == 0 {
		r.discard()
		return nil
	}
	err = r.Flush()
	if err == nil && r.path != "" {
		err = r.file.Sync()
	}
	if err = errors.Join(err, r.file.Close()); err == nil && r.path != "" {
		err = os.Rename(r.file.Name(), r.path)
	}
	if err != nil {
		r.discard()
		return fmt.Errorf("write the report: %w", err)
	}
	r.done = true
	unfinished.remove(r.file.Name())
	return nil
}

// discard leaves no trace of a report that was not committed.
func (r *reportFile) discard() {
	if r.done {
		return
	}
	r.done = true
	_ = r.file.Close() // a second close is harmless here
	if r.path != "" {
		_ = os.Remove(r.file.Name())
		unfinished.remove(r.file.Name())
	}
}

// reportFiles are the files of a run's reports.
type reportFiles []*reportFile

// openReports opens a file for each report, or none.
func openReports(list []reportTo) (reportFiles, error) {
	var files reportFiles
	for _, to := range list {
		f, err := openReport(to.path)
		if err != nil {
			files.discard()
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func (files reportFiles) commit() error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.commit())
	}
	return errors.Join(errs...)
}

func (files reportFiles) discard() {
	for _, f := range files {
		f.discard()
	}
}
