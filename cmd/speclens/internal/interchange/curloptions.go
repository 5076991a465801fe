package interchange

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// curlOption is an option of curl: what it does to the request that is being read.
type curlOption struct {
	long  string
	short byte
	// arg is set where the option takes an argument, noArg where it takes none.
	arg   func(p *curlParser, value string) error
	noArg func(p *curlParser)
	// off is what --no-NAME does; nil where that is the same as leaving the option out.
	off func(p *curlParser)
}

// curlOptions are the options that say what is sent. The lists behind them hold all others of curl's.
var curlOptions = []curlOption{
	{long: "request", short: 'X', arg: set(func(p *curlParser) *string { return &p.req.Method })},
	{long: "url", arg: func(p *curlParser, v string) error { p.urls = append(p.urls, v); return nil }},
	{long: "header", short: 'H', arg: (*curlParser).header},
	{long: "data", short: 'd', arg: (*curlParser).dataOrFile},
	{long: "data-ascii", arg: (*curlParser).dataOrFile},
	{long: "data-binary", arg: (*curlParser).dataBinary},
	{long: "data-raw", arg: func(p *curlParser, v string) error { p.addData(v); return nil }},
	{long: "data-urlencode", arg: (*curlParser).dataURLEncode},
	{long: "json", arg: (*curlParser).json},
	{long: "url-query", arg: (*curlParser).urlQuery},
	{long: "form", short: 'F', arg: (*curlParser).form},
	{long: "form-string", arg: (*curlParser).formString},
	{long: "user", short: 'u', arg: set(func(p *curlParser) *string { return &p.user })},
	{long: "oauth2-bearer", arg: set(func(p *curlParser) *string { return &p.bearer })},
	{long: "user-agent", short: 'A', arg: set(func(p *curlParser) *string { return &p.agent })},
	{long: "referer", short: 'e', arg: (*curlParser).referer},
	{long: "range", short: 'r', arg: func(p *curlParser, v string) error { p.byteRange = v; return nil }},
	{long: "cookie", short: 'b', arg: (*curlParser).cookie},
	{long: "max-time", short: 'm', arg: (*curlParser).maxTime},
	{long: "max-redirs", arg: set(func(p *curlParser) *string { return &p.req.MaxRedirects })},
	{long: "get", short: 'G', noArg: func(p *curlParser) { p.get = true }, off: func(p *curlParser) { p.get = false }},
	{long: "head", short: 'I', noArg: func(p *curlParser) { p.head = true }, off: func(p *curlParser) { p.head = false }},
	{long: "location", short: 'L', noArg: func(p *curlParser) { p.location = true }, off: func(p *curlParser) { p.location = false }},
	{long: "location-trusted", noArg: func(p *curlParser) {
		p.location = true
		p.note("--location-trusted is read as --location: credentials never follow a redirect to another origin")
	}},
	{long: "globoff", short: 'g', noArg: func(p *curlParser) { p.globoff = true }, off: func(p *curlParser) { p.globoff = false }},
	{long: "path-as-is", noArg: func(p *curlParser) { p.pathAsIs = true }, off: func(p *curlParser) { p.pathAsIs = false }},
	{long: "proto-default", arg: set(func(p *curlParser) *string { return &p.scheme })},
	{long: "next", short: ':', noArg: (*curlParser).next},
}

func set(field func(*curlParser) *string) func(*curlParser, string) error {
	return func(p *curlParser, v string) error { *field(p) = v; return nil }
}

