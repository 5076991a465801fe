--- Code lenses. Neovim 0.12 keeps them up to date by itself once they are enabled. Older ones have to be told
--- when to ask, and drop a question that is asked while another is under way, which loses the lens's last state;
--- here such a question is asked once more when the answer is in.

local M = {}

local has_enable = vim.lsp.codelens.enable ~= nil

---@type table<integer, 'asked'|'again'> state of the question under way, by buffer
local pending = {}

--- Asks for the lenses of a buffer and shows them.
---@param bufnr integer
function M.refresh(bufnr)
  if has_enable then
    return
  end
  local connection = require('speclens.client')
  local client = connection.get(bufnr)
  if not client or not vim.api.nvim_buf_is_loaded(bufnr) then
    return
  end
  if pending[bufnr] then
    pending[bufnr] = 'again'
    return
  end
  pending[bufnr] = 'asked'
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr) }
  local sent = connection.request(client, 'textDocument/codeLens', params, function(err, result, ctx)
    local again = pending[bufnr] == 'again'
    pending[bufnr] = nil
    -- An answer to an older text would put the lenses on the wrong lines; the change that came in between asks anew.
    if not err and ctx.version == vim.lsp.util.buf_versions[bufnr] then
      vim.lsp.codelens.on_codelens(err, result, ctx)
    end
    if again then
      M.refresh(bufnr)
    end
  end, bufnr)
  if not sent then
    pending[bufnr] = nil
  end
end

--- Turns lenses on for a buffer.
---@param bufnr integer
function M.attach(bufnr)
  if has_enable then
    vim.lsp.codelens.enable(true, { bufnr = bufnr })
    return
  end
  local group = vim.api.nvim_create_augroup('speclens_lens', { clear = false })
  vim.api.nvim_clear_autocmds({ group = group, buffer = bufnr })
  vim.api.nvim_create_autocmd({ 'BufEnter', 'InsertLeave', 'TextChanged', 'BufWritePost' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      M.refresh(bufnr)
    end,
  })
  M.refresh(bufnr)
end

--- Answers the server when it asks for the lenses of its buffers to be refreshed.
function M.on_refresh(err, result, ctx)
  if has_enable then
    return vim.lsp.codelens.on_refresh(err, result, ctx)
  end
  for _, bufnr in ipairs(require('speclens.client').buffers(ctx.client_id)) do
    M.refresh(bufnr)
  end
  return vim.NIL
end

return M
