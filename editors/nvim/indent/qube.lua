-- Runs behind indent/yaml.vim, since the filetype is yaml.qube. That one moves a line again when a dash or a colon is typed into
-- it, to columns of its own; what somebody typed stays where it is.
vim.bo.autoindent = true
vim.bo.indentexpr = "v:lua.require'speclens.indent'.expr()"
vim.bo.indentkeys = 'o,O'
vim.b.undo_indent = (vim.b.undo_indent and vim.b.undo_indent .. ' | ' or '') .. 'setlocal autoindent< indentexpr< indentkeys<'
