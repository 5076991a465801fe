-- The main job in a real Neovim: open a spec, see what the server says, run tests, see what came of it.
--
--   SPECLENS_SERVER=… SPECLENS_WORKSPACE=… SPECLENS_STORY=… nvim --headless -u test/init.lua -l test/check.lua
--
-- Prints TAP, one line for each thing that was seen, and ends with code 1 when something was not. Everything
-- is read through Neovim's own functions. Nothing sleeps: vim.wait returns as soon as its condition holds.

local workspace = assert(vim.uv.fs_realpath(vim.env.SPECLENS_WORKSPACE))
local story = vim.json.decode(table.concat(vim.fn.readfile(vim.env.SPECLENS_STORY), '\n'))
local patience = tonumber(vim.env.SPECLENS_PATIENCE_MS) or 30000

local number, failures = 0, 0

local function report(ok, name, detail)
  number = number + 1
  failures = failures + (ok and 0 or 1)
  io.stdout:write(('%sok %d - %s\n'):format(ok and '' or 'not ', number, name))
  for _, line in ipairs(vim.split(detail or '', '\n', { trimempty = true })) do
    io.stdout:write('  # ' .. line .. '\n')
  end
  io.stdout:flush()
end

--- Waits until look() gives something, reports it under the name, and returns it. look() returns what it saw
--- as text when the wait is over, or nil and the reason why not yet.
local function expect(name, look)
  local saw, why
  local started = vim.uv.hrtime()
  vim.wait(patience, function()
    saw, why = look()
    return saw ~= nil
  end, 10)
  if saw ~= nil then
    report(true, name, tostring(saw))
  else
    local seconds = (vim.uv.hrtime() - started) / 1e9
    report(false, name, ('not within %.1f s; at the end: %s'):format(seconds, tostring(why)))
  end
  return saw
end

local function show(value)
  return vim.inspect(value, { newline = ' ', indent = '' })
end

-- What the plugin or Neovim told the user; an error among it fails the check at the end.
local told = {}
vim.notify = function(message, level)
  table.insert(told, { message = message, level = level or vim.log.levels.INFO })
end
vim.notify_once = vim.notify

-- The list that opens when a line has several lenses, or when the server asks something: take the entry that is wanted.
local wanted
vim.ui.select = function(items, opts, on_choice)
  for index, item in ipairs(items) do
    -- Newer Neovims add the client's name in brackets.
    if (opts.format_item(item):gsub(' %[speclens%]$', '')) == wanted then
      return on_choice(item, index)
    end
  end
  on_choice(nil, nil)
end

local function open(path)
  vim.cmd.edit(vim.fn.fnameescape(path))
  return vim.api.nvim_get_current_buf()
end

--- The line (from 0) and column (in bytes) at which a text stands, the first one or the first after another.
local function find(bufnr, text, after)
  local all = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '\n')
  local at = all:find(text, after and all:find(after, 1, true) or 1, true)
  if at then
    local before = all:sub(1, at - 1)
    local _, line = before:gsub('\n', '')
    return line, #before:match('[^\n]*$')
  end
  error(('%s does not hold %q'):format(vim.api.nvim_buf_get_name(bufnr), text))
end

--- The lines [first, last] of the test with a name: from its own line to the one before the next test.
local function test_lines(bufnr, name)
  local first = find(bufnr, '- name: ' .. name)
  local indent = vim.api.nvim_buf_get_lines(bufnr, first, first + 1, false)[1]:match('^%s*')
  local lines = vim.api.nvim_buf_get_lines(bufnr, first + 1, -1, false)
  for index, line in ipairs(lines) do
    if line:match('^' .. indent .. '%- ') then
      return first, first + index - 1
    end
  end
  return first, first + #lines
end

local function lenses(bufnr)
  local found = {}
  for _, entry in ipairs(vim.fn.has('nvim-0.12') == 1 and vim.lsp.codelens.get({ bufnr = bufnr }) or vim.lsp.codelens.get(bufnr)) do
    local lens = entry.lens or entry
    if lens.command then
      table.insert(found, { line = lens.range.start.line, title = lens.command.title })
    end
  end
  table.sort(found, function(a, b)
    return a.line < b.line
  end)
  return found
end

local function lens_titles(bufnr, first, last)
  local titles = {}
  for _, lens in ipairs(lenses(bufnr)) do
    if lens.line >= first and lens.line <= last then
      table.insert(titles, lens.title)
    end
  end
  return titles
end

local function has_title(titles, start)
  for _, title in ipairs(titles) do
    if vim.startswith(title, start) then
      return title
    end
  end
end

