package interchange

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// created is what a POST makes for the parameter of the items: an id in its response, or in its Location.
func (im *openAPIImport) created(post *operation, item *pathNode) *provided {
	param := itemParam(item)
	collection := item.parent.text
	name := templateName(param, true)
	if slices.Contains([]string{"id", "uuid", "key", "slug", "name", "code", "number"}, strings.ToLower(param)) || name == "" {
		name = templateName(singular(strings.ToLower(collection))+" "+param, true)
	}
	if path, s := im.idIn(post, param, collection); path != "" {
		method := ".URLEncode()"
		if s.is(openapi3.TypeInteger) || s.is(openapi3.TypeNumber) || s.format == "uuid" {
			method = ""
		}
		return im.save(post, name, path, method, "is "+commonType([]*shape{s}))
	}
	if post.response != nil {
		for header := range post.response.Headers {
			if strings.EqualFold(header, "Location") {
				return im.save(post, name+"Location", "response.headers.Location", ".Split('/')[-1]", "exists")
			}
		}
	}
	return nil
}

// itemParam is what the parameter of a node is called by the first operation at or below it.
func itemParam(item *pathNode) string {
	op := firstOp(item)
	depth := 0
	for n := item; n.parent != nil; n = n.parent {
		depth++
	}
	segments := strings.Split(strings.Trim(op.path, "/"), "/")
	return strings.Trim(segments[depth-1], "{}")
}

// idIn finds the property of a response that identifies what was made, also within one object that wraps it.
func (im *openAPIImport) idIn(post *operation, param, collection string) (string, *shape) {
	if post.response == nil {
		return "", nil
	}
	_, media := jsonMedia(post.response.Content)
	if media == nil {
		return "", nil
	}
	one := singular(strings.ToLower(collection))
	wanted := []string{param, one + "id", "id", "_id", "uuid", "guid"}
	if suffix, ok := strings.CutPrefix(folded(param), folded(one)); ok && suffix != "" {
		wanted = append(wanted, suffix)
	}
	for _, s := range im.shapes(media.Schema) {
		for _, w := range wanted {
			for _, p := range s.props {
				if folded(p.name) == folded(w) && im.identifies(p) {
					return "response.body." + pathKey(p.name), im.shapes(p.refs...)[0]
				}
			}
		}
		for _, p := range s.props {
			if !slices.Contains([]string{"data", "result", "item", folded(one)}, folded(p.name)) {
				continue
			}
			for _, inner := range im.shapes(p.refs...) {
				for _, w := range wanted {
					for _, q := range inner.props {
						if folded(q.name) == folded(w) && im.identifies(q) {
							return "response.body." + pathKey(p.name) + joinPath(pathKey(q.name)), im.shapes(q.refs...)[0]
						}
					}
				}
			}
		}
	}
	return "", nil
}

func (im *openAPIImport) identifies(p property) bool {
	shapes := im.shapes(p.refs...)
	return len(shapes) > 0 && slices.Contains([]string{openapi3.TypeString, openapi3.TypeInteger, openapi3.TypeNumber}, shapes[0].kind())
}

// folded is a name without case and separators: petId, pet_id and PetID are one.
func folded(s string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
}

// singular is the singular of an English plural, roughly.
func singular(s string) string {
	for _, end := range [][2]string{{"ies", "y"}, {"sses", "ss"}, {"shes", "sh"}, {"ches", "ch"}, {"xes", "x"}, {"uses", "us"}} {
		if stem, ok := strings.CutSuffix(s, end[0]); ok && stem != "" {
			return stem + end[1]
		}
	}
	if stem, ok := strings.CutSuffix(s, "s"); ok && stem != "" && !strings.Contains("sui", stem[len(stem)-1:]) {
		return stem
	}
	return s
}

// save makes a test save a part of its response.
func (im *openAPIImport) save(op *operation, name, path, method, expected string) *provided {
	for _, s := range op.saves {
		if s.value == path {
			return &provided{by: op, name: s.key, path: path, method: method}
		}
	}
	name = im.unique(name)
	op.saves = append(op.saves, member{name, path})
	if at, inBody := strings.CutPrefix(path, "response.body"); inBody {
		op.savedBody = append(op.savedBody, member{strings.TrimPrefix(at, "."), written(expected)})
	}
	return &provided{by: op, name: name, path: path, method: method}
}

// followLinks uses the links of the responses, which say more surely than names what belongs together.
func (im *openAPIImport) followLinks() {
	for _, from := range im.ops {
		if from.response == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(from.response.Links)) {
			ref := from.response.Links[name]
			if ref == nil || ref.Value == nil {
				continue
			}
			link := ref.Value
			to := im.linked(link)
			if to == nil || to == from || to.file != from.file {
				im.note(placeOf(link.Origin), "the link %q of %s leads to no operation that is imported beside it", name, from.alias)
				continue
			}
			for _, param := range slices.Sorted(maps.Keys(link.Parameters)) {
				im.linkParameter(from, to, name, param, link)
			}
			if link.RequestBody != nil {
				im.note(placeIn(link.Origin, "requestBody"), "the body that the link %q of %s gives is left out", name, from.alias)
			}
		}
	}
}

func (im *openAPIImport) linked(link *openapi3.Link) *operation {
	for _, op := range im.ops {
		pointer := "#/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(op.path) + "/" + strings.ToLower(op.method)
		if link.OperationID != "" && op.op.OperationID == link.OperationID || link.OperationRef == pointer {
			return op
		}
	}
	return nil
}

func (im *openAPIImport) linkParameter(from, to *operation, link, key string, l *openapi3.Link) {
	in, name, ok := strings.Cut(key, ".")
	if !ok || !slices.Contains([]string{"path", "query", "header", "cookie"}, in) {
		in, name = "", key
	}
	var param *openapi3.Parameter
	for _, p := range to.params {
		if p.Name == name && (in == "" || p.In == in) {
			param = p
		}
	}
	at := placeIn(l.Origin, "parameters")
	if param == nil {
		im.note(at, "the link %q of %s gives %q, which %s does not have", link, from.alias, key, to.alias)
		return
	}
	text, isText := l.Parameters[key].(string)
	if !isText || !strings.HasPrefix(text, "$") {
		to.links[param.In+"."+param.Name] = &provided{known: fromLibrary(l.Parameters[key])}
		return
	}
	path := ""
	if pointer, ok := strings.CutPrefix(text, "$response.body#/"); ok {
		path = "response.body"
		for step := range strings.SplitSeq(pointer, "/") {
			path += joinPath(pathKey(strings.NewReplacer("~1", "/", "~0", "~").Replace(step)))
		}
	} else if header, ok := strings.CutPrefix(text, "$response.header."); ok {
		path = "response.headers." + header
	}
	if path == "" || im.needs(from, to, map[*operation]bool{}) {
		if text != "$request.path."+name { // what the other request was sent with is made up the same way
			im.note(at, "%q of the link %q of %s cannot be used", text, link, from.alias)
		}
		return
	}
	method := ""
	if param.In == "path" {
		method = ".URLEncode()"
		if shapes := im.shapes(param.Schema); len(shapes) > 0 && (shapes[0].is(openapi3.TypeInteger) || shapes[0].format == "uuid") {
			method = ""
		}
	}
	saved := templateName(param.Name, true)
	if folded(saved) == "id" {
		saved = from.alias + "Id"
	}
	to.links[param.In+"."+param.Name] = im.save(from, saved, path, method, "exists")
}
