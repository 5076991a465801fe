package spec

import "strconv"

// identify gives every test of a file its id: the alias, else its name, else its method and resource. Ids that would be
// taken get an occurrence number, so that they stay unique; no id depends on a line, or on what is written elsewhere in
// the file as long as that has another name.
func identify(specs []*Spec) {
	taken := map[string]int{}
	unique := func(id string) string {
		n := taken[id] + 1
		taken[id] = n
		if n == 1 {
			return id
		}
		for {
			next := id + "#" + strconv.Itoa(n)
			if taken[next] == 0 {
				taken[next], taken[id] = 1, n
				return next
			}
			n++
		}
	}
	// Aliases come first: they are chosen to be unique, so no other id may push one aside.
	each(specs, func(t *TestAt) {
		if t.Alias.Value != "" {
			t.ID = unique(t.Alias.Value)
		}
	})
	each(specs, func(t *TestAt) {
		if t.ID == "" {
			t.ID = unique(t.path)
		}
	})
}

func each(specs []*Spec, do func(*TestAt)) {
	for _, s := range specs {
		for i := range s.Tests {
			do(&s.Tests[i])
		}
	}
}

// stablePath is the id of a test without an alias, but for its occurrence number.
func stablePath(t *Test) string {
	switch {
	case t.Name.Value != "":
		return "name:" + t.Name.Value
	case t.Method.Value != "" || t.Resource.Value != "":
		return "call:" + t.Method.Value + " " + t.Resource.Value
	}
	return "test"
}
