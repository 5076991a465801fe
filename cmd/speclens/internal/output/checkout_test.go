package output

import (
	"path/filepath"
	"testing"
)

func TestAnnotationsNameFilesFromTheRootOfTheCheckout(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	below := Checkout{Root: root, WorkDir: filepath.Join(root, "sub", "api")}
	for _, tt := range []struct {
		checkout   Checkout
		file, want string
	}{
		{below, "a.qube.yaml", "sub/api/a.qube.yaml"},
		{below, "../b.qube.yaml", "sub/b.qube.yaml"},
		{below, "../../../elsewhere/c.qube.yaml", "../../../elsewhere/c.qube.yaml"},
		{below, filepath.ToSlash(filepath.Join(root, "d.qube.yaml")), "d.qube.yaml"},
		{below, "..dots/e.qube.yaml", "sub/api/..dots/e.qube.yaml"},
		{below, "", ""},
		{Checkout{Root: root, WorkDir: root}, "sub/f.qube.yaml", "sub/f.qube.yaml"},
		{Checkout{Root: root, WorkDir: filepath.Dir(root)}, "g.qube.yaml", "g.qube.yaml"},
		{Checkout{WorkDir: root}, "h.qube.yaml", "h.qube.yaml"},
	} {
		if got := tt.checkout.name(tt.file); got != tt.want {
			t.Errorf("%q from %q in %q is %q, want %q", tt.file, tt.checkout.WorkDir, tt.checkout.Root, got, tt.want)
		}
	}
}
