package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
	if err := json.Unmarshal(content, &grants); err != nil {
		return nil, fmt.Errorf("read the plugin grants: %s: %w", path, err)
	}
	if err := grants.Check(); err != nil {
		return nil, fmt.Errorf("read the plugin grants: %s: %w", path, err)
	}
	return grants, nil
}
