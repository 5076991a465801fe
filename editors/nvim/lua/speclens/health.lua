--- :checkhealth speclens

local M = {}

function M.check()
  local health = vim.health
  health.start('speclens')

  if vim.fn.has('nvim-0.10') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.10 or newer is needed')
  end

  if #vim.api.nvim_get_runtime_file('doc/tags', true) == 0 or #vim.fn.getcompletion('speclens-install', 'help') == 0 then
    health.warn('`:help speclens` is not known', { 'run `:helptags ALL` once' })
  else
    health.ok('the help is known')
  end

  local ok, options = pcall(function()
    return require('speclens.config').get()
  end)
  if not ok then
    health.error(tostring(options))
    return
  end

  local program = options.cmd[1]
  if vim.fn.executable(program) == 1 then
    local out = vim.system({ program, 'version' }, { text = true, timeout = 5000 }):wait()
    if out.code == 0 then
      health.ok(('%s: %s'):format(vim.fn.exepath(program), vim.trim(out.stdout)))
    else
      health.warn(('%s version ended with code %d: %s'):format(program, out.code, vim.trim(out.stderr)))
    end
  else
    health.error(('the server %q is not on PATH'):format(program), { 'go install github.com/speclens/speclens/cmd/speclens@latest', 'or set the option `cmd`' })
  end

  local client = require('speclens.client').get()
  if client then
    local folders = vim.tbl_map(function(folder)
      return folder.name
    end, client.workspace_folders or {})
    health.ok(('the server runs for %s'):format(table.concat(folders, ', ')))
  else
    health.info('the server is not running; it starts when a spec is opened')
  end

  for _, other in ipairs(vim.lsp.get_clients({ name = 'yamlls' })) do
    for bufnr in pairs(other.attached_buffers or {}) do
      if vim.bo[bufnr].filetype == 'yaml.qube' then
        health.warn('yamlls is attached to a spec as well; take `yaml.qube` out of its filetypes')
        return
      end
    end
  end
end

return M
