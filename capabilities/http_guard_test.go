package capabilities

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
)

func TestAddressesThatNobodyMayReach(t *testing.T) {
	denied := []string{
		"169.254.169.254", "169.254.0.1", "169.254.255.255", "169.254.170.2", "fe80::1", "fe80::1%lo", "febf::1",
		"::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "2002:a9fe:a9fe::1", "::a9fe:a9fe",
		"::ffff:0:a9fe:a9fe", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192",
		"224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1", "255.255.255.255", "0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0", "64:ff9b::",
	}
	for _, text := range denied {
		var known *DeniedAddressError
		if err := CheckAddress(netip.MustParseAddr(text)); !errors.As(err, &known) {
			t.Errorf("%s: err = %v, want a *DeniedAddressError", text, err)
		}
	}
	allowed := []string{
		"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1", "1.1.1.1", "8.8.8.8",
		"fd12:3456::1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1",
		"168.63.129.15", "169.253.255.255", "169.255.0.0", "223.255.255.255",
	}
	for _, text := range allowed {
		if err := CheckAddress(netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestDeniedAddressesAreNeverDialledHoweverTheyAreSpelled(t *testing.T) {
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	// A server on all addresses: a connection to 0.0.0.0 or [::] would reach it.
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	_, port, _ := net.SplitHostPort(l.Addr().String())

	c := client(t, HTTPLimits{}, WithResolver(resolver(t, map[string][][]netip.Addr{
		"metadata.test": at("169.254.169.254"), "any.test": at("0.0.0.0"), "all.test": at("224.0.0.1", "0.0.0.0"),
	})))
	for _, host := range []string{
		"169.254.169.254", "169.254.169.254.", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE",
		"0251.0376.0251.0376", "025177524776", "169.254.43518",
		"169.16689662", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[0:0:0:0:0:ffff:a9fe:a9fe]",
		"[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]",
		"[fe80::1%25lo]", "[fd00:ec2::254]", "%31%36%39.254.169.254", "metadata.test", "METADATA.test.", "①⑥⑨.254.169.254",
		"0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]", "any.test", "all.test", "224.0.0.1", "[ff02::1]", "255.255.255.255",
	} {
		_, err := c.Do(t.Context(), HTTPRequest{URL: "http://" + host + ":" + port + "/latest/meta-data/"}, HTTPHooks{
			Sent: func(_, url string, _ int) { t.Errorf("%s: sent to %s", host, url) },
		})
		var known *HTTPError
		if !errors.As(err, &known) || known.Kind != HTTPDenied && known.Kind != HTTPNoSuchHost && known.Kind != HTTPBadRequest {
			t.Errorf("%s: err = %v", host, err)
		}
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
	response, err := c.Do(t.Context(), HTTPRequest{URL: "http://127.0.0.1:" + port}, HTTPHooks{})
	if err != nil || response.Status != 404 {
		t.Errorf("loopback: response %v, err %v", response, err)
	}
}

func TestANameThatChangesItsAddressIsCheckedAtEachConnection(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") })
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	rounds := append(at("127.0.0.1"), at("169.254.169.254")...)
	c := client(
		t, HTTPLimits{},
		WithResolver(resolver(t, map[string][][]netip.Addr{"rebind.test": rounds, "both.test": at("0.0.0.0", "127.0.0.1")})),
	)
	req := HTTPRequest{URL: "http://rebind.test:" + port}
	if _, err := c.Do(t.Context(), req, HTTPHooks{}); err != nil {
		t.Fatal(err)
	}
	_, err := c.Do(t.Context(), req, HTTPHooks{})
	wantKind(t, err, HTTPDenied, "169.254.169.254")
	response, err := c.Do(t.Context(), HTTPRequest{URL: "http://both.test:" + port}, HTTPHooks{})
	if err != nil || response.Remote != "127.0.0.1:"+port {
		t.Errorf("response %+v, err %v", response, err)
	}
}
