package plugin

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/speclens/speclens/capabilities"
)

// Loader turns folders of *.wasm files into registries. It is safe for concurrent use.
//
// A registry that LoadDir has replaced stays usable for whoever holds it, such as a run under way; what it does not share
// with its successor is released when nobody can reach it any more, or by Close.
type Loader struct {
	options options
	current atomic.Pointer[Registry]
	runtime atomic.Pointer[WASMRuntime] // nil until the first plugin file
	grants  atomic.Pointer[capabilities.Grants]
	// totalMemory is Limits.TotalMemoryBytes.
	totalMemory atomic.Uint64

	// ctx ends with Close, and a LoadDir under way with it.
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	index  *index   // guarded by mu; nil until the first plugin file
	dirs   []string // guarded by mu; of the current registry
	files  []*file  // guarded by mu; of the current registry, in the order of their names
	closed bool     // guarded by mu
}

// file is a plugin file of the current registry.
type file struct {
	path string
	stat stat
	// checked is when the content was hashed.
	checked time.Time
	sha     string // "" where the file could not be read
	// ofProject files lie in a folder of a project.
	ofProject bool
	// odd files are not read at all; err says why.
	odd bool
	// plugin is nil where there is none to use; with err it is the one that the file held before.
	plugin *WASMPlugin
	err    error
	// lost says which other file's plugin is used in place of this one's.
	lost error
}

// NewLoader returns a loader that has loaded nothing yet.
func NewLoader(opts ...Option) *Loader {
	l := &Loader{options: collect(opts)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.grants.Store(&l.options.grants)
	l.totalMemory.Store(l.options.limits.TotalMemoryBytes)
	return l
}

// SetGrants replaces what the user allows each module, for plugins that are loaded already too.
func (l *Loader) SetGrants(g capabilities.Grants) {
	l.grants.Store(&g)
	if r := l.runtime.Load(); r != nil {
		r.SetGrants(g)
	}
}

// SetTotalMemory is WASMRuntime.SetTotalMemory for the plugins of the loader; 0 means the limit that it was made with.
func (l *Loader) SetTotalMemory(bytes uint64) {
	bytes = cmp.Or(bytes, l.options.limits.TotalMemoryBytes)
	l.totalMemory.Store(bytes)
	if r := l.runtime.Load(); r != nil {
		r.SetTotalMemory(bytes)
	}
}

// Current returns the registry that was loaded last, nil where none was.
func (l *Loader) Current() *Registry { return l.current.Load() }

// LoadDir loads every *.wasm file (any case) of dir, not of folders in it, in the order of the file names, together with
// the built-in plugins, and makes the result the current registry. An empty dir stands for no folder. Where the folder
// is unchanged the same registry is returned without work.
//
// A file that cannot be loaded is left out and reported by Registry.Problems. LoadDir fails where the folder cannot be
// read, where the context ends, and, with all problems joined, where there is nothing to put into a registry although
// there are files; the current registry then stays.
func (l *Loader) LoadDir(ctx context.Context, dir string) (*Registry, error) {
	return l.LoadDirs(ctx, dir)
}

// LoadDirs is LoadDir for several folders: where two of them have the same name or protocol, the first folder wins.
func (l *Loader) LoadDirs(ctx context.Context, dirs ...string) (*Registry, error) {
	return l.LoadProject(ctx, nil, dirs...)
}

// LoadProject is LoadDirs for the folders of a project, which come first, and for others. What lies in a project is not the
// user's: a plugin there that has the name of a built-in one is left out, as *ErrTakesOver.
func (l *Loader) LoadProject(ctx context.Context, project []string, others ...string) (*Registry, error) {
	dirs := slices.Concat(project, others)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return nil, fmt.Errorf("load plugins: loader is %w", ErrClosed)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	dirs, files, err := listAll(dirs)
	for _, f := range files {
		f.ofProject = slices.ContainsFunc(project, func(dir string) bool { return sameDir(dir, filepath.Dir(f.path)) })
	}
	if err != nil {
		return nil, fmt.Errorf("load plugins: %w", err)
	}
	if current := l.current.Load(); current != nil && !current.isClosed() && slices.Equal(l.dirs, dirs) && l.unchanged(files) {
		return current, nil
	}
	if err := l.load(ctx, dirs, files); err != nil {
		return nil, err
	}
	registry := l.merge(files)
	if problems := registry.Problems(); len(problems) > 0 && registry.empty() {
		errs := make([]error, len(problems))
		for i, p := range problems {
			errs[i] = p
		}
		return nil, errors.Join(append([]error{fmt.Errorf("load plugins: nothing in %s can be used", strings.Join(dirs, ", "))}, errs...)...)
	}
	l.dirs, l.files = dirs, files
	l.current.Store(registry)
	return registry, nil
}

// listAll returns the folders by their absolute paths, each once, and their plugin files.
func listAll(dirs []string) ([]string, []*file, error) {
	var names []string
	var files []*file
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		dir, err := filepath.Abs(dir)
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(names, dir) {
			continue
		}
		found, err := list(dir)
		if err != nil {
			return nil, nil, err
		}
		names, files = append(names, dir), append(files, found...)
	}
	return names, files, nil
}

