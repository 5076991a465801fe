-- The type-through: types every spec of testdata/specs and testdata/typing into a second Neovim, key by key, and looks at its
-- cursor only. See testdata/typing/README.md for the rules. Environment and output as in check.lua, and TYPING_DELAYS, the times
-- between keys in milliseconds.

local here = vim.fs.dirname(vim.fs.normalize(debug.getinfo(1, 'S').source:sub(2)))
local testdata = vim.fs.normalize(here .. '/../../../testdata')
local patience = tonumber(vim.env.SPECLENS_PATIENCE_MS) or 30000
local scratch = vim.env.SPECLENS_SCRATCH

local number, failures = 0, 0
local function report(good, name, detail)
  number = number + 1
  failures = failures + (good and 0 or 1)
  io.stdout:write(('%sok %d - %s\n'):format(good and '' or 'not ', number, name))
  if not good and detail then
    io.stdout:write('  # ' .. detail .. '\n')
  end
end

-- Where each line begins that goes on where the text above says, by a rule that is written here once more: what judges the
-- plugin must not ask the plugin.
local function expected(lines)
  local columns, next_column, block = {}, 0, -1
  local function indent(line)
    return #line:match('^%s*')
  end
  for _, line in ipairs(lines) do
    table.insert(columns, next_column)
    if not line:match('%S') then
      goto continue
    end
    if block >= 0 and indent(line) > block then
      next_column = indent(line)
      goto continue
    end
    block = -1
    do
      local text = line:gsub('%s+#[^"\']*$', ''):gsub('%s+$', '')
      local at = #(text:match('^%s*%-%s+%-%s+') or text:match('^%s*%-%s+') or text:match('^%s*'))
      if text:match('^%s*#') then
        next_column = indent(line)
      elseif text:match('[%s:%-][|>][%d+-]*$') then
        block = text:match(':%s+[|>]%S*$') and at or indent(line)
        next_column = block + 2
      elseif text:match(':$') or text:match(':%s+[&!]%S+$') or text:match('[%[{]$') then
        next_column = at + 2
      elseif text:match('^%s*%-$') then
        next_column = indent(line) + 2
      else
        next_column = at
      end
    end
    ::continue::
  end
  return columns
end

local function start(name)
  local command = { vim.v.progpath, '--embed', '--headless', '-u', here .. '/typing_init.lua', name }
  local job = vim.fn.jobstart(command, { rpc = true, env = { SPECLENS_SERVER = vim.env.SPECLENS_SERVER } })
  assert(job > 0, 'Neovim does not start')
  return job
end

local function ask(job, code, ...)
  return vim.rpcrequest(job, 'nvim_exec_lua', code, { ... })
end

local function until_true(what, condition)
  assert(vim.wait(patience, condition, 5), what .. ': not within the time')
end

local total = { files = 0, lines = 0, characters = 0, wrong = 0, taken = 0, corrections = 0, unavoidable = 0 }