// Options that say nothing about the request, by whether they take an argument. Where an option has a short form, it
// follows behind a comma.
const (
	ignoredFlags = `basic compressed silent,s show-error,S verbose,v include,i fail,f fail-with-body fail-early progress-bar,#
		progress-meter buffer,N http1.1 http2 http2-prior-knowledge http3 http3-only remote-name,O remote-name-all
		remote-header-name,J remote-time,R remove-on-error clobber create-dirs ipv4,4 ipv6,6 ssl-no-revoke ssl-revoke-best-effort
		ssl-allow-beast ssl ssl-reqd tlsv1,1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 sslv2,2 sslv3,3 false-start alpn npn sessionid
		tcp-fastopen tcp-nodelay keepalive trace-time trace-ids parallel,Z parallel-immediate retry-all-errors retry-connrefused
		disable,q styled-output raw suppress-connect-headers xattr junk-session-cookies,j disallow-username-in-url cert-status
		doh-cert-status use-ascii,B ignore-content-length metalink disable-eprt disable-epsv sasl-ir`
	ignoredWithArgument = `output,o output-dir write-out,w cookie-jar,c connect-timeout retry retry-delay retry-max-time dump-header,D
		trace trace-ascii stderr create-file-mode etag-save hsts alt-svc proto proto-redir tls-max ciphers tls13-ciphers curves
		limit-rate max-filesize speed-limit,Y speed-time,y keepalive-time happy-eyeballs-timeout-ms expect100-timeout interface
		local-port dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers parallel-max rate libcurl random-file egd-file engine
		delegation service-name noproxy`
	// notedFlags and notedWithArgument matter for the connection and not for the request.
	notedFlags = `insecure,k doh-insecure proxy-insecure proxy-basic proxy-digest proxy-ntlm proxy-negotiate proxy-anyauth
		proxytunnel,p http1.0,0 http0.9 tr-encoding post301 post302 post303 haproxy-protocol netrc,n netrc-optional crlf`
	notedWithArgument = `cacert capath cert,E cert-type key key-type pass crlfile pinnedpubkey proxy,x preproxy proxy1.0 proxy-user,U
		proxy-header proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-key proxy-key-type proxy-pass proxy-ciphers
		proxy-tls13-ciphers proxy-crlfile proxy-pinnedpubkey socks4 socks4a socks5 socks5-hostname socks5-gssapi-service
		proxy-service-name resolve connect-to doh-url netrc-file`
	refusedFlags        = `digest ntlm ntlm-wb negotiate anyauth list-only,l append,a help,h manual,M version,V`
	refusedWithArgument = `aws-sigv4 upload-file,T config,K unix-socket abstract-unix-socket request-target continue-at,C time-cond,z
		etag-compare quote,Q telnet-option,t ftp-port,P mail-from mail-rcpt krb tlsuser tlspassword tlsauthtype login-options
		sasl-authzid`
)

// allCurlOptions is the table of every option that is understood.
var allCurlOptions = func() []curlOption {
	all := slices.Clone(curlOptions)
	add := func(list string, make func(o *curlOption)) {
		for _, word := range strings.Fields(list) {
			long, short, _ := strings.Cut(word, ",")
			o := curlOption{long: long}
			if short != "" {
				o.short = short[0]
			}
			make(&o)
			all = append(all, o)
		}
	}
	add(ignoredFlags, func(o *curlOption) { o.noArg = func(*curlParser) {} })
	add(ignoredWithArgument, func(o *curlOption) { o.arg = func(*curlParser, string) error { return nil } })
	add(notedFlags, func(o *curlOption) { o.noArg = func(p *curlParser) { p.note("--%s %s", o.long, leftOut(o.long)) } })
	add(notedWithArgument, func(o *curlOption) {
		o.arg = func(p *curlParser, _ string) error { p.note("--%s %s", o.long, leftOut(o.long)); return nil }
	})
	add(refusedFlags, func(o *curlOption) { o.noArg = func(p *curlParser) { p.refuse(o.long) } })
	add(refusedWithArgument, func(o *curlOption) { o.arg = func(p *curlParser, _ string) error { p.refuse(o.long); return nil } })
	return all
}()

// leftOut says what a spec does in place of an option that matters for the connection only.
func leftOut(long string) string {
	switch {
	case long == "insecure" || long == "doh-insecure":
		return "is left out: certificates are always verified"
	case strings.HasPrefix(long, "post30"):
		return "is left out: a POST goes on as GET at 301, 302 and 303"
	case strings.HasPrefix(long, "netrc"):
		return "is left out: credentials are not read from files; write them as headers"
	case strings.HasPrefix(long, "http"):
		return "is left out: requests are sent as HTTP/1.1 or HTTP/2"
	default:
		return "is left out: the connection is made without it"
	}
}

// option finds a long option by its name or by a beginning that no other option has, as curl does.
func option(name string) (o curlOption, negated bool, err error) {
	find := func(name string) (found []curlOption) {
		for _, o := range allCurlOptions {
			if o.long == name {
				return []curlOption{o}
			}
			if strings.HasPrefix(o.long, name) {
				found = append(found, o)
			}
		}
		return found
	}
	found := find(name)
	if rest, no := strings.CutPrefix(name, "no-"); no && len(found) == 0 {
		found, negated = find(rest), true
		found = slices.DeleteFunc(found, func(o curlOption) bool { return o.noArg == nil })
	}
	switch len(found) {
	case 1:
		return found[0], negated, nil
	case 0:
		return o, false, fmt.Errorf("curl's option --%s has no counterpart in a spec; take it out", name)
	default:
		return o, false, fmt.Errorf("curl's option --%s may mean --%s or --%s; write it in full", name, found[0].long, found[1].long)
	}
}

