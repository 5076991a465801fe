-- A user's configuration for the type-through: Neovim's defaults, the plugin, and completion while typing where Neovim brings it.
local here = vim.fs.dirname(vim.fs.normalize(debug.getinfo(1, 'S').source:sub(2)))
vim.opt.runtimepath:prepend(vim.fs.dirname(here))
vim.opt.swapfile = false
vim.opt.shadafile = 'NONE'
vim.g.speclens = { cmd = { vim.env.SPECLENS_SERVER, 'lsp' } }
vim.api.nvim_create_autocmd('LspAttach', {
  callback = function(event)
    if vim.lsp.completion and vim.lsp.completion.enable then
      vim.lsp.completion.enable(true, event.data.client_id, event.buf, { autotrigger = true })
      vim.b[event.buf].speclens_completion = true
    end
  end,
})
