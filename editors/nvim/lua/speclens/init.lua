--- speclens for Neovim: starts the language server for API test specs and maps what it says to Neovim's own
--- lenses, hints and diagnostics. Everything that is known about specs lives in the server.

local M = {}

--- Sets options; see :help speclens-options. Not needed when the defaults suit.
---@param options? table
function M.setup(options)
  require('speclens.config').set(options)
end

--- Called once by plugin/speclens.lua.
function M.register()
  require('speclens.filetype').register()
  local group = vim.api.nvim_create_augroup('speclens', { clear = true })

  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = { 'yaml.qube', 'yaml' },
    callback = function(event)
      if vim.bo[event.buf].buftype ~= '' or not require('speclens.config').get().autostart then
        return
      end
      -- A project's `specs:` may name files that look like any YAML. Only the server reads that, so inside a
      -- project it gets to see them all, and leaves alone what is no spec.
      if event.match == 'yaml.qube' or require('speclens.filetype').project(vim.api.nvim_buf_get_name(event.buf)) then
        require('speclens.client').start(event.buf)
      end
    end,
  })

  vim.api.nvim_create_autocmd('LspAttach', {
    group = group,
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if not client or client.name ~= require('speclens.client').name then
        return
      end
      local options = require('speclens.config').get()
      if options.codelens then
        require('speclens.lens').attach(event.buf)
      end
      if options.inlay_hints then
        require('speclens.hints').attach(event.buf)
      end
      require('speclens.commands').map(event.buf, options.mappings)
    end,
  })
end

--- Runs the test at the cursor; `{ needs = true }` also runs the tests that it takes values from.
---@param opts? {needs?: boolean}
function M.run(opts)
  require('speclens.commands').run(opts)
end

--- Runs all tests of the file.
function M.run_file()
  require('speclens.commands').run_file()
end

--- Cancels every run under way.
function M.cancel()
  require('speclens.commands').cancel()
end

--- Chooses the environment of this buffer's project; asks for it when no name is given.
---@param name? string
function M.environment(name)
  require('speclens.commands').environment(name)
end

--- Stops the server and starts it again.
function M.restart()
  require('speclens.client').restart()
end

return M
