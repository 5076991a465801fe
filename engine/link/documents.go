package link

import (
	"iter"

	"github.com/speclens/speclens/engine"
)

// Documents are the specs of the index, ordered by URI.
func (n *Names) Documents() iter.Seq[*engine.Document] {
	return func(yield func(*engine.Document) bool) {
		for _, f := range n.files {
			if !yield(f.doc) {
				return
			}
		}
	}
}