local function hints(bufnr, first, last)
  local labels = {}
  for _, entry in ipairs(vim.lsp.inlay_hint.get({ bufnr = bufnr })) do
    local hint = entry.inlay_hint
    if hint.position.line >= first and hint.position.line <= last then
      local label = hint.label
      if type(label) == 'table' then
        label = table.concat(vim.tbl_map(function(part)
          return part.value
        end, label))
      end
      table.insert(labels, label)
    end
  end
  return labels
end

local function contains(list, text)
  for _, entry in ipairs(list) do
    if entry:find(text, 1, true) then
      return entry
    end
  end
end

local function run_lens(bufnr, name)
  local first, last = test_lines(bufnr, name)
  for _, lens in ipairs(lenses(bufnr)) do
    if lens.line >= first and lens.line <= last and lens.title == '▶ Run' then
      wanted = '▶ Run'
      vim.api.nvim_win_set_cursor(0, { lens.line + 1, 0 })
      vim.lsp.codelens.run()
      return
    end
  end
  report(false, 'the lens of ' .. name, 'no "▶ Run" lens in its lines: ' .. show(lenses(bufnr)))
end

--- Waits for the hints of one test: its outcome and its events.
local function expect_outcome(name, bufnr, test, outcome, events)
  expect(name, function()
    local labels = hints(bufnr, test_lines(bufnr, test))
    if not contains(labels, outcome) then
      return nil, ('no %q among the hints %s'):format(outcome, show(labels))
    end
    for _, event in ipairs(events or {}) do
      if not contains(labels, event) then
        return nil, ('no %q among the hints %s'):format(event, show(labels))
      end
    end
    return table.concat(labels, '\n')
  end)
end