// list returns the plugin files of a folder, given by its absolute path, in the order of their names.
func list(dir string) ([]*file, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []*file
	for _, e := range entries {
		if !strings.EqualFold(filepath.Ext(e.Name()), ".wasm") {
			continue
		}
		f := &file{path: filepath.Join(dir, e.Name())}
		info, err := os.Stat(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && e.Type()&fs.ModeSymlink == 0:
			continue // removed since ReadDir
		case err != nil:
			f.odd, f.err = true, &Error{Plugin: pluginName(f.path), Phase: PhaseLoad, Err: err}
		case info.IsDir():
			continue
		case !info.Mode().IsRegular(): // reading a pipe or a device may never end
			f.odd, f.err = true, &Error{Plugin: pluginName(f.path), Phase: PhaseLoad, Err: errors.New("is not a regular file")}
		default:
			f.stat = stat{size: info.Size(), modTime: info.ModTime().UnixNano()}
		}
		files = append(files, f)
	}
	return files, nil
}

// unchanged says whether files are those of the current registry. Files that were young when they were hashed are hashed
// again.
func (l *Loader) unchanged(files []*file) bool {
	if len(files) != len(l.files) {
		return false
	}
	for i, now := range files {
		then := l.files[i]
		if now.path != then.path || now.stat != then.stat || now.odd != then.odd || now.ofProject != then.ofProject || transient(then.err) {
			return false
		}
		if then.sha == "" || !young(then.stat.modTime, then.checked.UnixNano()) {
			continue
		}
		checked := time.Now()
		wasm, err := l.read(now.path)
		if err != nil || hashOf(wasm) != then.sha {
			return false
		}
		then.checked = checked
	}
	return true
}

// transient says that loading again may end otherwise although the file is the same.
func transient(err error) bool {
	if short := new(ErrMemory); errors.As(err, &short) {
		return true
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrClosed)
}

// load fills in the plugins of files.
func (l *Loader) load(ctx context.Context, dirs []string, files []*file) error {
	if len(files) == 0 {
		return nil
	}
	if err := l.ensureRuntime(ctx); err != nil {
		return fmt.Errorf("load plugins: %w", err)
	}
	before := map[string]*file{}
	for _, f := range l.files {
		before[f.path] = f
	}
	present := map[string]bool{}
	var unknown []*file
	wasm := map[*file][]byte{}
	for _, f := range files {
		present[f.path] = true
		if f.err != nil {
			continue
		}
		content, err := l.identify(f)
		if err != nil {
			f.err = err
			continue
		}
		if old := before[f.path]; old != nil && old.plugin != nil && old.err == nil && old.sha == f.sha && !old.plugin.handle.closed.Load() {
			f.plugin = old.plugin.share()
			continue
		}
		if m, ok := l.index.module(f.sha); ok {
			f.plugin, f.err = l.runtime.Load().known(pluginName(f.path), f.sha, m, l.source(f.path))
			continue
		}
		if content == nil {
			if content, f.err = l.read(f.path); f.err != nil {
				continue
			}
			f.sha = hashOf(content)
		}
		wasm[f] = content
		unknown = append(unknown, f)
	}
	if err := l.discover(ctx, unknown, wasm); err != nil {
		return fmt.Errorf("load plugins: %w", err)
	}
	for _, f := range files {
		f.keep(before[f.path])
		if f.plugin != nil && f.err == nil {
			l.index.setFile(f.path, f.stat, f.sha, f.checked)
			l.index.setModule(f.sha, f.plugin.core.manifest())
		}
	}
	if err := l.index.write(dirs, present, time.Now()); err != nil {
		l.options.log(capabilities.LogEntry{Level: capabilities.LevelWarn, Source: "host", Message: err.Error()})
	}
	return nil
}

