//go:build unix

package engine

import (
	"io/fs"
	"os"
	"syscall"
)

// foreign reports whether somebody else decides what lies in a folder: it belongs to another user than the one who runs this and
// the one to whom the specs belong, or everybody may write into it.
func foreign(folder, below fs.FileInfo) bool {
	if folder.Mode().Perm()&0o002 != 0 {
		return true
	}
	of, ok := folder.Sys().(*syscall.Stat_t)
	from, known := below.Sys().(*syscall.Stat_t)
	return ok && known && of.Uid != from.Uid && int64(of.Uid) != int64(os.Geteuid())
}