local function main()
  io.stdout:write('TAP version 13\n')
  io.stdout:write('# ' .. vim.split(vim.fn.execute('version'), '\n', { trimempty = true })[1] .. '\n')
  local bufnr = open(vim.fs.joinpath(workspace, story.spec))

  expect('a spec opens as yaml.qube and the server attaches to it', function()
    local client = vim.lsp.get_clients({ name = 'speclens', bufnr = bufnr })[1]
    if not client or not client.initialized then
      return nil, 'filetype ' .. vim.bo[bufnr].filetype .. ', no client'
    end
    if vim.bo[bufnr].filetype ~= 'yaml.qube' then
      return nil, 'filetype ' .. vim.bo[bufnr].filetype
    end
    return ('filetype %s, %s, positions in %s'):format(vim.bo[bufnr].filetype, client.root_dir and vim.fs.basename(client.root_dir) or '-', client.offset_encoding)
  end)

  for _, case in ipairs({
    { 'a template in a quoted text is highlighted', 'env.ADA', 'qubeTemplateSource' },
    { 'a template in a plain text is highlighted', 'created.response', 'qubeTemplate' },
    { 'an operator is highlighted', 'is string', 'qubeOperator' },
    { 'the method of a one-line test is highlighted', 'GET /health', 'qubeRequest' },
    { 'a key stays YAML', 'retires', 'yamlBlockMappingKey' },
  }) do
    local line, column = find(bufnr, case[2])
    local group = vim.fn.synIDattr(vim.fn.synID(line + 1, column + 1, 1), 'name')
    report(group == case[3], case[1], case[2] .. ': ' .. group)
  end

  expect('the misspelt field has a diagnostic', function()
    local line = find(bufnr, story.diagnostic.at)
    local all = vim.diagnostic.get(bufnr)
    for _, diagnostic in ipairs(all) do
      if diagnostic.lnum == line and diagnostic.message:find(story.diagnostic.says, 1, true) then
        return ('%d:%d [%s] %s'):format(diagnostic.lnum + 1, diagnostic.col + 1, diagnostic.source, diagnostic.message)
      end
    end
    return nil, show(all)
  end)

  local line, column = find(bufnr, story.hover.at)
  vim.api.nvim_win_set_cursor(0, { line + 1, column })
  vim.lsp.buf.hover()
  expect('hover explains a field', function()
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= '' then
        local text = table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
        if text:lower():find(story.hover.says:lower(), 1, true) then
          vim.api.nvim_win_close(window, true)
          return text
        end
        return nil, 'the window says ' .. text
      end
    end
    return nil, 'no floating window'
  end)

  line = find(bufnr, story.completion.after)
  vim.api.nvim_buf_set_lines(bufnr, line + 1, line + 1, false, { story.completion.typed })
  vim.api.nvim_win_set_cursor(0, { line + 2, #story.completion.typed })
  expect('completion offers fields of the core and of the plugin', function()
    local client = vim.lsp.get_clients({ name = 'speclens', bufnr = bufnr })[1]
    local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
    params.position.character = #story.completion.typed
    local reply = vim.lsp.buf_request_sync(bufnr, 'textDocument/completion', params, patience)
    local result = reply and reply[client.id] and reply[client.id].result
    if not result then
      return nil, show(reply)
    end
    local labels = vim.tbl_map(function(item)
      return item.label
    end, result.items or result)
    for _, offer in ipairs(story.completion.offers) do
      if not vim.tbl_contains(labels, offer) then
        return nil, ('no %q among %s'):format(offer, show(labels))
      end
    end
    return table.concat(labels, ', ')
  end)
  vim.cmd('silent undo')

  expect('every test and the file have a lens', function()
    local found = lenses(bufnr)
    local per_test, file = 0, nil
    for _, lens in ipairs(found) do
      if vim.startswith(lens.title, '▶ Run file') then
        file = lens
      elseif lens.title == '▶ Run' then
        per_test = per_test + 1
      end
    end
    local tests = 0
    for _, text in ipairs(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)) do
      tests = tests + (text:match('^  %- ') and 1 or 0)
    end
    if not file or per_test ~= tests then
      return nil, ('%d tests, lenses %s'):format(tests, show(found))
    end
    return table.concat(
      vim.tbl_map(function(lens)
        return ('line %d: %s'):format(lens.line + 1, lens.title)
      end, found),
      '\n'
    )
  end)

  run_lens(bufnr, story.run.test)
  expect_outcome('running a test by its lens shows its outcome and its events', bufnr, story.run.test, story.run.outcome, story.run.events)

  local progress = {}
  vim.api.nvim_create_autocmd('LspProgress', {
    callback = function(event)
      -- 0.10 gives the client and the values in one, newer ones the values by themselves.
      local params = event.data.params or event.data.result
      local value = params and params.value or {}
      table.insert(progress, ('%s %s'):format(value.kind or '-', value.message or value.title or ''))
    end,
  })
  vim.cmd.SpeclensRunFile()
  expect_outcome('running the file shows the outcome of the failing test', bufnr, story.failure.test, story.failure.outcome, story.failure.events)
  expect('the key that failed has a diagnostic with expected and actual', function()
    local at = find(bufnr, story.failure.at, story.failure.after)
    local run = vim.tbl_filter(function(diagnostic)
      return diagnostic.source == 'speclens-run'
    end, vim.diagnostic.get(bufnr))
    for _, diagnostic in ipairs(run) do
      if diagnostic.lnum == at then
        for _, text in ipairs(story.failure.says) do
          if not diagnostic.message:find(text, 1, true) then
            return nil, ('no %q in %s'):format(text, diagnostic.message)
          end
        end
        return ('%d:%d [%s] %s'):format(diagnostic.lnum + 1, diagnostic.col + 1, diagnostic.source, diagnostic.message)
      end
    end
    return nil, ('line %d; from speclens-run: %s'):format(at + 1, show(run))
  end)

  expect('the run of the file showed its progress from beginning to end', function()
    local first, last = progress[1], progress[#progress]
    if not first or not vim.startswith(first, 'begin ') or not vim.startswith(last, 'end ') then
      return nil, show(progress)
    end
    return table.concat(progress, '\n')
  end)

  local function expect_environment(name, environment)
    expect(name, function()
      local titles = lens_titles(bufnr, 0, vim.api.nvim_buf_line_count(bufnr))
      return has_title(titles, 'env: ' .. environment), show(titles)
    end)
  end
  vim.cmd.SpeclensEnv(story.environments[1])
  expect_environment('the environment that was named stands in a lens', story.environments[1])
  wanted = story.environments[2]
  vim.cmd.SpeclensEnv()
  expect_environment('without a name the server asks, and takes the answer', story.environments[2])

  local slow = open(vim.fs.joinpath(workspace, story.adopted.spec))
  expect('YAML under the tests of a project is a spec', function()
    local attached = #vim.lsp.get_clients({ name = 'speclens', bufnr = slow })
    if vim.bo[slow].filetype ~= 'yaml.qube' or attached ~= 1 then
      return nil, ('filetype %s, %d servers attached'):format(vim.bo[slow].filetype, attached)
    end
    return vim.bo[slow].filetype
  end)
  local first, last = test_lines(slow, story.adopted.test)
  expect('its test has a lens', function()
    local titles = lens_titles(slow, first, last)
    return has_title(titles, '▶ Run'), show(titles)
  end)
  vim.api.nvim_win_set_cursor(0, { first + 2, 4 })
  vim.cmd.SpeclensRun()
  expect('while a test runs its lens cancels it', function()
    local titles = lens_titles(slow, first, last)
    return has_title(titles, '■ Cancel'), show(titles)
  end)
  vim.cmd.SpeclensCancel()
  expect('after cancelling the lens runs again', function()
    local titles = lens_titles(slow, first, last)
    return not has_title(titles, '■ Cancel') and has_title(titles, '▶ Run') or nil, show(titles)
  end)

  local plain = open(vim.fs.joinpath(workspace, story.other))
  report(vim.bo[plain].filetype == 'yaml', 'other YAML of a project stays YAML', vim.bo[plain].filetype)
  local quiet = vim.diagnostic.get(plain)
  report(#quiet == 0 and #lenses(plain) == 0, 'and has neither diagnostics nor lenses', #quiet > 0 and show(quiet) or nil)
  vim.cmd.buffer(bufnr)

  local mapped = vim.fn.maparg(',r', 'n', false, true)
  report(mapped.buffer == 1, 'the default keys are set in the buffer', ',r → ' .. tostring(mapped.rhs))

  -- A project of its own elsewhere: the same server takes it in.
  local other = vim.fn.tempname()
  vim.fn.mkdir(vim.fs.joinpath(other, 'tests'), 'p')
  vim.fn.writefile({ 'version: 1' }, vim.fs.joinpath(other, '.qube.yaml'))
  vim.fn.writefile({ 'tests:', '  - GET / -> 200' }, vim.fs.joinpath(other, 'tests', 'plain.yaml'))
  local second = open(vim.fs.joinpath(other, 'tests', 'plain.yaml'))
  expect('a spec of a second project is served by the same server', function()
    local clients = vim.lsp.get_clients({ name = 'speclens' })
    local here = vim.lsp.get_clients({ name = 'speclens', bufnr = second })
    if vim.bo[second].filetype ~= 'yaml.qube' or #clients ~= 1 or #here ~= 1 or #here[1].workspace_folders ~= 2 then
      return nil, ('filetype %s, %d servers, %d attached'):format(vim.bo[second].filetype, #clients, #here)
    end
    return ('%d folders'):format(#here[1].workspace_folders)
  end)
  expect('its test has a lens, too', function()
    local titles = lens_titles(second, 1, 1)
    return has_title(titles, '▶ Run'), show(titles)
  end)
  vim.fn.delete(other, 'rf')

  local refused, message = pcall(require('speclens').setup, { codelense = false })
  report(not refused, 'an option that does not exist is refused', tostring(message))

  local function no_complaint(name)
    local complaints = vim.tbl_filter(function(entry)
      return entry.level >= vim.log.levels.WARN
    end, told)
    report(#complaints == 0, name, #complaints > 0 and show(complaints) or nil)
    told = {}
  end
  no_complaint('no warning or error was shown to the user')

  local client = vim.lsp.get_clients({ name = 'speclens' })[1]
  vim.cmd.buffer(bufnr)
  require('speclens').setup({ cmd = vim.g.speclens.cmd, trusted = false })
  vim.cmd.SpeclensRestart()
  expect('after a restart a new server serves the same buffers', function()
    local all = vim.lsp.get_clients({ name = 'speclens' })
    if #all ~= 1 or all[1].id == client.id or not all[1].initialized then
      return nil, ('%d servers'):format(#all)
    end
    for _, buffer in ipairs({ bufnr, slow }) do
      if not vim.lsp.buf_is_attached(buffer, all[1].id) or not has_title(lens_titles(buffer, 0, 100), '▶ Run') then
        return nil, vim.api.nvim_buf_get_name(buffer) .. ' has no lens'
      end
    end
    return 'lenses in both specs'
  end)
  vim.cmd.SpeclensRunFile()
  expect('a server that was told not to trust the workspace refuses to run, and the user is told', function()
    for _, entry in ipairs(told) do
      if entry.level == vim.log.levels.ERROR and entry.message:find('trust', 1, true) then
        return entry.message
      end
    end
    return nil, show(told)
  end)
  report(#hints(bufnr, 0, 100) == 0, 'and nothing ran')
  told = {}

  client = vim.lsp.get_clients({ name = 'speclens' })[1]
  require('speclens.client').stop(client)
  expect('the server ends when it is told to', function()
    return not vim.lsp.get_client_by_id(client.id) and 'gone' or nil, 'still running'
  end)
  no_complaint('no warning or error was shown to the user at the end')

  io.stdout:write(('1..%d\n'):format(number))
end

local ok, err = xpcall(main, debug.traceback)
if not ok then
  report(false, 'the check ran to its end', err)
end
io.stdout:write(failures == 0 and '# Neovim, headless: all seen\n' or ('# Neovim, headless: %d not seen\n'):format(failures))
vim.cmd(failures == 0 and 'qall!' or 'cquit 1')
