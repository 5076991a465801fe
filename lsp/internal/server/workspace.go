package server

import (
	"context"
	"path"
	"slices"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
	"github.com/speclens/speclens/lsp/internal/wire"
)

// didChangeFolders takes in which folders the workspace has.
func (s *Server) didChangeFolders(_ context.Context, req *wire.Request) (any, error) {
	var p protocol.DidChangeWorkspaceFoldersParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	event := parseLenient(req.Params).at("event")
	roots := slices.Clone(s.session.Snapshot().Roots())
	for _, gone := range paths(urisOf(event.at("removed"), "uri")) {
		roots = slices.DeleteFunc(roots, func(r string) bool { return r == gone })
	}
	for _, added := range paths(urisOf(event.at("added"), "uri")) {
		if !slices.Contains(roots, added) {
			roots = append(roots, added)
		}
	}
	s.session.SetRoots(roots)
	s.plugins.reload()
	s.everythingChanged()
	s.scanWorkspace()
	return nil, nil
}

// urisOf are the URIs that the items of a list have under some keys, as the editor wrote them: the protocol types would spell
// them anew.
func urisOf(list lenient, keys ...string) []string {
	var out []string
	for _, item := range list.list() {
		for _, key := range keys {
			if uri := item.at(key).text(); uri != "" {
				out = append(out, uri)
			}
		}
	}
	return out
}

// didChangeFiles takes in what happened on the disk.
func (s *Server) didChangeFiles(_ context.Context, req *wire.Request) (any, error) {
	var p protocol.DidChangeWatchedFilesParams
	if err := decode(req, &p); err != nil {
		return nil, err
	}
	s.filesChanged(urisOf(parseLenient(req.Params).at("changes"), "uri"))
	return nil, nil
}

// filesOperated takes in what the user did to files and folders in the editor. An editor whose watcher looks at files alone
// tells of a folder here only.
func (s *Server) filesOperated(_ context.Context, req *wire.Request) (any, error) {
	s.filesChanged(urisOf(parseLenient(req.Params).at("files"), "uri", "oldUri", "newUri"))
	return nil, nil
}

// filesChanged looks at files again. What happens to a folder happens to all that is in it, of which editors tell nothing.
func (s *Server) filesChanged(uris []string) {
	var changed []string
	plugins := false
	for _, uri := range uris {
		switch {
		case strings.HasSuffix(strings.ToLower(uri), ".wasm"):
			plugins = true
		case s.matters(uri):
			changed = append(changed, uri)
		}
	}
	inside, folders := s.session.Inside(uris...)
	changed = append(changed, inside...)
	if plugins || folders || slices.ContainsFunc(uris, holdsPlugins) {
		s.plugins.reload()
	}
	if len(changed) > 0 {
		s.session.FilesChanged(changed...)
		s.everythingChanged()
	}
	if folders || slices.ContainsFunc(changed, func(uri string) bool { return engine.KindOf(uri, "") == engine.KindConfig }) {
		s.scanWorkspace() // a configuration may call other files specs than before
	}
}

// matters reports whether a file of that name may say anything: YAML, and `.env`, whatever the settings call it.
func (s *Server) matters(uri string) bool {
	name := strings.ToLower(path.Base(uri))
	env := s.session.Snapshot().Settings().EnvFile
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.HasPrefix(name, ".env") ||
		env != "" && engine.PathFromURI(uri) == env
}

// holdsPlugins reports whether a URI is the folder of a workspace's plugins, or the one around it.
func holdsPlugins(uri string) bool {
	return strings.HasSuffix(uri, "/"+workspacePlugins) || strings.HasSuffix(uri, "/"+path.Dir(workspacePlugins))
}

// lookAtDisk reads again what is known of the disk: an editor that does not watch files tells of no change.
func (s *Server) lookAtDisk() {
	var uris []string
	for doc := range s.session.Snapshot().Documents() {
		if !doc.Open {
			uris = append(uris, doc.URI)
		}
	}
	s.session.FilesChanged(uris...)
}

// register asks the editor to watch files and the configuration, as far as it offers to.
func (s *Server) register(ctx context.Context) {
	c := s.client.Load()
	var wanted []protocol.Registration
	if c.watchFiles {
		wanted = append(wanted, protocol.Registration{
			ID: "files", Method: protocol.MethodWorkspaceDidChangeWatchedFiles, RegisterOptions: encode(s.watchers(c)),
		})
	}
	if c.watchConfiguration {
		wanted = append(wanted, protocol.Registration{
			ID: "configuration", Method: protocol.MethodWorkspaceDidChangeConfiguration,
			RegisterOptions: encode(map[string]string{"section": section}),
		})
	}
	if len(wanted) == 0 {
		return
	}
	if err := s.ask(ctx, protocol.MethodClientRegisterCapability, &protocol.RegistrationParams{Registrations: wanted}, nil); err != nil {
		s.log.Warn("the editor does not watch files", "error", err)
	}
}

// watchers are the files whose changes matter: specs and configurations, also those that only a configuration calls
// specs, environments and plugins.
func (s *Server) watchers(c *client) *protocol.DidChangeWatchedFilesRegistrationOptions {
	opts := &protocol.DidChangeWatchedFilesRegistrationOptions{}
	for _, pattern := range []string{"**/*.{yaml,yml}", "**/.env", "**/" + workspacePlugins + "/*.wasm"} {
		opts.Watchers = append(opts.Watchers, protocol.FileSystemWatcher{GlobPattern: protocol.Pattern(pattern)})
	}
	// Of a deleted folder editors name the folder alone, which may be called anything.
	opts.Watchers = append(opts.Watchers, protocol.FileSystemWatcher{GlobPattern: protocol.Pattern("**/*"), Kind: protocol.WatchKindDelete})
	if !c.relativePatterns {
		return opts
	}
	for _, dir := range append(slices.Clone(s.opts.PluginDirs), s.opts.UserPluginDir) {
		if dir == "" {
			continue
		}
		opts.Watchers = append(opts.Watchers, protocol.FileSystemWatcher{GlobPattern: &protocol.RelativePattern{
			BaseURI: protocol.URI(uri.URI(engine.URIFromPath(absolute(dir)))), Pattern: "*.wasm",
		}})
	}
	return opts
}