local function type_file(name, delay)
  local text = table.concat(vim.fn.readfile(testdata .. '/' .. name, 'b'), '\n')
  local crlf = text:find('\r\n', 1, true) ~= nil
  text = text:gsub('\r', '')
  text = text:gsub('\n$', '')
  local lines = vim.split(text, '\n', { plain = true })
  local columns = expected(lines)
  local target = ('%s/%d-%s'):format(scratch, delay, name:gsub('/', '-'):gsub('%.yaml$', '') .. (name:find('%.qube%.yaml$') and '.yaml' or '.qube.yaml'))
  vim.fn.writefile({ crlf and '\r' or '' }, target, 'b')
  vim.fn.writefile(crlf and { '\r', '' } or {}, target, 'b')
  local job = start(target)
  until_true('a server for ' .. name, function()
    return ask(job, "return #vim.lsp.get_clients({ bufnr = 0, name = 'speclens' }) > 0 and vim.lsp.get_clients({ bufnr = 0 })[1].initialized")
  end)
  vim.rpcrequest(job, 'nvim_input', 'i')
  local function keys(input)
    vim.rpcrequest(job, 'nvim_input', input)
    if delay > 0 then
      vim.wait(delay)
    end
  end
  --- The cursor, once all keys were taken: a call that is answered after them.
  local function cursor()
    return ask(job, "local c = vim.api.nvim_win_get_cursor(0); return { c[1], vim.fn.col('.') - 1, vim.api.nvim_get_mode().mode }")
  end
  local function settled(line)
    local seen
    until_true(('line %d of %s'):format(line, name), function()
      seen = cursor()
      return seen[1] >= line and seen[3]:sub(1, 1) == 'i'
    end)
    return seen
  end
  local wrong, taken, corrections, unavoidable, spared = 0, 0, 0, 0, {}
  for index, line in ipairs(lines) do
    if index > 1 then
      keys('<CR>')
      local seen = settled(index)
      if seen[1] ~= index then
        taken = taken + 1
      end
    end
    if line ~= '' then
      local indent = #line:match('^%s*')
      if index > 1 and indent ~= columns[index] then
        unavoidable = unavoidable + 1
      end
      local at = settled(index)[2]
      if at ~= indent then
        corrections = corrections + 1
        if indent == columns[index] then
          table.insert(spared, index)
        end
        for _ = 1, 80 do
          if at == indent then
            break
          end
          keys(at > indent and '<BS>' or '<Space>')
          local before = at
          until_true('a key', function()
            at = cursor()[2]
            return at ~= before
          end)
        end
      end
      local rest = line:sub(indent + 1)
      if delay == 0 then
        keys((rest:gsub('<', '<lt>')))
      else
        for _, char in ipairs(vim.fn.split(rest, '\\zs')) do
          keys(char == '<' and '<lt>' or char == ' ' and '<Space>' or char)
        end
      end
      total.characters = total.characters + vim.fn.strchars(rest) + 1
      until_true(('the end of line %d of %s'):format(index, name), function()
        return cursor()[2] >= #line
      end)
    end
  end
  -- Whatever the server still has to say must not change what was typed.
  ask(job, "local c = vim.lsp.get_clients({ bufnr = 0, name = 'speclens' })[1]; vim.lsp.buf_request_sync(0, 'textDocument/documentSymbol', { textDocument = vim.lsp.util.make_text_document_params() }, 10000)")
  local got = ask(job, "return { lines = vim.api.nvim_buf_get_lines(0, 0, -1, false), format = vim.bo.fileformat, filetype = vim.bo.filetype, complete = vim.b.speclens_completion }")
  local text_got = table.concat(got.lines, '\n')
  if crlf then
    text_got = text_got:gsub('\n$', '')
    wrong = wrong + (got.format == 'dos' and 0 or 1)
  end
  if text_got ~= text then
    local same = 0
    while same < #text and text:byte(same + 1) == text_got:byte(same + 1) do
      same = same + 1
    end
    wrong = wrong + math.max(#text, #text_got) - same
    vim.fn.writefile(got.lines, target .. '.got')
  end
  vim.rpcnotify(job, 'nvim_command', 'qall!')
  vim.fn.jobwait({ job }, 5000)
  total.files, total.lines = total.files + 1, total.lines + #lines
  total.wrong, total.taken = total.wrong + wrong, total.taken + taken
  total.corrections, total.unavoidable = total.corrections + corrections, total.unavoidable + unavoidable
  report(wrong == 0 and taken == 0 and #spared == 0, ('%s typed bare at %d ms a key is the file'):format(name, delay),
    ('%d characters wrong, %d Enter keys taken, columns that the text above says corrected in lines %s; see %s'):format(wrong, taken, table.concat(spared, ', '), target))
  return got
end

io.stdout:write('TAP version 13\n')
local names = {}
for _, folder in ipairs({ 'specs', 'typing' }) do
  for file in vim.fs.dir(testdata .. '/' .. folder) do
    if file:find('%.yaml$') then
      table.insert(names, folder .. '/' .. file)
    end
  end
end
table.sort(names)
for _, delay in ipairs(vim.split(vim.env.TYPING_DELAYS or '0,40', ',')) do
  total = { files = 0, lines = 0, characters = 0, wrong = 0, taken = 0, corrections = 0, unavoidable = 0 }
  local completion
  for _, name in ipairs(names) do
    -- Slowly, one file of each form, to end within two minutes.
    if tonumber(delay) == 0 or vim.env.TYPING_ALL == '1' or name:find('typing/[cjoq]%l+%.qube') then
      completion = type_file(name, tonumber(delay)).complete
    end
  end
  io.stdout:write(('# Neovim %s%s, bare at %s ms a key: %d files, %d lines, %d characters\n'):format(
    tostring(vim.version()), completion and ' with vim.lsp.completion' or '', delay, total.files, total.lines, total.characters))
  io.stdout:write(('#   wrong characters %d, Enter keys taken %d\n'):format(total.wrong, total.taken))
  io.stdout:write(('#   corrections of the column %d, %.1f per 100 lines; no editor can spare %d, %.1f\n'):format(
    total.corrections, 100 * total.corrections / total.lines, total.unavoidable, 100 * total.unavoidable / total.lines))
end
io.stdout:write(('1..%d\n'):format(number))
vim.cmd(failures == 0 and 'qall!' or 'cquit 1')
