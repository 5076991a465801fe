if vim.g.loaded_speclens then
  return
end
vim.g.loaded_speclens = true

if vim.fn.has('nvim-0.10') ~= 1 then
  vim.notify('speclens needs Neovim 0.10 or newer', vim.log.levels.ERROR)
  return
end

require('speclens').register()

local command = vim.api.nvim_create_user_command

command('SpeclensRun', function(args)
  require('speclens').run({ needs = args.args == 'needs' })
end, {
  nargs = '?',
  complete = function()
    return { 'needs' }
  end,
  desc = 'Run the test at the cursor; with `needs` also the tests that it takes values from',
})
command('SpeclensRunFile', function()
  require('speclens').run_file()
end, { desc = 'Run all tests of the file' })
command('SpeclensCancel', function()
  require('speclens').cancel()
end, { desc = 'Cancel the runs under way' })
command('SpeclensEnv', function(args)
  require('speclens').environment(args.args)
end, { nargs = '?', desc = 'Choose the environment of this project' })
command('SpeclensRestart', function()
  require('speclens').restart()
end, { desc = 'Restart the speclens server' })

for plug, run in pairs({
  Run = function()
    require('speclens').run()
  end,
  RunNeeds = function()
    require('speclens').run({ needs = true })
  end,
  RunFile = function()
    require('speclens').run_file()
  end,
  Cancel = function()
    require('speclens').cancel()
  end,
  Env = function()
    require('speclens').environment()
  end,
}) do
  vim.keymap.set('n', ('<Plug>(Speclens%s)'):format(plug), run)
end
