//go:build wasip1

// Command misbehave is a plugin that does, on request, what plugins should not: the field "do" of a test says what.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"unsafe"
)

func main() {}

const info = `{"name": "misbehave", "version": "0.0.1", "protocols": ["misbehave"], "fields": {"do": {"type": "string"}}}`

var (
	pins [][]byte
	hold [][]byte
	sink int
)

//go:wasmexport plugin_info
func pluginInfo() uint64 { return give([]byte(info)) }

//go:wasmexport allocate
func allocate(size uint32) uint64 {
	if size == 0 {
		return 0
	}
	return give(make([]byte, size))
}

//go:wasmexport validate
func validate(packed uint64) uint64 { return act(packed) }

//go:wasmexport execute
func execute(packed uint64) uint64 { return act(packed) }

func act(packed uint64) uint64 {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(uintptr(packed>>32))), uint32(packed))
	var in struct {
		Fields struct {
			Do string `json:"do"`
		} `json:"fields"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		panic(err)
	}
	switch in.Fields.Do {
	case "panic":
		panic("boom goes the guest")
	case "nil":
		var p *int
		*p = 1
	case "exit":
		os.Exit(3)
	case "loop":
		for {
			sink++
		}
	case "deadlock":
		<-make(chan int)
	case "recurse":
		sink += recurse(1)
	case "grow":
		for {
			b := make([]byte, 1<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			hold = append(hold, b)
		}
	case "garbage":
		return give([]byte(`{"status": 200, `))
	case "wrong types":
		return give([]byte(`{"status": 200, "headers": [1, 2], "duration_ms": "long"}`))
	case "nothing":
		return 0
	case "far away":
		return uint64(0xfffffff0)<<32 | 64
	case "too much":
		return uint64(8)<<32 | 0xfffffff0
	case "files":
		_, err := os.ReadFile("/etc/hostname")
		return give([]byte(fmt.Sprintf(`{"status": "files", "duration_ms": 0, "body": {"error": %q, "env": %d, "args": %d}}`,
			fmt.Sprint(err), len(os.Environ()), len(os.Args))))
	case "print":
		fmt.Println("to standard output")
		fmt.Fprintln(os.Stderr, "to standard error")
	}
	return give([]byte(`{"status": "fine", "duration_ms": 0}`))
}

func recurse(n int) int {
	var frame [256]int
	frame[n%256] = n
	return recurse(n+1) + frame[(n+7)%256]
}

func give(b []byte) uint64 {
	pins = append(pins, b)
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))<<32 | uint64(len(b))
}
