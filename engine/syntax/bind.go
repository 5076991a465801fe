package syntax

import "fmt"

// binding is an anchor of a document, for the units behind it.
type binding struct {
	node  *node
	nodes int // what it expands to
	hash  uint64
}

// bind gives the unit's outer aliases their targets, and returns the unit: itself if it had these targets or none yet,
// else one that is read anew, since units that are in use never change.
func bind(u *Unit, env map[string]binding, opts Options) *Unit {
	if len(u.outer) == 0 {
		return u
	}
	if u.bound != nil {
		same := true
		for i, a := range u.outer {
			same = same && env[a.value].node == u.bound[i]
		}
		if same {
			return u
		}
		follows := u.follows
		u = newUnit(u.Source, u.kind, u.dash, opts)
		u.follows = follows
	}
	u.bound = make([]*node, len(u.outer))
	for i, a := range u.outer {
		b := env[a.value]
		u.bound[i] = b.node
		if b.node == nil {
			u.Findings = append(u.Findings, unknownAnchor(a))
			continue
		}
		a.ext().target = b.node
		a.flags |= flagForeign
		u.Hash = u.Hash*1099511628211 ^ b.hash
		if u.nodes = min(u.nodes+b.nodes, opts.MaxAliasNodes+1); u.nodes > opts.MaxAliasNodes && u.excess == nil {
			u.excess = a
		}
	}
	sortFindings(u.Findings)
	u.measure()
	return u
}

func unknownAnchor(a *node) Finding {
	return Finding{
		Span: spanOf(a), Severity: SeverityError, Code: CodeUnknownAnchor,
		Message: fmt.Sprintf(
			"No anchor &%s stands above this alias. Define it on the value that you mean, or put *%s in quotes.", a.value, clip(a.value)),
	}
}

func tooManyNodes(a *node, opts Options) Finding {
	return Finding{
		Span: spanOf(a), Severity: SeverityError, Code: CodeLimit,
		Message: fmt.Sprintf(
			"The aliases up to here expand to more than %d values, which is the limit. Use fewer aliases within anchored values.",
			opts.MaxAliasNodes),
	}
}

// offer adds the unit's anchors to the environment of the units behind it.
func (u *Unit) offer(env map[string]binding) {
	for i, a := range u.anchors {
		env[a.x.anchor] = u.offers[i]
	}
}

// measure works out what the unit's anchors offer, once its own aliases have their targets.
func (u *Unit) measure() {
	memo := make(map[*node]int)
	for _, a := range u.anchors {
		u.offers = append(u.offers, binding{node: a, nodes: u.sizeOf(a, memo), hash: u.Hash})
	}
}

const unfinished = -1

// sizeOf is the number of nodes that n expands to, with its aliases; it stops counting far beyond any limit. A long text counts once
// more for each KiB, since whoever writes the value out writes it as often as it is named.
func (u *Unit) sizeOf(n *node, memo map[*node]int) int {
	const most = 1 << 40
	if s, ok := memo[n]; ok {
		return max(s, 0)
	}
	memo[n] = unfinished
	size := 1
	if n.kind == Scalar {
		size += int(n.end-n.start) / 1024
	}
	for _, k := range n.kids() {
		size = min(size+u.sizeOf(k, memo), most)
	}
	if n.kind == Alias && n.x != nil && n.x.target != nil {
		size = min(size+u.sizeOf(n.x.target, memo), most)
	}
	memo[n] = size
	return size
}

// expand checks the aliases that are resolved within the unit: none may be part of what it stands for, and together they
// may not expand beyond the limit.
func (u *Unit) expand(opts Options) {
	has := false
	var aliases []*node
	var walk func(n *node)
	walk = func(n *node) {
		if n.kind == Alias {
			has = has || n.x != nil && n.x.target != nil
			aliases = append(aliases, n)
		}
		for _, k := range n.kids() {
			walk(k)
		}
	}
	if len(u.anchors) == 0 {
		return
	}
	walk(u.Node.n)
	if !has {
		return
	}
	memo := make(map[*node]int)
	for _, a := range aliases {
		if a.x == nil || a.x.target == nil {
			continue
		}
		if t := a.x.target; t.start <= a.start && a.end <= t.end {
			u.Findings = append(u.Findings, Finding{
				Span: spanOf(a), Severity: SeverityError, Code: CodeCyclicAlias,
				Message: fmt.Sprintf(
					"*%s stands within the value that it names, so the value would contain itself. Remove it, or name another anchor.",
					a.value),
			})
			continue
		}
		if u.nodes += u.sizeOf(a, memo); u.nodes > opts.MaxAliasNodes {
			u.excess = a
			return
		}
	}
}
