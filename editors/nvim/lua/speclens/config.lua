--- The options of the plugin, their defaults, and how a user's options are laid over them.

local M = {}

---@class speclens.Mappings
---@field run string|false       run the test at the cursor
---@field run_needs string|false run the test at the cursor and the tests that it needs
---@field run_file string|false  run all tests of the file
---@field cancel string|false    cancel every run under way
---@field environment string|false choose the environment

---@class speclens.Options
---@field cmd string[]                     how to start the server
---@field autostart boolean                start it when a spec is opened
---@field codelens boolean                 show the server's code lenses
---@field inlay_hints boolean              show the outcome of runs beside the tests
---@field mappings speclens.Mappings|false keys in spec buffers
---@field trusted? boolean                 false: the server neither runs tests nor loads plugins of the workspace
---@field settings table                   the `speclens` section of the configuration that the server asks for

---@type speclens.Options
M.defaults = {
  cmd = { 'speclens', 'lsp' },
  autostart = true,
  codelens = true,
  inlay_hints = true,
  mappings = {
    run = '<LocalLeader>r',
    run_needs = '<LocalLeader>n',
    run_file = '<LocalLeader>f',
    cancel = '<LocalLeader>c',
    environment = '<LocalLeader>e',
  },
  trusted = nil,
  settings = {},
}

local types = {
  cmd = 'table',
  autostart = 'boolean',
  codelens = 'boolean',
  inlay_hints = 'boolean',
  mappings = { 'table', 'boolean' },
  trusted = 'boolean',
  settings = 'table',
}

---@type speclens.Options?
local current

--- Refuses an option that does not exist or has the wrong type, so that a typing error does not pass in silence.
local function check(options)
  for name, value in pairs(options) do
    local want = types[name]
    if not want then
      local names = vim.tbl_keys(types)
      table.sort(names)
      error(('speclens: there is no option %q; the options are %s'):format(tostring(name), table.concat(names, ', ')), 0)
    end
    want = type(want) == 'table' and want or { want }
    if not vim.tbl_contains(want, type(value)) then
      error(('speclens: option %q must be a %s, not a %s'):format(name, table.concat(want, ' or '), type(value)), 0)
    end
  end
  if options.mappings == true then
    options.mappings = nil
  end
end

--- Lays the user's options over the defaults. `cmd` replaces the default command as a whole.
---@param options? table
function M.set(options)
  options = vim.deepcopy(options or {})
  check(options)
  local merged = vim.tbl_deep_extend('force', vim.deepcopy(M.defaults), options)
  merged.cmd = options.cmd or vim.deepcopy(M.defaults.cmd)
  current = merged
end

--- The options in force: those of setup(), else those in vim.g.speclens, else the defaults.
---@return speclens.Options
function M.get()
  if not current then
    M.set(vim.g.speclens)
  end
  return current --[[@as speclens.Options]]
end

return M
