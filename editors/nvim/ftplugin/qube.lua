-- Runs behind ftplugin/yaml.vim, which goes on with a comment in the next line: whoever presses Enter behind a comment wants to
-- write a key more often than a second comment, and finds a dash of a comment in the spec.
vim.opt_local.formatoptions:remove({ 'r', 'o' })
vim.b.undo_ftplugin = (vim.b.undo_ftplugin and vim.b.undo_ftplugin .. ' | ' or '') .. 'setlocal formatoptions<'

-- A list that opens while somebody types (vim.lsp.completion with autotrigger) inserts its first entry by Neovim's default, and so
-- writes what nobody chose. Whoever has said how to choose keeps that.
if vim.fn.has('nvim-0.11') == 1 and not vim.o.completeopt:find('noselect') and not vim.o.completeopt:find('noinsert') then
  vim.opt_local.completeopt:append('noselect')
  vim.b.undo_ftplugin = vim.b.undo_ftplugin .. ' completeopt<'
end