// identify finds the hash of a file, from the index where that can be trusted. It returns the content if it had to read it.
func (l *Loader) identify(f *file) ([]byte, error) {
	if sha, ok := l.index.hash(f.path, f.stat); ok {
		f.sha, f.checked = sha, time.Unix(0, l.index.Files[f.path].Checked)
		return nil, nil
	}
	f.checked = time.Now()
	content, err := l.read(f.path)
	if err != nil {
		return nil, err
	}
	f.sha = hashOf(content)
	return content, nil
}

// discover compiles modules that are seen for the first time, a few at a time.
func (l *Loader) discover(ctx context.Context, files []*file, wasm map[*file][]byte) error {
	slots := make(chan struct{}, min(4, runtime.GOMAXPROCS(0)))
	var wg sync.WaitGroup
	for _, f := range files {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			f.plugin, f.err = l.runtime.Load().LoadPlugin(ctx, pluginName(f.path), wasm[f])
		})
	}
	wg.Wait()
	return ctx.Err()
}

// merge makes a registry of the plugins of files and the built-in ones. A built-in plugin gives way to a file's plugin
// of the same name, unless that one cannot be registered.
func (l *Loader) merge(files []*file) *Registry {
	registry := NewRegistry()
	settle(files)
	replaced := map[string]bool{}
	for _, f := range files {
		if f.plugin != nil && !l.takesOver(f) {
			replaced[f.plugin.core.info.Name] = true
		}
	}
	var second []Plugin
	for _, p := range l.options.builtins {
		if !isNil(p) && replaced[p.Info().Name] {
			second = append(second, p)
			continue
		}
		l.addBuiltin(registry, p)
	}
	for _, f := range files {
		if err := l.register(registry, f); err != nil {
			name := ""
			if f.plugin != nil {
				name = f.plugin.core.info.Name
			}
			registry.problems = append(registry.problems, LoadProblem{Path: f.path, Plugin: name, Err: err})
		}
	}
	for _, p := range second {
		if registry.ByName(p.Info().Name) == nil {
			l.addBuiltin(registry, p)
		}
	}
	return registry
}

func (l *Loader) addBuiltin(registry *Registry, p Plugin) {
	if isNil(p) {
		registry.problems = append(registry.problems, LoadProblem{Err: errors.New("a built-in plugin is nil")})
		return
	}
	if err := registry.register(p, func() error { return nil }); err != nil { // the loader closes it
		registry.problems = append(registry.problems, LoadProblem{Plugin: p.Info().Name, Err: err})
	}
}

// keep goes on with the plugin that the file held before, where it cannot be loaded now: a file that is being written is
// broken for a moment. f.err then says so.
func (f *file) keep(old *file) {
	if f.err == nil || f.plugin != nil || old == nil || old.plugin == nil || old.plugin.handle.closed.Load() || !old.plugin.core.compiled() {
		return
	}
	f.plugin = old.plugin.share()
	f.err = fmt.Errorf("%w; still using %s %s", f.err, f.plugin.core.info.Name, f.plugin.core.info.Version)
}

