package server

import (
	"slices"
	"strings"

	"github.com/speclens/speclens/engine/text"
	"github.com/speclens/speclens/lsp/internal/convert"
)

// client is what the editor said about itself in its initialize request. It never changes after.
type client struct {
	convert.Client
	name string
	// What the server may ask of the editor.
	configuration, folders, fileOperations, watchFiles, relativePatterns, watchConfiguration bool
	refreshLenses, refreshHints, progress, showDocument                                      bool
	// pull says that the editor asks for diagnostics instead of being sent them, pullWorkspace that it may ask for all.
	pull, pullWorkspace, relatedDocuments bool
	// untrusted says that the user does not trust the workspace; processID is the editor's, 0 where it gave none.
	untrusted bool
	processID int
	roots     []string // URIs
	options   lenient  // initializationOptions
}

func newClient(params lenient) *client {
	caps := params.at("capabilities")
	doc, work, window := caps.at("textDocument"), caps.at("workspace"), caps.at("window")
	item := doc.at("completion", "completionItem")
	c := &client{
		name:    params.at("clientInfo", "name").text(),
		options: params.at("initializationOptions"),
		Client: convert.Client{
			Encoding:            encodingOf(caps.at("general", "positionEncodings").texts()),
			Snippets:            item.at("snippetSupport").true(),
			MarkdownDocs:        slices.Contains(item.at("documentationFormat").texts(), "markdown"),
			LabelDetails:        item.at("labelDetailsSupport").true(),
			DeprecatedTag:       item.at("tagSupport").isObject(),
			EditRange:           slices.Contains(doc.at("completion", "completionList", "itemDefaults").texts(), "editRange"),
			MarkdownHover:       slices.Contains(doc.at("hover", "contentFormat").texts(), "markdown"),
			RelatedInformation:  doc.at("publishDiagnostics", "relatedInformation").true(),
			CodeDescription:     doc.at("publishDiagnostics", "codeDescriptionSupport").true(),
			Tags:                doc.at("publishDiagnostics", "tagSupport").v != nil && !doc.at("publishDiagnostics", "tagSupport").false(),
			HierarchicalSymbols: doc.at("documentSymbol", "hierarchicalDocumentSymbolSupport").true(),
			CodeActions:         doc.at("codeAction", "codeActionLiteralSupport").isObject(),
			PreferredActions:    doc.at("codeAction", "isPreferredSupport").true(),
			VersionedEdits:      work.at("workspaceEdit", "documentChanges").true(),
		},
		configuration:      work.at("configuration").true(),
		folders:            work.at("workspaceFolders").true(),
		fileOperations:     work.at("fileOperations").isObject(),
		watchFiles:         work.at("didChangeWatchedFiles", "dynamicRegistration").true(),
		relativePatterns:   work.at("didChangeWatchedFiles", "relativePatternSupport").true(),
		watchConfiguration: work.at("didChangeConfiguration", "dynamicRegistration").true(),
		refreshLenses:      work.at("codeLens", "refreshSupport").true(),
		refreshHints:       work.at("inlayHint", "refreshSupport").true(),
		progress:           window.at("workDoneProgress").true(),
		showDocument:       window.at("showDocument", "support").true(),
	}
	// An editor without the notion of trust leaves the question to its user, who opened the folder and clicked on Run.
	c.untrusted = c.options.at("trusted").false()
	c.RetriggerCommand = retriggerCommand(c.name, c.options)
	c.SelectsNothing = c.options.at("selectsNothing").true()
	c.pulls(doc.at("diagnostic"), work.at("diagnostics"))
	c.processID, _ = params.at("processId").integer()
	c.roots = rootsOf(params)
	return c
}

// pulls decides whether the editor asks for diagnostics or is sent them: never both, since editors show them side by side.
// One that cannot be asked to ask again would not hear of what plugins and runs find; it is sent all of it.
func (c *client) pulls(doc, work lenient) {
	c.pull = doc.isObject() && work.at("refreshSupport").true() && c.options.at("diagnostics").text() != "push"
	if !c.pull {
		return
	}
	// Neovim answers a request to ask again by asking for the workspace only, if that is offered, and then leaves out the
	// buffers that it shows.
	c.pullWorkspace = c.name != "Neovim"
	c.relatedDocuments = doc.at("relatedDocumentSupport").true()
	c.RelatedInformation = c.RelatedInformation || doc.at("relatedInformation").true()
	c.CodeDescription = c.CodeDescription || doc.at("codeDescriptionSupport").true()
	c.Tags = c.Tags || doc.at("tagSupport").isObject()
}

// encodingOf chooses among the position encodings that the editor offers; UTF-16 is what the protocol prescribes where
// it offers none.
func encodingOf(offered []string) text.Encoding {
	for _, name := range []string{"utf-8", "utf-16", "utf-32"} {
		if slices.Contains(offered, name) {
			return encodings[name]
		}
	}
	return text.UTF16
}

var encodings = map[string]text.Encoding{"utf-8": text.UTF8, "utf-16": text.UTF16, "utf-32": text.UTF32}

// retriggerCommand is the editor's command that opens the list of completions. The protocol has none; other editors than
// VS Code and its kin would answer with an error message.
func retriggerCommand(name string, options lenient) string {
	if cmd := options.at("retriggerCommand"); cmd.v != nil {
		return cmd.text()
	}
	for _, kin := range []string{"Visual Studio Code", "VSCodium", "Code - OSS", "code-server", "Cursor"} {
		if strings.HasPrefix(name, kin) {
			return "editor.action.triggerSuggest"
		}
	}
	return ""
}

// rootsOf are the URIs of the workspace folders, whichever of the three ways to name them the editor chose.
func rootsOf(params lenient) []string {
	var roots []string
	for _, folder := range params.at("workspaceFolders").list() {
		if uri := folder.at("uri").text(); uri != "" {
			roots = append(roots, uri)
		}
	}
	if len(roots) == 0 && params.at("rootUri").text() != "" {
		roots = []string{params.at("rootUri").text()}
	}
	return roots
}
