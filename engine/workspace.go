package engine

import (
	"context"
	"slices"
)

const (
	// workspaceMost is how many YAML files of a workspace are looked at: a folder of more is no folder of specs.
	workspaceMost = 5000
	// workspaceBatch is how many of them are read at a time, so that an edit in between waits for a few files only.
	workspaceBatch = 20
)

// LoadWorkspace reads the specs below the workspace folders, so that the aliases and saved values of files that nobody
// has opened are known. Which files are specs is decided as for an opened document; hidden folders and node_modules are
// left out, and so is what cannot be read. It is meant to run in the background: an editor's documents win over what it
// reads, and changes of files are FilesChanged's business. The error is that of ctx.
func (s *Session) LoadWorkspace(ctx context.Context) (*Snapshot, error) {
	var paths []string
	for _, root := range s.Snapshot().Roots() {
		files, err := walk(ctx, root)
		if ctx.Err() != nil {
			return s.Snapshot(), ctx.Err()
		}
		if err == nil {
			paths = append(paths, files...)
		}
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for batch := range slices.Chunk(paths[:min(len(paths), workspaceMost)], workspaceBatch) {
		if ctx.Err() != nil {
			return s.Snapshot(), ctx.Err()
		}
		s.update(func(next *Snapshot) {
			for _, path := range batch {
				uri := URIFromPath(path)
				s.loadSurroundings(next, uri)
				s.readDisk(next, uri)
			}
		})
	}
	return s.Snapshot(), nil
}
