package engine

import "testing"

func TestAFileURIAndItsPathNameTheSameFile(t *testing.T) {
	tests := []struct {
		name, uri, path string
		windows         bool
		// canonical is the URI that the path gives back; empty where it is the uri itself.
		canonical string
	}{
		{name: "plain", uri: "file:///home/ada/users.qube.yaml", path: "/home/ada/users.qube.yaml"},
		{name: "blank", uri: "file:///a%20b/c.yaml", path: "/a b/c.yaml"},
		{name: "percent sign", uri: "file:///100%25/c.yaml", path: "/100%/c.yaml"},
		{name: "number sign", uri: "file:///a%23b.yaml", path: "/a#b.yaml"},
		{name: "question mark", uri: "file:///a%3Fb.yaml", path: "/a?b.yaml"},
		{name: "umlaut", uri: "file:///M%C3%BCller.yaml", path: "/Müller.yaml"},
		{name: "umlaut sent raw", uri: "file:///Müller.yaml", path: "/Müller.yaml", canonical: "file:///M%C3%BCller.yaml"},
		{name: "astral character", uri: "file:///%F0%9F%98%80.yaml", path: "/😀.yaml"},
		{name: "plus stays plus", uri: "file:///a+b.yaml", path: "/a+b.yaml"},
		{name: "colon sent encoded", uri: "file:///a%3Ab.yaml", path: "/a:b.yaml", canonical: "file:///a:b.yaml"},
		{name: "brackets sent raw", uri: "file:///[id].yaml", path: "/[id].yaml", canonical: "file:///%5Bid%5D.yaml"},
		{name: "at sign sent encoded", uri: "file:///%40x/a.yaml", path: "/@x/a.yaml", canonical: "file:///@x/a.yaml"},
		{name: "localhost", uri: "file://localhost/a.yaml", path: "/a.yaml", canonical: "file:///a.yaml"},
		{name: "scheme in capitals", uri: "FILE:///a.yaml", path: "/a.yaml", canonical: "file:///a.yaml"},
		{name: "dot segments", uri: "file:///a/../b.yaml", path: "/b.yaml", canonical: "file:///b.yaml"},
		{name: "two slashes in the path", uri: "file:///a//b.yaml", path: "/a/b.yaml", canonical: "file:///a/b.yaml"},
		{name: "single slash", uri: "file:/a.yaml", path: "/a.yaml", canonical: "file:///a.yaml"},
		{name: "query is no part of the path", uri: "file:///a.yaml?x=1", path: "/a.yaml", canonical: "file:///a.yaml"},
		{name: "fragment is no part of the path", uri: "file:///a.yaml#L3", path: "/a.yaml", canonical: "file:///a.yaml"},
		{name: "drive", uri: "file:///C:/x/a.yaml", path: `C:\x\a.yaml`, windows: true},
		{name: "drive sent encoded", uri: "file:///c%3A/x/a.yaml", path: `C:\x\a.yaml`, windows: true, canonical: "file:///C:/x/a.yaml"},
		{name: "drive in small letters", uri: "file:///d:/a.yaml", path: `D:\a.yaml`, windows: true, canonical: "file:///D:/a.yaml"},
		{name: "share", uri: "file://server/share/a.yaml", path: `\\server\share\a.yaml`, windows: true},
		{name: "share with a blank", uri: "file://server/my%20share/a.yaml", path: `\\server\my share\a.yaml`, windows: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := pathFromURI(tt.uri, tt.windows); got != tt.path {
				t.Errorf("path of %s is %q, want %q", tt.uri, got, tt.path)
			}
			want := tt.canonical
			if want == "" {
				want = tt.uri
			}
			if got := uriFromPath(tt.path, tt.windows); got != want {
				t.Errorf("URI of %s is %q, want %q", tt.path, got, want)
			}
			if got := pathFromURI(want, tt.windows); got != tt.path {
				t.Errorf("path of the canonical %s is %q, want %q", want, got, tt.path)
			}
		})
	}
}

func TestWhatIsNoFileURIHasNoPath(t *testing.T) {
	for _, uri := range []string{
		"", "untitled:Untitled-1", "git:/a.yaml?ref", "https://example.test/a.yaml", "vscode-remote://host/a.yaml", "file:", "file://",
		"file://host", "file:///%zz", "file:///a%00b", "fil", "file://elsewhere/a.yaml",
	} {
		if got := pathFromURI(uri, false); got != "" {
			t.Errorf("path of %q is %q, want none", uri, got)
		}
		if got := CanonicalURI(uri); got != uri {
			t.Errorf("canonical form of %q is %q, want it unchanged", uri, got)
		}
	}
}
