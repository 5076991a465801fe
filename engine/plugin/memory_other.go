//go:build !unix && !windows

package plugin

// reserve stands in where addresses cannot be set aside.
func reserve(uint64) (space, error) { return &heapSpace{}, nil }
