package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/speclens/speclens/capabilities"
)

// grantsFile is where the user keeps what plugins may do beyond the default: a JSON object from "sha256:<hash>" of a
// plugin's bytes to a grant. It is the user's own and never part of a workspace.
func grantsFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "speclens", "grants.json")
}

// userGrants reads the user's grants; none where there is no file. A file that cannot be understood grants nothing and is
// an error, so that no typo opens a door.
func userGrants() (capabilities.Grants, error) {
	path := grantsFile()
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the plugin grants: %w", err)
	}
	var grants capabilities.Grants
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields() // a key that is misspelt grants or denies nothing, and nobody would notice
	if err := decoder.Decode(&grants); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			err = fmt.Errorf("unknown key %s in a grant; it has the keys \"name\", \"http\" and \"deny\"", name)
		}
		return nil, fmt.Errorf("read the plugin grants: %s: %w", path, err)
	}
	if err := grants.Check(); err != nil {
		return nil, fmt.Errorf("read the plugin grants: %s: %w", path, err)
	}
	return grants, nil
}
