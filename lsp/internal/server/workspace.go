package server

import (
	"context"
	"slices"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/speclens/speclens/engine"
)

// didChangeFolders takes in which folders the workspace has.
func (s *Server) didChangeFolders(p *protocol.DidChangeWorkspaceFoldersParams) error {
	roots := slices.Clone(s.session.Snapshot().Roots())
	for _, f := range p.Event.Removed {
		gone := engine.PathFromURI(string(f.URI))
		roots = slices.DeleteFunc(roots, func(r string) bool { return r == gone })
	}
	for _, f := range p.Event.Added {
		if added := engine.PathFromURI(string(f.URI)); added != "" && !slices.Contains(roots, added) {
			roots = append(roots, added)
		}
	}
	s.session.SetRoots(roots)
	s.plugins.reload()
	s.everythingChanged()
	s.scanWorkspace()
	return nil
}

// didChangeFiles takes in what happened on the disk.
func (s *Server) didChangeFiles(p *protocol.DidChangeWatchedFilesParams) error {
	var changed []string
	plugins := false
	for _, c := range p.Changes {
		if strings.HasSuffix(strings.ToLower(string(c.URI)), ".wasm") {
			plugins = true
		} else {
			changed = append(changed, string(c.URI))
		}
	}
	if plugins {
		s.plugins.reload()
	}
	if len(changed) > 0 {
		s.session.FilesChanged(changed...)
		s.everythingChanged()
		if slices.ContainsFunc(changed, func(uri string) bool { return engine.KindOf(uri, "") == engine.KindConfig }) {
			s.scanWorkspace() // it may call other files specs than before
		}
	}
	return nil
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
