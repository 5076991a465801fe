--- The connection to the server: how it is configured, started and asked. One server serves all projects.

local config = require('speclens.config')
local filetype = require('speclens.filetype')

local M = {}

M.name = 'speclens'

local since_0_11 = vim.fn.has('nvim-0.11') == 1

--- Sends a request. Until 0.10 the client's functions were called with a dot.
function M.request(client, method, params, handler, bufnr)
  if since_0_11 then
    return client:request(method, params, handler, bufnr)
  end
  return client.request(method, params, handler, bufnr)
end

local function notify(client, method, params)
  if since_0_11 then
    return client:notify(method, params)
  end
  return client.notify(method, params)
end

local function stopped(client)
  if since_0_11 then
    return client:is_stopped()
  end
  return client.is_stopped()
end

---@type table<integer, true> clients that were told to end, by id
local ending = {}

--- Tells the server to end; with force its process is killed.
---@param client vim.lsp.Client
---@param force? boolean
function M.stop(client, force)
  ending[client.id] = true
  if since_0_11 then
    client:stop(force)
  else
    client.stop(force)
  end
end

--- The running client of a buffer, or any when no buffer is given; none once it was told to end.
---@param bufnr? integer
---@return vim.lsp.Client?
function M.get(bufnr)
  local client = vim.lsp.get_clients({ name = M.name, bufnr = bufnr })[1]
  return client and not ending[client.id] and client or nil
end

--- The buffers that a client serves.
---@param client_id integer
---@return integer[]
function M.buffers(client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  return client and vim.tbl_keys(client.attached_buffers) or {}
end

--- The root of the project that a file belongs to.
---@param path string
---@return string
function M.root(path)
  return filetype.project(path) or vim.fs.root(path, '.git') or vim.fs.dirname(path)
end

--- Asks the server to take in another folder, unless it has it.
local function add_folder(client, root)
  local uri = vim.uri_from_fname(root)
  for _, folder in ipairs(client.workspace_folders or {}) do
    if folder.uri == uri then
      return
    end
  end
  local folder = { uri = uri, name = root }
  client.workspace_folders = client.workspace_folders or {}
  table.insert(client.workspace_folders, folder)
  -- Before the handshake is over the folder cannot be announced; on_init does it then.
  if client.initialized then
    notify(client, 'workspace/didChangeWorkspaceFolders', { event = { added = { folder }, removed = {} } })
  end
end

local function capabilities()
  local result = vim.lsp.protocol.make_client_capabilities()
  -- Neovim before 0.12 refreshes no lenses by itself; speclens.lens does.
  result.workspace.codeLens = { refreshSupport = true }
  return result
end

--- Answers to what the server asks. A server that was told to end may still ask for a refresh; following that would
--- send it requests that it then has to refuse, and Neovim would show each refusal to the user.
local function handlers()
  local result = {}
  for method, follow in pairs({
    ['workspace/codeLens/refresh'] = require('speclens.lens').on_refresh,
    ['workspace/inlayHint/refresh'] = require('speclens.hints').on_refresh,
  }) do
    result[method] = function(err, params, ctx, ...)
      return ending[ctx.client_id] and vim.NIL or follow(err, params, ctx, ...)
    end
  end
  return result
end

--- The configuration of the client, in the form that both vim.lsp.start() and vim.lsp.config() take.
---@return table
function M.lsp_config()
  local options = config.get()
  local announced = {} ---@type table<string, true>
  return {
    name = M.name,
    cmd = options.cmd,
    filetypes = { 'yaml.qube' },
    root_markers = { filetype.project_files, '.git' },
    capabilities = capabilities(),
    settings = { speclens = options.settings },
    init_options = options.trusted ~= nil and { trusted = options.trusted } or nil,
    get_language_id = function(_, ft)
      return ft == 'yaml.qube' and 'qube' or ft
    end,
    reuse_client = function(client, wanted)
      if client.name ~= M.name or stopped(client) then
        return false
      end
      if wanted.root_dir then
        add_folder(client, wanted.root_dir)
      end
      return true
    end,
    before_init = function(params)
      for _, folder in ipairs(type(params.workspaceFolders) == 'table' and params.workspaceFolders or {}) do
        announced[folder.uri] = true
      end
    end,
    on_init = function(client)
      for _, folder in ipairs(client.workspace_folders or {}) do
        if not announced[folder.uri] then
          notify(client, 'workspace/didChangeWorkspaceFolders', { event = { added = { folder }, removed = {} } })
        end
      end
    end,
    handlers = handlers(),
  }
end

--- Starts the server for a buffer, or attaches the buffer to the one that runs. A configuration that the user
--- gave with vim.lsp.config('speclens', …) is laid over the plugin's own.
---@param bufnr integer
---@return integer? client_id
function M.start(bufnr)
  local path = vim.api.nvim_buf_get_name(bufnr)
  local start = M.lsp_config()
  if since_0_11 and vim.lsp.config[M.name] then
    start = vim.tbl_deep_extend('force', start, vim.lsp.config[M.name])
  end
  if type(start.cmd) == 'table' and vim.fn.executable(start.cmd[1]) ~= 1 then
    vim.notify_once(
      ('speclens: cannot find the program %q. Put it on PATH or name it with the option `cmd`; see :help speclens-install'):format(start.cmd[1]),
      vim.log.levels.ERROR
    )
    return nil
  end
  start.root_dir = path ~= '' and M.root(path) or vim.fn.getcwd()
  return vim.lsp.start(start, { bufnr = bufnr, reuse_client = start.reuse_client })
end

--- Runs a command of the server. The server answers at once; what comes of it arrives as hints and diagnostics.
---@param client vim.lsp.Client
---@param command {command: string, arguments?: any[]}
---@param bufnr integer
---@param on_done? fun(result: any)
function M.execute(client, command, bufnr, on_done)
  local params = { command = command.command, arguments = command.arguments }
  M.request(client, 'workspace/executeCommand', params, function(err, result)
    if err then
      vim.notify('speclens: ' .. (err.message or vim.inspect(err)), vim.log.levels.ERROR)
    elseif on_done then
      on_done(result)
    end
  end, bufnr)
end

--- Stops the server and starts it again for every buffer that it served.
function M.restart()
  local client = M.get()
  if not client then
    return M.start(vim.api.nvim_get_current_buf())
  end
  local buffers = M.buffers(client.id)
  local timer = assert(vim.uv.new_timer())
  local polls = 0
  M.stop(client)
  -- There is no event for a client that is gone; look every 50 ms, and kill a server that takes over two seconds.
  timer:start(50, 50, vim.schedule_wrap(function()
    if timer:is_closing() then
      return
    end
    polls = polls + 1
    if vim.lsp.get_client_by_id(client.id) then
      if polls == 40 then
        M.stop(client, true)
      end
      return
    end
    timer:close()
    for _, bufnr in ipairs(buffers) do
      if vim.api.nvim_buf_is_loaded(bufnr) then
        M.start(bufnr)
      end
    end
  end))
end

return M