func (p *curlParser) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(p.notes, n) {
		p.notes = append(p.notes, n)
	}
}

// refuse notes that the request cannot be written as a spec.
func (p *curlParser) refuse(long string) {
	if p.refused == nil {
		p.refused = fmt.Errorf("curl's option --%s has no counterpart in a spec; take it out", long)
	}
}

func (p *curlParser) header(v string) error {
	if strings.HasPrefix(v, "@") {
		return fmt.Errorf("-H %s reads a file; write the headers themselves", v)
	}
	name, value, ok := strings.Cut(v, ":")
	if !ok {
		name, ok = strings.CutSuffix(strings.TrimRight(v, " "), ";")
		if !ok {
			return fmt.Errorf("-H %q is no header; write Name: value", v)
		}
	} else if strings.TrimSpace(value) == "" {
		p.without = append(p.without, strings.TrimSpace(name)) // curl leaves out a header that it would send itself
		return nil
	}
	p.req.Headers = append(p.req.Headers, Header{strings.TrimSpace(name), strings.TrimSpace(value)})
	return nil
}

// addData joins data as curl does: with & between what several options give.
func (p *curlParser) addData(v string) {
	if p.data == nil {
		p.data = &v
		return
	}
	joined := *p.data + "&" + v
	p.data = &joined
}

// fromStdin is what @- stands for.
func (p *curlParser) fromStdin(name string) (string, error) {
	if name == "-" && p.stdin != nil {
		return *p.stdin, nil
	}
	return "", fmt.Errorf("the data @%s would be read from a file; write its text with --data-raw", name)
}

func (p *curlParser) dataOrFile(v string) error {
	if name, file := strings.CutPrefix(v, "@"); file {
		text, err := p.fromStdin(name)
		if err != nil {
			return err
		}
		v = strings.NewReplacer("\r", "", "\n", "").Replace(text) // unlike --data-binary
	}
	p.addData(v)
	return nil
}

func (p *curlParser) dataBinary(v string) error {
	if name, file := strings.CutPrefix(v, "@"); file {
		text, err := p.fromStdin(name)
		if err != nil {
			return err
		}
		v = text
	}
	p.addData(v)
	return nil
}

func (p *curlParser) json(v string) error {
	p.isJSON = true
	if name, file := strings.CutPrefix(v, "@"); file {
		text, err := p.fromStdin(name)
		if err != nil {
			return err
		}
		v = text
	}
	if p.data != nil {
		v = *p.data + v
	}
	p.data = &v
	return nil
}

// urlEncoded writes text as curl encodes data: everything but RFC 3986's unreserved characters, a blank as +.
func urlEncoded(s string) string {
	return eachPart(s, url.QueryEscape,
		func(name string) string { return marked(name + ".URLEncode()") })
}

func (p *curlParser) encoded(v string) (string, error) {
	name, content, has := strings.Cut(v, "=")
	if !has {
		if name, file, at := strings.Cut(v, "@"); at {
			text, err := p.fromStdin(file)
			if err != nil {
				return "", err
			}
			if name != "" {
				name += "="
			}
			return name + urlEncoded(text), nil
		}
		return urlEncoded(v), nil
	}
	if name != "" {
		name += "="
	}
	return name + urlEncoded(content), nil
}

func (p *curlParser) dataURLEncode(v string) error {
	text, err := p.encoded(v)
	if err == nil {
		p.addData(text)
	}
	return err
}

func (p *curlParser) urlQuery(v string) error {
	text, raw := strings.CutPrefix(v, "+")
	if !raw {
		var err error
		if text, err = p.encoded(v); err != nil {
			return err
		}
	}
	p.query = append(p.query, text)
	return nil
}

func (p *curlParser) referer(v string) error {
	v, auto := strings.CutSuffix(v, ";auto")
	if auto {
		p.note("--referer ;auto is left out: a redirect sends no Referer")
	}
	p.ref = v
	return nil
}

func (p *curlParser) cookie(v string) error {
	if !strings.Contains(v, "=") && !strings.Contains(v, variableStart) {
		return fmt.Errorf("-b %s reads a file; write the cookies as NAME=VALUE", v)
	}
	p.cookies = append(p.cookies, v)
	return nil
}

func (p *curlParser) maxTime(v string) error {
	if _, err := strconv.ParseFloat(v, 64); err != nil {
		return fmt.Errorf("--max-time %q is no number of seconds", v)
	}
	p.req.Timeout = v + "s"
	return nil
}
