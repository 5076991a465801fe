--- Inlay hints. Neovim before 0.12 may keep showing what it drew for this version of the text: the outcome of a run
--- arrives without any change of the text, and would not appear. Enabling the hints anew makes it draw them again.

local M = {}

local draws_again = vim.fn.has('nvim-0.12') == 1

--- Turns hints on for a buffer.
---@param bufnr integer
function M.attach(bufnr)
  vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
end

--- Answers the server when it asks for the hints of its buffers to be refreshed.
function M.on_refresh(err, result, ctx, ...)
  if draws_again then
    return vim.lsp.inlay_hint.on_refresh(err, result, ctx, ...)
  end
  for _, bufnr in ipairs(require('speclens.client').buffers(ctx.client_id)) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.lsp.inlay_hint.is_enabled({ bufnr = bufnr }) then
      vim.lsp.inlay_hint.enable(true, { bufnr = bufnr })
    end
  end
  return vim.NIL
end

return M
