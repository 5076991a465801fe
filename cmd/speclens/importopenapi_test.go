package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestAnImportEndsWhenItIsInterrupted(t *testing.T) {
	var doc strings.Builder // takes the library about a second
	doc.WriteString("openapi: 3.0.0\npaths: { /a: { get: { responses: {} } } }\ncomponents:\n  schemas:\n    S1500: {}\n")
	for i := range 1500 {
		fmt.Fprintf(&doc, "    S%d: { items: { $ref: '#/components/schemas/S%d' } }\n", i, i+1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := Main(ctx, []string{"import", "openapi", "-"}, strings.NewReader(doc.String()), &stdout, &stderr); code != exitInterrupted {
		t.Errorf("exit code %d, stderr %s", code, stderr.String())
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout %s", stdout.String())
	}
}
