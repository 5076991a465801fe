-- What stands on the screen: runs a second Neovim with a user interface in a terminal of this one, presses the keys
-- of a user, and reads the terminal. Environment and output as in check.lua.

local here = vim.fs.dirname(vim.fs.normalize(debug.getinfo(1, 'S').source:sub(2)))
local story = vim.json.decode(table.concat(vim.fn.readfile(vim.env.SPECLENS_STORY), '\n'))
local patience = tonumber(vim.env.SPECLENS_PATIENCE_MS) or 30000

vim.o.columns, vim.o.lines = 132, 70
local spec = vim.fs.joinpath(vim.env.SPECLENS_WORKSPACE, story.spec)
local command = { vim.v.progpath, '-u', vim.fs.joinpath(here, 'init.lua'), spec }
vim.cmd.enew()
local terminal = vim.api.nvim_get_current_buf()
local environment = { TERM = 'xterm-256color', SPECLENS_SERVER = vim.env.SPECLENS_SERVER }
local job = vim.fn.has('nvim-0.11') == 1 and vim.fn.jobstart(command, { term = true, env = environment })
  or vim.fn.termopen(command, { env = environment })

local number, failures = 0, 0

local function screen()
  local lines = vim.api.nvim_buf_get_lines(terminal, 0, -1, false)
  return (table.concat(lines, '\n'):gsub('%s+$', ''))
end

--- Waits until every text stands on the screen and none of the others does.
local function expect(name, texts, absent)
  local missing
  local ok = vim.wait(patience, function()
    local now = screen()
    for _, text in ipairs(texts) do
      if not now:find(text, 1, true) then
        missing = 'there is no ' .. text
        return false
      end
    end
    for _, text in ipairs(absent or {}) do
      if now:find(text, 1, true) then
        missing = 'there still is ' .. text
        return false
      end
    end
    return true
  end, 20)
  number = number + 1
  failures = failures + (ok and 0 or 1)
  io.stdout:write(('%sok %d - %s\n'):format(ok and '' or 'not ', number, name))
  if not ok then
    io.stdout:write('  # ' .. missing .. '\n')
  end
end

io.stdout:write('TAP version 13\n')
expect('the lenses and the diagnostic stand on the screen', { '▶ Run file', '▶ Run with dependencies', 'W     ' .. story.diagnostic.at })
vim.fn.chansend(job, ',f')
local wanted = { story.run.outcome, story.failure.outcome }
vim.list_extend(wanted, story.run.events)
vim.list_extend(wanted, story.failure.events)
expect('the key that runs the file brings outcomes and events', wanted)
expect('and afterwards the lenses run again', { '▶ Run file', 'result of' }, { '■ Cancel' })
-- Every run creates a user, so the id in the address of the last request tells the runs apart.
local first = screen():match('Sent GET %S+/users/%d+') or '(none)'
vim.fn.chansend(job, ',f')
expect('a second run replaces what the first one brought', { 'Sent GET', story.failure.outcome }, { first .. '\n', '■ Cancel' })
io.stdout:write(('1..%d\n'):format(number))
io.stdout:write('# the screen:\n')
for _, line in ipairs(vim.split(screen(), '\n')) do
  io.stdout:write('# | ' .. line .. '\n')
end
vim.fn.chansend(job, '\27:qall!\r')
vim.fn.jobwait({ job }, 5000)
io.stdout:write(failures == 0 and '# Neovim, on screen: all seen\n' or ('# Neovim, on screen: %d not seen\n'):format(failures))
vim.cmd(failures == 0 and 'qall!' or 'cquit 1')
