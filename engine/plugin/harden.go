package plugin

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// maxTableEntries is the most that a module's tables may hold together; each entry costs the host 8 bytes, which no memory
// limit counts. A Go guest has some thousands.
const maxTableEntries = 1 << 20

// errWASM says that a module is cut off or wrongly encoded. The compiler says more about it.
var errWASM = errors.New("the module is not well-formed")

// harden rewrites a module so that two limits hold which wazero does not enforce by itself:
//
//   - A guest whose context has ended is stopped at the head of its loops only. An empty loop at the start of each function
//     lets a tree of calls without loops be stopped too.
//   - Tables may grow without end. Each gets a maximum.
//
// Nothing else changes; the module's hash and its grants are those of the original bytes.
func harden(wasm []byte) ([]byte, error) {
	if len(wasm) < 8 {
		return nil, errWASM
	}
	out := make([]byte, 0, len(wasm)+len(wasm)/16)
	out = append(out, wasm[:8]...)
	r := reader{rest: wasm[8:]}
	for len(r.rest) > 0 {
		id := r.byte()
		content := r.bytes(r.number())
		if r.bad {
			return nil, errWASM
		}
		var err error
		switch id {
		case sectionTable:
			content, err = limitTables(content)
		case sectionCode:
			content, err = interruptible(content)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, id)
		out = binary.AppendUvarint(out, uint64(len(content)))
		out = append(out, content...)
	}
	return out, nil
}

// The sections that harden rewrites, and the types of tables.
const (
	sectionTable = 4
	sectionCode  = 10

	funcref   = 0x70
	externref = 0x6f
)

// limitTables gives each table of a table section a maximum.
func limitTables(section []byte) ([]byte, error) {
	r := reader{rest: section}
	count := r.number()
	out := binary.AppendUvarint(nil, uint64(count))
	total := uint64(0)
	for range count {
		kind := r.byte()
		flag := r.byte()
		least := r.number()
		most := uint32(maxTableEntries)
		if flag&1 != 0 {
			most = min(most, r.number())
		}
		if r.bad || flag > 1 || kind != funcref && kind != externref {
			return nil, errWASM
		}
		total += uint64(least)
		if total > maxTableEntries {
			return nil, fmt.Errorf("tables of %d entries are over the limit of %d", total, maxTableEntries)
		}
		out = append(out, kind, 1)
		out = binary.AppendUvarint(out, uint64(least))
		out = binary.AppendUvarint(out, uint64(max(most, least)))
	}
	if len(r.rest) > 0 {
		return nil, errWASM
	}
	return out, nil
}

// emptyLoop is: loop, of no value; end.
var emptyLoop = []byte{0x03, 0x40, 0x0b}

// interruptible puts an empty loop at the start of each function of a code section.
func interruptible(section []byte) ([]byte, error) {
	r := reader{rest: section}
	count := r.number()
	out := make([]byte, 0, len(section)+4*int(min(count, uint32(len(section)))))
	out = binary.AppendUvarint(out, uint64(count))
	for range count {
		body := r.bytes(r.number())
		locals := reader{rest: body}
		for range locals.number() {
			locals.number()
			locals.byte()
			if locals.bad {
				break
			}
		}
		if r.bad || locals.bad {
			return nil, errWASM
		}
		declarations := body[:len(body)-len(locals.rest)]
		out = binary.AppendUvarint(out, uint64(len(body)+len(emptyLoop)))
		out = append(append(append(out, declarations...), emptyLoop...), locals.rest...)
	}
	if len(r.rest) > 0 {
		return nil, errWASM
	}
	return out, nil
}

// reader takes a module apart. After the first thing that is not there it is bad and returns zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *reader) bytes(n uint32) []byte {
	if r.bad || uint64(n) > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// number reads an unsigned LEB128 number of 32 bits.
func (r *reader) number() uint32 {
	v, n := binary.Uvarint(r.rest)
	if r.bad || n <= 0 || n > 5 || v > 1<<32-1 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return uint32(v)
}
