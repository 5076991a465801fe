-- For those who start servers with vim.lsp.enable('speclens') (Neovim 0.11 and newer). The plugin starts the
-- server by itself, with this same configuration; a second start only attaches to it.
return require('speclens.client').lsp_config()
