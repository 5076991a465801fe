--- What a user can do: run, cancel, choose an environment. The server decides which test the cursor is in and
--- what a run means; this asks it and passes the answer back.

local connection = require('speclens.client')

local M = {}

local function attached(bufnr)
  local client = connection.get(bufnr)
  if not client then
    vim.notify('speclens: no server is attached to this buffer', vim.log.levels.WARN)
  end
  return client
end

--- The command in a code action, which may be a bare command.
local function command_of(action)
  return type(action.command) == 'table' and action.command or action
end

--- Asks the server for its code actions at the cursor and runs the first that starts a run of this scope.
---@param scope 'test'|'needs'|'file'
local function run_scope(scope, nothing)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = attached(bufnr)
  if not client then
    return
  end
  local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
  params.context = { diagnostics = {}, triggerKind = 1 }
  connection.request(client, 'textDocument/codeAction', params, function(err, actions)
    if err then
      vim.notify('speclens: ' .. err.message, vim.log.levels.ERROR)
      return
    end
    for _, action in ipairs(actions or {}) do
      local command = command_of(action)
      local argument = (command.arguments or {})[1]
      if command.command == 'speclens.run' and type(argument) == 'table' and argument.scope == scope then
        connection.execute(client, command, bufnr)
        return
      end
    end
    vim.notify('speclens: ' .. nothing, vim.log.levels.WARN)
  end, bufnr)
end

--- Runs the test at the cursor.
---@param opts? {needs?: boolean} needs: also the tests that it takes values from
function M.run(opts)
  if opts and opts.needs then
    run_scope('needs', 'there is no test at the cursor that can be run with its dependencies')
  else
    run_scope('test', 'there is no test at the cursor that can be run now')
  end
end

--- Runs all tests of the file.
function M.run_file()
  run_scope('file', 'this file has no tests that can be run now')
end

--- Cancels every run under way.
function M.cancel()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = attached(bufnr)
  if client then
    connection.execute(client, { command = 'speclens.cancel', arguments = { vim.empty_dict() } }, bufnr)
  end
end

--- Chooses the environment of the project that the buffer belongs to.
---@param name? string the server asks for it when it is missing
function M.environment(name)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = attached(bufnr)
  if not client then
    return
  end
  local argument = { uri = vim.uri_from_bufnr(bufnr), name = name ~= '' and name or nil }
  connection.execute(client, { command = 'speclens.setEnvironment', arguments = { argument } }, bufnr, function(result)
    if type(result) == 'table' and type(result.name) == 'string' then
      vim.notify('speclens: environment ' .. (result.name ~= '' and result.name or '(none)'), vim.log.levels.INFO)
    end
  end)
end

--- Gives a spec buffer its keys.
---@param bufnr integer
---@param mappings speclens.Mappings|false
function M.map(bufnr, mappings)
  if not mappings then
    return
  end
  local targets = {
    run = { '<Plug>(SpeclensRun)', 'Speclens: run the test at the cursor' },
    run_needs = { '<Plug>(SpeclensRunNeeds)', 'Speclens: run the test with its dependencies' },
    run_file = { '<Plug>(SpeclensRunFile)', 'Speclens: run all tests of the file' },
    cancel = { '<Plug>(SpeclensCancel)', 'Speclens: cancel the runs under way' },
    environment = { '<Plug>(SpeclensEnv)', 'Speclens: choose the environment' },
  }
  for name, target in pairs(targets) do
    local keys = mappings[name]
    if keys and keys ~= '' then
      vim.keymap.set('n', keys, target[1], { buffer = bufnr, desc = target[2] })
    end
  end
end

return M
