package capabilities

// Body is a message body that stays in the host while a plugin refers to it by number.
type Body struct {
	ContentType string
	Bytes       []byte
	// Fault says why Bytes are not the whole body as its sender meant it: cut off, or in a coding that is not known. It is
	// empty where they are.
	Fault string
}

// Bodies are the bodies of one call. Number 0 is the test's own body, if there is one; the others are responses.
type Bodies struct {
	// Own returns the test's own body. It is called at most once, at its first use.
	Own func() (Body, bool)

	own  *Body
	kept []Body
}

// Keep stores a response body and returns its number, 1 or more.
func (b *Bodies) Keep(body Body) int {
	b.kept = append(b.kept, body)
	return len(b.kept)
}

// Used says whether the call keeps any body.
func (b *Bodies) Used() bool { return len(b.kept) > 0 || b.own != nil }

// Get returns the body of that number.
func (b *Bodies) Get(n int) (Body, bool) {
	if n >= 1 && n <= len(b.kept) {
		return b.kept[n-1], true
	}
	if n != 0 {
		return Body{}, false
	}
	if b.own == nil {
		if b.Own == nil {
			return Body{}, false
		}
		body, ok := b.Own()
		if !ok {
			return Body{}, false
		}
		b.own = &body
	}
	return *b.own, true
}
