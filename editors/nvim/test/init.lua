-- A user's configuration for the check: the plugin from this checkout, with the server that is under test.
local here = vim.fs.dirname(vim.fs.normalize(debug.getinfo(1, 'S').source:sub(2)))
vim.opt.runtimepath:prepend(vim.fs.dirname(here))
vim.opt.swapfile = false
vim.opt.shadafile = 'NONE'
vim.g.maplocalleader = ','
vim.cmd('filetype plugin on')
vim.cmd('syntax on')
vim.g.speclens = { cmd = { vim.env.SPECLENS_SERVER, 'lsp' } }
vim.cmd('runtime plugin/speclens.lua')