// settle leaves one file for each name: of two in one folder the one with the higher version, else the one that comes
// first. The others get an error that names both.
func settle(files []*file) {
	winners := map[string]*file{}
	for _, f := range files {
		if f.plugin == nil {
			continue
		}
		info := &f.plugin.core.info
		have, taken := winners[info.Name]
		if !taken || filepath.Dir(have.path) == filepath.Dir(f.path) && compareVersions(info.Version, have.plugin.core.info.Version) > 0 {
			winners[info.Name] = f
		}
	}
	for _, f := range files {
		if f.plugin == nil || winners[f.plugin.core.info.Name] == f {
			continue
		}
		info, won := f.plugin.core.info, winners[f.plugin.core.info.Name]
		f.lost = &Error{Plugin: info.Name, Version: info.Version, Phase: PhaseLoad, Err: fmt.Errorf(
			"two files hold a plugin of that name: %s (version %s) is used, and %s (version %s) is not; remove one of them",
			won.path, cmp.Or(won.plugin.core.info.Version, "unknown"), f.path, cmp.Or(info.Version, "unknown"))}
	}
}

// takesOver reports whether a file of a project has the name of a built-in plugin.
func (l *Loader) takesOver(f *file) bool { return f.ofProject && l.isBuiltin(f.plugin.core.info.Name) }

// sameDir reports whether a folder is the one of that absolute path.
func sameDir(dir, absolute string) bool {
	abs, err := filepath.Abs(dir)
	return err == nil && abs == absolute
}

func (l *Loader) register(registry *Registry, f *file) error {
	switch {
	case f.plugin == nil:
		return f.err
	case f.lost != nil:
		return errors.Join(f.lost, f.plugin.Close())
	}
	if l.takesOver(f) {
		info := f.plugin.core.info
		err := &Error{Plugin: info.Name, Version: info.Version, Phase: PhaseLoad, Err: &ErrTakesOver{info.Name}}
		return errors.Join(err, f.plugin.Close())
	}
	err := registry.register(f.plugin, f.plugin.Close)
	if err == nil {
		return f.err
	}
	info := f.plugin.core.info
	return errors.Join(&Error{Plugin: info.Name, Version: info.Version, Phase: PhaseLoad, Err: err}, f.plugin.Close())
}

func (l *Loader) ensureRuntime(ctx context.Context) error {
	if l.runtime.Load() != nil {
		return nil
	}
	r, err := newRuntime(ctx, l.options)
	if err != nil {
		return err
	}
	l.runtime.Store(r)
	r.SetGrants(*l.grants.Load())
	r.SetTotalMemory(l.totalMemory.Load())
	l.index = readIndex(r.compiler.cacheDir)
	return nil
}

// source returns what reads a file again, for a module that is compiled at its first use.
func (l *Loader) source(path string) func() ([]byte, error) {
	return func() ([]byte, error) { return l.read(path) }
}

// read returns a plugin file's content; errors are *Error.
func (l *Loader) read(path string) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, &Error{Plugin: pluginName(path), Phase: PhaseLoad, Err: err}
	}
	f, err := os.Open(path)
	if err != nil {
		return fail(err)
	}
	defer f.Close()
	most := l.options.limits.ModuleBytes
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return fail(err)
	case int64(len(content)) > most:
		size := most + 1
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		return fail(&ErrTooLarge{What: "module", Size: size, Most: most})
	}
	return content, nil
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// pluginName stands for a plugin until it has told its own.
func pluginName(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// Close closes the current registry, what is left of the registries before it, the built-in plugins and the runtime. Calls
// under way get until the end of ctx. Closing twice is allowed.
func (l *Loader) Close(ctx context.Context) error {
	l.cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var errs []error
	if runtime := l.runtime.Load(); runtime != nil {
		errs = append(errs, runtime.Close(ctx)) // with all plugins of files, also of older registries
	}
	if r := l.current.Load(); r != nil {
		errs = append(errs, r.Close())
	}
	for _, p := range slices.Backward(l.options.builtins) {
		if !isNil(p) {
			if err := p.Close(); err != nil {
				errs = append(errs, fmt.Errorf("close plugin %s: %w", p.Info().Name, err))
			}
		}
	}
	l.files = nil
	return errors.Join(errs...)
}
