package engine

import (
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
)

// CanonicalURI is the one spelling under which a document is known, whatever the editor sent: a file URI is decoded and
// encoded again, and a Windows drive letter is upper case (`file:///c%3A/x` is `file:///C:/x`). Other schemes stay.
func CanonicalURI(uri string) string {
	path := PathFromURI(uri)
	if path == "" {
		return uri
	}
	return URIFromPath(path)
}

// InWorkspace reports whether a document of that URI is a part of the workspace: of all schemes, `file` alone names what lies
// there. `git:` and the like are views of something else, in which each document stands for itself.
func InWorkspace(uri string) bool {
	return len(uri) >= len("file:") && strings.EqualFold(uri[:len("file:")], "file:")
}

// Runnable reports whether the tests of a document can be run: those of a file, and of one that was not saved yet.
func Runnable(uri string) bool { return InWorkspace(uri) || strings.HasPrefix(uri, "untitled:") }

// PathFromURI is the path of a file URI in the host's form; empty for every other scheme, and for what is no URI.
func PathFromURI(uri string) string { return pathFromURI(uri, runtime.GOOS == "windows") }

// URIFromPath is the file URI of an absolute path.
func URIFromPath(path string) string { return uriFromPath(path, runtime.GOOS == "windows") }

func pathFromURI(uri string, windows bool) string {
	const scheme = "file:"
	if len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return ""
	}
	rest := uri[len(scheme):]
	host := ""
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		i := strings.IndexByte(after, '/')
		if i < 0 {
			return ""
		}
		host, rest = after[:i], after[i:]
	}
	// The query and fragment of a file URI name nothing on a disk.
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	path, err := url.PathUnescape(rest)
	if err != nil || path == "" || strings.ContainsRune(path, 0) {
		return ""
	}
	if !windows {
		if host != "" && !strings.EqualFold(host, "localhost") {
			return ""
		}
		return filepath.Clean(path)
	}
	if host != "" && !strings.EqualFold(host, "localhost") {
		return `\\` + host + strings.ReplaceAll(path, "/", `\`)
	}
	if len(path) >= 3 && path[0] == '/' && path[2] == ':' {
		path = strings.ToUpper(path[1:2]) + path[2:]
	}
	return strings.ReplaceAll(path, "/", `\`)
}

func uriFromPath(path string, windows bool) string {
	if windows {
		if rest, ok := strings.CutPrefix(path, `\\`); ok {
			host, tail, _ := strings.Cut(strings.ReplaceAll(rest, `\`, "/"), "/")
			return "file://" + host + "/" + escapePath(tail)
		}
		path = strings.ReplaceAll(path, `\`, "/")
		if len(path) >= 2 && path[1] == ':' {
			path = "/" + strings.ToUpper(path[:1]) + path[1:]
		}
	}
	return "file://" + escapePath(path)
}

// escapePath percent-encodes what may not stand in a URI's path, and nothing else, so that equal paths give equal URIs.
func escapePath(path string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(path))
	for i := range len(path) {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/-._~!$&'()*+,;=:@", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
