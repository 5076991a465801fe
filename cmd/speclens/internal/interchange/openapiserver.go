package interchange

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// serverURL is the address of a server with the defaults of its variables, without credentials, and whether it names a
// host.
func (im *openAPIImport) serverURL(s *openapi3.Server) (address string, absolute bool) {
	address = s.URL
	for _, name := range slices.Sorted(maps.Keys(s.Variables)) {
		v := s.Variables[name]
		if v == nil {
			continue
		}
		value := v.Default
		if value == "" && len(v.Enum) > 0 {
			value = v.Enum[0]
		}
		address = strings.ReplaceAll(address, "{"+name+"}", value)
	}
	if m := pathParam.FindString(address); m != "" {
		im.note(placeOf(s.Origin), "the variable %s of the server %q has no default", m, s.URL)
		address = pathParam.ReplaceAllString(address, "$1")
	}
	u, err := url.Parse(address)
	if err != nil {
		im.note(placeOf(s.Origin), "the server %q is no URL", s.URL)
		return "/", false
	}
	if u.User != nil {
		im.note(placeOf(s.Origin), "the credentials in the URL of the server are left out")
		u.User = nil
	}
	if u.Scheme == "" && u.Host != "" {
		u.Scheme = "https" // the reference goes to a host, as the page that shows the document would
	}
	return strings.TrimRight(u.String(), "/"), u.Scheme != "" && u.Host != ""
}

// fileTarget writes the target of a file: the first server, the others as aliases; a server without a host as an alias to
// fill in.
func (im *openAPIImport) fileTarget(w *specWriter) {
	if im.options.Target != "" {
		w.line(0, "target: %s", scalar(im.options.Target))
		return
	}
	type named struct{ alias, address, comment string }
	var list []named
	taken := map[string]bool{}
	for _, s := range im.doc.Servers {
		if s == nil {
			continue
		}
		address, absolute := im.serverURL(s)
		n := named{alias: slug(s.Description, "api"), address: address}
		if len(n.alias) > 24 || s.Description == "" {
			n.alias = "api"
		}
		for base, i := n.alias, 2; taken[n.alias]; i++ {
			n.alias = base + strconv.Itoa(i)
		}
		taken[n.alias] = true
		if !absolute {
			n.address = "http://localhost:8080" + resourceOf(strings.TrimLeft(address, "."))
			n.address = strings.TrimRight(n.address, "/")
			n.comment = "the document names no host: put in yours"
			im.note(placeOf(s.Origin), "the server %q names no host; fill in `targets` or give --target", s.URL)
		}
		list = append(list, n)
	}
	if len(list) == 0 {
		im.note(place{}, "the document names no server; fill in `targets` or give --target")
		list = []named{{"api", "http://localhost:8080", "the document names no server: put in yours"}}
	}
	if len(list) == 1 && list[0].comment == "" {
		w.line(0, "target: %s", scalar(list[0].address))
		return
	}
	w.line(0, "target: %s", scalar(list[0].alias))
	w.line(0, "targets:")
	for _, n := range list {
		if n.comment != "" {
			w.line(1, "# %s", n.comment)
		}
		w.line(1, "%s: %s", scalar(n.alias), scalar(n.address))
	}
}

// secure adds what the first of the alternatives of security asks for.
func (im *openAPIImport) secure(op *operation) {
	requirements, at := im.doc.Security, placeIn(im.doc.Origin, "security")
	if op.op.Security != nil {
		requirements, at = *op.op.Security, placeIn(op.op.Origin, "security")
	}
	for _, requirement := range requirements {
		if im.apply(op, requirement) {
			return
		}
	}
	if len(requirements) > 0 {
		var names []string
		for _, r := range requirements {
			names = append(names, slices.Sorted(maps.Keys(r))...)
		}
		im.note(at, "%s is sent without credentials: a spec cannot do %s", op.alias, strings.Join(names, ", "))
		op.comments = append(op.comments, "sent without credentials: a spec cannot do "+strings.Join(names, ", "))
	}
}

// apply adds the credentials of all schemes of a requirement, or reports that one of them cannot be done.
func (im *openAPIImport) apply(op *operation, requirement openapi3.SecurityRequirement) bool {
	var schemes []*openapi3.SecurityScheme
	names := slices.Sorted(maps.Keys(requirement))
	for _, name := range names {
		var scheme *openapi3.SecurityScheme
		if im.doc.Components != nil && im.doc.Components.SecuritySchemes[name] != nil {
			scheme = im.doc.Components.SecuritySchemes[name].Value
		}
		if scheme == nil || !supported(scheme) {
			return false
		}
		schemes = append(schemes, scheme)
	}
	for i, scheme := range schemes {
		name := names[i]
		variable := name
		switch {
		case scheme.Type == "http" && strings.EqualFold(scheme.Scheme, "basic"):
			t := im.variable(op, variable, "USER:PASSWORD for the scheme "+name)
			op.auth = append(op.auth, member{"Authorization", "Basic " + strings.Replace(string(t), " }}", ".Base64() }}", 1)})
		case scheme.Type == "apiKey":
			t := im.variable(op, variable, "the key for the scheme "+name)
			switch scheme.In {
			case "query":
				op.query = append(op.query, member{scheme.Name, t})
			case "cookie":
				op.cookies = append(op.cookies, scheme.Name+"="+string(t))
			default:
				op.auth = append(op.auth, member{scheme.Name, string(t)})
			}
		default:
			if !strings.HasSuffix(folded(variable), "token") {
				variable += "_token"
			}
			t := im.variable(op, variable, "a token for the scheme "+name)
			op.auth = append(op.auth, member{"Authorization", "Bearer " + string(t)})
		}
	}
	return true
}

// supported reports whether a header, a parameter or a cookie is all that a scheme needs.
func supported(s *openapi3.SecurityScheme) bool {
	switch s.Type {
	case "http":
		return strings.EqualFold(s.Scheme, "basic") || strings.EqualFold(s.Scheme, "bearer")
	case "apiKey":
		return s.Name != "" && slices.Contains([]string{"query", "header", "cookie"}, s.In)
	case "oauth2", "openIdConnect":
		return true
	}
	return false
}
