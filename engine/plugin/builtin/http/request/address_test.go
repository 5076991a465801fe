package request

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// An address that is waved through must be one in which the long way finds nothing to say.
func TestPlainAddressesAreThoseWithNothingToSayAbout(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1:8080/x": true, "https://api.example.com/v1/users/42": true, "http://localhost": true, "http://localhost/": true,
		"http://localhost:0/": false, "http://localhost:65536": false, "http://localhost:/x": false, "http://localhost:+80": false,
		"http://0.0.0.0/": false, "http://169.254.169.254/": false, "http://[::1]/": false, "http://a:b@c/": false, "http://a@c/": false,
		"http://": false, "http:///x": false, "HTTP://a/": false, "ftp://a/": false, "a/b": false, "": false, "http://a/b?c": false,
		"http://a/b#c": false, "http://a/b%2": false, "http://a/b c": false, "http://a/\n": false, "http://ä/": false, "http://a?x": false,
		"http://a:1:2/": false,
	} {
		if got := plainAddress(address); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
		lookClosely(t, address)
	}
}

func FuzzPlainAddresses(f *testing.F) {
	f.Add("http://127.0.0.1:8080/x")
	f.Add("https://api.example.com/v1/users/42")
	f.Fuzz(lookClosely)
}

func lookClosely(t *testing.T, address string) {
	if !plainAddress(address) {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.RawQuery != "" {
		t.Fatalf("%q is not plain: %+v, %v", address, u, err)
	}
	if u.String() != address || strings.ContainsAny(address, "\r\n\t ") {
		t.Fatalf("%q is written as %q", address, u)
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil && addr.String() != "127.0.0.1" {
		t.Fatalf("%q holds the address %s", address, addr)
	}
	if refusedAddress("target", address, u.Hostname()) != nil {
		t.Fatalf("%q is refused", address)
	}
}
