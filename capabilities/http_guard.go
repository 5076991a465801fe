package capabilities

import (
	"context"
	"fmt"
	"net/netip"
	"syscall"
)

// DeniedAddressError says that an address may never be connected to, whatever is granted.
type DeniedAddressError struct {
	Addr   netip.Addr
	Reason string
}

func (e *DeniedAddressError) Error() string {
	return fmt.Sprintf("the address %s is refused: %s", e.Addr, e.Reason)
}

// deniedRange is one block of addresses that no plugin and no test may reach.
type deniedRange struct {
	prefix netip.Prefix
	reason string
}

const (
	reasonMetadata    = "it is where clouds keep a machine's credentials (metadata service)"
	reasonLinkLocal   = "it is link-local, where clouds keep a machine's credentials (metadata service); use the server's own address"
	reasonMulticast   = "it is a multicast address, not one server"
	reasonUnspecified = "it is where a server listens, not where it is called; use 127.0.0.1 or [::1]"
)

// deniedRanges is checked in order. Sources: RFC 3927, 4291, 5771, 1122 section 3.2.1.3, and the clouds' own manuals for
// the metadata services that are outside the link-local blocks.
var deniedRanges = []deniedRange{
	{netip.MustParsePrefix("169.254.0.0/16"), reasonLinkLocal},
	{netip.MustParsePrefix("fe80::/10"), reasonLinkLocal},
	{netip.MustParsePrefix("fd00:ec2::/32"), reasonMetadata},      // AWS over IPv6
	{netip.MustParsePrefix("fd20:ce::254/128"), reasonMetadata},   // Google Cloud over IPv6
	{netip.MustParsePrefix("100.100.100.200/32"), reasonMetadata}, // Alibaba Cloud
	{netip.MustParsePrefix("168.63.129.16/32"), reasonMetadata},   // Azure
	{netip.MustParsePrefix("192.0.0.192/32"), reasonMetadata},     // Oracle Cloud
	{netip.MustParsePrefix("224.0.0.0/4"), reasonMulticast},
	{netip.MustParsePrefix("ff00::/8"), reasonMulticast},
	{netip.MustParsePrefix("255.255.255.255/32"), "it is the broadcast address, not one server"},
	{netip.MustParsePrefix("0.0.0.0/8"), reasonUnspecified},
	{netip.MustParsePrefix("::/128"), reasonUnspecified},
}

// embeddedV4 lists the IPv6 blocks that carry an IPv4 address, and at which byte: RFC 6052 (NAT64), RFC 8215, RFC 3056
// (6to4), RFC 4291 (compatible; mapped ones are handled by Unmap), RFC 2765 (translated).
var embeddedV4 = []struct {
	prefix netip.Prefix
	at     int
}{
	{netip.MustParsePrefix("64:ff9b::/96"), 12},
	{netip.MustParsePrefix("64:ff9b:1::/48"), 12},
	{netip.MustParsePrefix("2002::/16"), 2},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12},
	{netip.MustParsePrefix("::/96"), 12},
}

// CheckAddress returns a *DeniedAddressError if addr may not be connected to: link-local, metadata services, multicast,
// broadcast, and unspecified addresses, also where an IPv6 address carries one of them. Loopback and private networks are
// fine: that is where APIs under test live.
func CheckAddress(addr netip.Addr) error {
	plain := addr.WithZone("").Unmap()
	for _, denied := range deniedRanges {
		if denied.prefix.Contains(plain) {
			return &DeniedAddressError{Addr: addr, Reason: denied.reason}
		}
	}
	if plain.Is4() || plain == netip.IPv6Loopback() {
		return nil
	}
	bytes := plain.As16()
	for _, block := range embeddedV4 {
		if !block.prefix.Contains(plain) {
			continue
		}
		inner := netip.AddrFrom4([4]byte(bytes[block.at : block.at+4]))
		for _, denied := range deniedRanges {
			if denied.prefix.Contains(inner) {
				return &DeniedAddressError{Addr: addr, Reason: fmt.Sprintf("it carries %s; %s", inner, denied.reason)}
			}
		}
	}
	return nil
}

// guardDial is a net.Dialer.ControlContext: it sees the address after name resolution, for each attempt, before the
// first packet leaves.
func guardDial(_ context.Context, network, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s %q: not an address: %w", network, address, err)
	}
	return CheckAddress(at.Addr())
}
